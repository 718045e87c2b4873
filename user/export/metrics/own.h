/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the agent tells of itself: how well it sees, and what it costs. */
#ifndef TCPDWELL_EXPORT_METRICS_OWN_H
#define TCPDWELL_EXPORT_METRICS_OWN_H

#include "event/event.h"
#include "export/metrics/text.h"
#include "export/metrics/workloads.h"

#define OWN_SERIES 32 /* at most, without what others add */

struct own {
	int statm; /* /proc/self/statm, open; -1: not there */
	uint64_t begin_unix_ns;
	char build[192]; /* labels */
	uint64_t render_ns; /* what the last exposition took */
	uint32_t series; /* that it had */
};

void own_init(struct own *own);
void own_release(struct own *own);

void own_begin(struct own *own, const struct run *run);
void own_write(const struct own *own, const struct tick *tick, const struct workloads *workloads, struct metrics_text *text);

#endif
