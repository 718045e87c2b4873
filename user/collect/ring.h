/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ring buffer, read in portions of time: traffic may be faster than we are, and the rest of the run needs its turn. What
 * there is no time for at the end is counted, not taken.
 */
#ifndef TCPDWELL_COLLECT_RING_H
#define TCPDWELL_COLLECT_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;

/* One record. False: no more of them, now; the record is taken all the same. */
typedef bool ring_take_fn(void *context, const void *data, size_t size);

/* map_fd stays the caller's. wake_fd, if not 0, ends ring_wait() too when it is readable. NULL: errno says why. */
struct ring *ring_new(int map_fd, int wake_fd, ring_take_fn *take, void *context);
void ring_free(struct ring *ring);

/* Takes what is there, at most for 50 ms. True when anything was taken. */
bool ring_drain(struct ring *ring);

/* The last portion ended before the ring buffer was empty. */
bool ring_is_behind(const struct ring *ring);

/* Waits for records, or wake_fd, and takes none. */
void ring_wait(const struct ring *ring, int ms);

/* The run ends: all portions from now on have 400 ms of CPU time together, so that no record is lost to other processes. */
void ring_begin_last(struct ring *ring);

/* The last portion, when nothing writes any more. What is left behind it is counted. */
void ring_end_last(struct ring *ring);

/* Nothing more is taken: counts what is there. */
void ring_discard(struct ring *ring);

/* Records that were counted and not taken. */
uint64_t ring_untaken(const struct ring *ring);

#endif
