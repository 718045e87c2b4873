/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All destinations that are remembered, by key, and in order of need. */
#ifndef TCPDWELL_PORTS_DESTINATIONS_H
#define TCPDWELL_PORTS_DESTINATIONS_H

#include "ports/destination.h"

#define DESTINATIONS_DEFAULT 10000

struct destinations {
	struct destination *by_key;
	struct destination **sorted; /* the fullest first; of the last picture */
	size_t count, n_sorted, sorted_capacity;
	size_t max;
	uint64_t refused; /* times that there was no room for one */
};

void destinations_init(struct destinations *destinations, size_t max);
void destinations_release(struct destinations *destinations);

/* NULL: there is none. */
struct destination *destinations_find(const struct destinations *destinations, const struct destination_key *key);

/* NULL: there is none, and no room or no memory. */
struct destination *destinations_get(struct destinations *destinations, const struct destination_key *key);

/* A picture begins. What has had no socket in the last one, and no event for two minutes, is forgotten. */
void destinations_begin(struct destinations *destinations, uint64_t now_ns);

/* Once all are concluded. 0 or -ENOMEM. */
int destinations_sort(struct destinations *destinations);

#endif
