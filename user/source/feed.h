/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A source's end of a run: counts what it tells the view, and keeps the rules of struct view for every source alike. */
#ifndef TCPDWELL_SOURCE_FEED_H
#define TCPDWELL_SOURCE_FEED_H

#include "event/holes.h"
#include "source/guard.h"
#include "source/run.h"

struct feed {
	struct guard guard;
	struct health health; /* the source's to fill in, but for `unknown`, which is counted here */
	struct totals totals; /* counted here, but for fin_wait2_timewait */
	uint64_t holders_check_ns, holders_seen_ns, present_seen_ns; /* as in struct tick; the source's */
	struct holes holes; /* the source's */
};

void feed_begin(struct feed *feed, struct view *view, const struct run *run);

/* Counts it, and tells the view. */
void feed_event(struct feed *feed, const struct event *event);

/* All sockets that are there are told anew: see view->recount. */
void feed_recount(struct feed *feed, bool begins);

void feed_tick(struct feed *feed, uint64_t time_ns, uint64_t unix_ns);

/* Did the view fail, or ask for the end? Then what is known already is told, and feed_end() is due. */
bool feed_is_over(const struct feed *feed);

/* The source itself failed. */
void feed_fail(struct feed *feed, int err);

/* What failed: a negative errno; 0. */
int feed_error(const struct feed *feed);

/* Returns feed_error(). */
int feed_end(struct feed *feed, uint64_t time_ns, uint64_t unix_ns);

/* How long the view's next tick may be away, in ms; `idle`: nothing came for VIEW_IDLE_MS. */
unsigned int feed_tick_ms(const struct feed *feed, bool idle);

#endif
