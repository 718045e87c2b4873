/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the tracing process and the one that serves have in common: a piece of memory and a pair of sockets. The server asks for an
 * exposition, the tracing process renders one when it next ticks; neither ever waits for the other.
 */
#ifndef TCPDWELL_EXPORT_HTTP_SHARED_H
#define TCPDWELL_EXPORT_HTTP_SHARED_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum phase { PHASE_STARTING, PHASE_TRACING, PHASE_ENDED };

struct shared_slot {
	uint64_t time_ns; /* monotonic, when it was rendered */
	size_t size;
	size_t offset; /* of its text, from the begin of the memory */
};

/* Written by the tracing process alone, but for `wanted`. */
struct shared {
	_Atomic uint64_t wanted; /* times that the server has asked */
	_Atomic uint64_t beat_ns; /* monotonic: the last tick */
	_Atomic uint32_t phase; /* enum phase */
	_Atomic uint64_t published; /* expositions so far; the newest is in slot published % 2, 0: none yet */
	size_t bytes, slot_bytes;
	struct shared_slot slots[2];
};

/* NULL: no memory. Inherited by fork(). */
struct shared *shared_new(size_t slot_bytes);
void shared_free(struct shared *shared);

/* -E2BIG: it does not fit, what was there stays. */
int shared_publish(struct shared *shared, const void *text, size_t size, uint64_t now_ns);

/* A copy of the newest exposition, the caller's. NULL: there is none, or no memory. */
char *shared_copy(const struct shared *shared, size_t *size, uint64_t *time_ns);

#endif
