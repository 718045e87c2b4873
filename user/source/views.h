/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Several views as one: a run feeds them in turn, in the order in which they were added, each with what it would get alone.
 *
 * A view that fails is reported by its name and left alone; the others go on. A view that asks for the end gets its `end` at
 * the next tick, with the totals of then, while others go on; else at the end of the run.
 * The run ends when no view goes on, or when a leading one asked for the end or failed. It ends with the error of the first
 * view that failed: at once where no other is left, else after the `end` of the others. A reader that closed its pipe (-EPIPE)
 * counts less than any other error.
 */
#ifndef TCPDWELL_SOURCE_VIEWS_H
#define TCPDWELL_SOURCE_VIEWS_H

#include "source/guard.h"
#include "source/run.h"
#include "source/wanted.h"

#define VIEWS_MAX 8

struct views_member {
	struct view *view;
	const char *name;
	struct run_needs needs;
	struct wanted wanted;
	struct guard guard;
	bool leads, reported;
};

struct views {
	struct view view; /* what the source gets */
	struct views_member members[VIEWS_MAX];
	unsigned int count;
	void (*failed)(void *context, const char *name, int err); /* NULL: nobody is told */
	void *context;
	int err; /* what the run ends with */
	uint64_t events, seen_events; /* told so far, and as of the last tick */
	uint64_t last_event_ns; /* of that tick */
};

/* `failed` is told of each view that fails, as it does. */
void views_init(struct views *views, void (*failed)(void *context, const char *name, int err), void *context);

/* The view and its name stay the caller's and outlive the run. 0, or -E2BIG beyond VIEWS_MAX. Before the run begins. */
int views_add(struct views *views, struct view *view, const char *name, const struct run_needs *needs, bool leads);

/* What all of them need of the source together. Of filters_processes they must be of one mind; one may have a wake_fd, one removes_in. */
struct run_needs views_needs(const struct views *views);

#endif
