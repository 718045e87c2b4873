/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a history's folder holds, seen from outside, whether an agent writes there or not. */
#ifndef TCPDWELL_HISTORY_STATUS_H
#define TCPDWELL_HISTORY_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/holes.h"

struct history_status {
	uint64_t events_bytes, intervals_bytes, budget_bytes; /* budget 0: not known */
	uint64_t intervals_begin_ns, intervals_end_ns, events_begin_ns; /* UTC; 0: there are none */
	struct holes holes; /* between intervals, while no agent ran, as far as they are fine enough to tell */
	uint64_t events_holes_ns; /* of these, since the events begin */
	uint64_t event_files, passed_over; /* of these could not be read */
	uint64_t withheld, intervals_lost; /* as far as intervals tell */
	unsigned int set_aside; /* databases */
	bool readable; /* the database */
	bool running; /* an agent writes there */
};

/* Is that the folder of a history? And does an agent write there? */
bool history_is_at(const char *folder, bool *is_written);

/* 0, or negative errno with a sentence. */
int history_status_read(struct history_status *status, const char *folder, char *error, size_t error_size);

/* A finding, begin_ns and end_ns of UTC, end_ns 0: it goes on. */
typedef void history_finding(void *context, uint64_t begin_ns, uint64_t end_ns, const char *code, const char *severity, const char *text);

/*
 * Those that were there between two times (0: any). 0 or negative errno: -ENOENT there is no history, -EBUSY
 * somebody has locked it for longer than a second, -EUCLEAN it can't be read, -ENOMEM.
 */
int history_findings_read(const char *folder, uint64_t since_ns, uint64_t until_ns, history_finding *tell, void *context);

#endif
