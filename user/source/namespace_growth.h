/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How much each counter of a network namespace has grown since it was first known: of a run that begins, since it began. */
#ifndef TCPDWELL_SOURCE_NAMESPACE_GROWTH_H
#define TCPDWELL_SOURCE_NAMESPACE_GROWTH_H

#include "event/namespace_facts.h"

struct namespace_growth {
	uint64_t first[NS_COUNTERS];
	bool known[NS_COUNTERS];
};

/* Fills in `grown` from `total`. Zeroed `growth`: nothing was known before. Of a counter that is not known it is 0. */
void namespace_growth_take(struct namespace_growth *growth, struct namespace_facts *facts);

#endif
