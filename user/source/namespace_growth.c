// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One that can't be read at first, and later can, has not grown by all that was counted since the machine started. */
#include "source/namespace_growth.h"

static void take_one(struct namespace_growth *growth, unsigned int i, struct namespace_count *counter)
{
	counter->grown = 0;
	if (counter->known != NS_KNOWN)
		return;
	if (!growth->known[i])
		growth->first[i] = counter->total;
	growth->known[i] = true;
	if (counter->total > growth->first[i])
		counter->grown = counter->total - growth->first[i];
}

void namespace_growth_take(struct namespace_growth *growth, struct namespace_facts *facts)
{
	unsigned int i;

	for (i = 0; i < NS_COUNTERS; i++)
		take_one(growth, i, &facts->counters[i]);
}
