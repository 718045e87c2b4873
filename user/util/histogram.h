/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A histogram of durations in nanoseconds with the slots of histogram_slots.h. Only slots that hold
 * something take memory: one process's dwell times in one state fall into a handful.
 */
#ifndef UTIL_HISTOGRAM_H
#define UTIL_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "util/histogram_slots.h"

struct histogram_bin {
	uint64_t count;
	uint32_t slot;
};

struct histogram {
	uint64_t count, sum_ns;
	struct histogram_bin *bins; /* ascending by slot, none is empty */
	uint16_t used, capacity;
	uint16_t absent; /* slots below the one that was found last and not in use: the next one is looked for first where as many are */
};

/* All zero is an empty histogram too. */
void histogram_init(struct histogram *histogram);
void histogram_release(struct histogram *histogram);

/* Empty it, keep its memory. */
void histogram_clear(struct histogram *histogram);

/* 0 or -ENOMEM; on failure nothing changed. */
int histogram_add(struct histogram *histogram, uint64_t ns);

/* `count` durations of one slot that the kernel side counted, and what they add to the sum. -EINVAL: no such slot. */
int histogram_add_slot(struct histogram *histogram, unsigned int slot, uint64_t count, uint64_t sum_ns);

/* Add all of `other`. 0 or -ENOMEM; on failure nothing changed. */
int histogram_merge(struct histogram *histogram, const struct histogram *other);

/*
 * Take away `earlier`, an older state of the same histogram: what is left is the interval between them.
 * -ERANGE when it holds more than this one somewhere; then nothing changed.
 */
int histogram_subtract(struct histogram *histogram, const struct histogram *earlier);

/* The bound of the slot where `percent` (0 to 100) of the durations are reached; 0 when it is empty. */
uint64_t histogram_percentile(const struct histogram *histogram, double percent);

/* Start with a zeroed cursor; false after the last slot. `cumulative` counts all durations <= le_ns. */
struct histogram_cursor {
	uint32_t position;
	uint64_t le_ns, count, cumulative;
};
bool histogram_next(const struct histogram *histogram, struct histogram_cursor *cursor);

#endif
