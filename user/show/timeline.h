/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The cursor in the time of a recording, for an interactive view: what its keys want. The view is run up to the wanted time and waits
 * there; where that is not ahead of it, it ends with `again`, and whoever runs it begins earlier. Pure.
 *
 * A place is a time on the recording's own clock, written as UTC: unlike that it never goes back when the machine's clock is set.
 */
#ifndef TCPDWELL_SHOW_TIMELINE_H
#define TCPDWELL_SHOW_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/event.h"
#include "event/holes.h"
#include "util/buffer.h"

#define TIMELINE_FINDINGS 1024
#define TIMELINE_NOTE 120

enum timeline_want {
	WANT_PLACE, /* wanted_ns is a place */
	WANT_CLOCK, /* the first time that the machine's clock showed wanted_ns */
	WANT_FINDING, /* the next one that begins */
	WANT_END,
};

struct timeline {
	uint64_t first_ns, last_ns; /* UTC of what there is; 0 = not known. The caller's */
	uint64_t step_ns;
	uint64_t findings[TIMELINE_FINDINGS]; /* UTC of their begins, the earliest first: known before, and met */
	size_t n_findings;

	/* Of this run, the caller's: from a tick's time_ns to places, 0 = as the run says; up to where going on is quicker than another run. */
	uint64_t offset_ns, reach_ns;

	enum timeline_want want;
	uint64_t wanted_ns;
	bool again; /* the view has ended so that it is run once more */

	uint64_t place_ns, unix_ns; /* that are shown */
	uint64_t begin_place_ns, begin_unix_ns; /* of this run */
	bool at_end;
	char holes[HOLES_TEXT]; /* what of the time from this run's begin on was not traced; "" = all was */
	char note[TIMELINE_NOTE]; /* about the last key; "" = none */
};

void timeline_init(struct timeline *timeline, uint64_t step_ns);

/* A finding began at that time (UTC). */
void timeline_add_finding(struct timeline *timeline, uint64_t unix_ns);

void timeline_begin(struct timeline *timeline, const struct run *run);

/* Is a tick at the wanted time, or behind it? */
bool timeline_is_reached(const struct timeline *timeline, const struct tick *tick);

/* It is shown now. */
void timeline_show(struct timeline *timeline, const struct tick *tick, bool at_end);

enum timeline_step {
	TIMELINE_NO_KEY, /* of the timeline's */
	TIMELINE_STAY, /* there may be a note */
	TIMELINE_GO, /* on in this run, or with `again` set in another one */
	TIMELINE_ASK, /* for a time: timeline_go_to() */
};

enum timeline_step timeline_key(struct timeline *timeline, int key);

/* As people write times, counted from the end of the recording; "+5m", "-5m": from what is shown. */
enum timeline_step timeline_go_to(struct timeline *timeline, const char *text);

/* "2026-11-28, of 2026-11-27 21:00:00 to 2026-11-28 07:12:31; new since 03:10:00" */
void timeline_text(struct buffer *out, const struct timeline *timeline);

#endif
