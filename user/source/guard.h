/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Calls a view as event.h promises it: `begin` first, nothing more once a call has failed, `end` last. Whatever feeds a view
 * does it through here.
 */
#ifndef TCPDWELL_SOURCE_GUARD_H
#define TCPDWELL_SOURCE_GUARD_H

#include "event/event.h"

struct guard {
	struct view *view;
	int result; /* 0: it goes on; 1: it asked for the end; negative errno: it failed */
	bool runs; /* begun, not failed, not ended: it may be called */
};

/* The first call. NULL members of the view count as done. */
void guard_begin(struct guard *guard, struct view *view, const struct run *run);

/* For guard_event(): a call returned something else than 0. */
void guard_take(struct guard *guard, int result);

static inline void guard_event(struct guard *guard, const struct event *event)
{
	int result = guard->runs && guard->view->event ? guard->view->event(guard->view, event) : 0;

	if (result)
		guard_take(guard, result);
}

void guard_recount(struct guard *guard, bool begins);
void guard_tick(struct guard *guard, const struct tick *tick);

/* What feeds the view failed: with this negative errno it ends. */
void guard_fail(struct guard *guard, int err);

/* The last call. Returns 0 or what failed, now or before. */
int guard_end(struct guard *guard, const struct tick *last);

#endif
