/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How far runs that were read reach. Two runs of one machine that traced at the same time tell of the same connections, each under
 * names of its own: nothing in them says which is which. So each moment of a boot is taken from one run alone. Pure.
 */
#ifndef TCPDWELL_RECORDING_REACH_H
#define TCPDWELL_RECORDING_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REACHES_MOST 64 /* times of boots, or of namespaces in them; of more boots the oldest is forgotten */

/* Where a run, or a part of one, begins: what its header says. */
struct reach_begin {
	uint64_t boot, host; /* reach_name() */
	uint32_t netns; /* as in struct run */
	uint64_t unix_ns, time_ns; /* UTC, monotonic */
};

/* A boot, or a network namespace in it, from a time on its monotonic clock to another. */
struct reach {
	struct reach_begin begin; /* of the part that was told last */
	uint64_t since_ns, end_ns;
	const void *by; /* what reaches so far, as who added it calls it */
};

struct reaches {
	struct reach list[REACHES_MOST];
	size_t count; /* that there were */
};

/* Of a boot, of a host: two names that differ have two numbers. 0: `name` is NULL or "". */
uint64_t reach_name(const char *name);

/* One was read from `since_ns` up to then; the last part of it begins at `begin`. `by` (may be NULL) has to outlive the reaches. */
void reaches_add(struct reaches *reaches, const struct reach_begin *begin, uint64_t since_ns, uint64_t end_ns, const void *by);

/*
 * Which run that was read has told of the begin of this one, of the same boot? NULL: none has. Headers without the boot's name are of the same one
 * where both clocks are equally far apart: these are seconds at most in which somebody may have set one. Runs of two network namespaces, one
 * each, share no connection.
 */
const struct reach *reaches_cover(const struct reaches *reaches, const struct reach_begin *begin);

/* Where one that begins there comes to what was read, as where runs are not read in the order of time. 0: nowhere. */
uint64_t reaches_next(const struct reaches *reaches, const struct reach_begin *begin);

#endif
