/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which program has most ports towards a destination. A process that lives for one request has one: it is all of them together. */
#ifndef TCPDWELL_SHOW_SUMMARY_PORT_HOLDER_H
#define TCPDWELL_SHOW_SUMMARY_PORT_HOLDER_H

#include "account/model.h"

struct port_holder_found {
	const struct process *process; /* one of them; NULL: nobody has any */
	size_t processes; /* that have ports there */
	uint64_t ports;
};

struct port_holder_found port_holder_find(const struct model *model, const struct endpoint *to);

#endif
