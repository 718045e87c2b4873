/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Things by a number of four bytes, for tables that can't afford a pointer. Numbers of things that are gone are given
 * anew. */
#ifndef TCPDWELL_UTIL_SLOTS_H
#define TCPDWELL_UTIL_SLOTS_H

#include <stdint.h>

struct slots {
	void **at; /* by number; NULL = free */
	uint32_t capacity;
	uint32_t free; /* none below it is free */
};

/* The lowest free number: 0 for the first. 0 or -ENOMEM. */
int slots_put(struct slots *slots, void *thing, uint32_t *number);
void slots_remove(struct slots *slots, uint32_t number);

/* All are gone; the things are the caller's. */
void slots_release(struct slots *slots);

#endif
