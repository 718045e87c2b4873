// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counting, and one guarded view. */
#include "source/feed.h"

#include <string.h>

#include "util/stop.h"

/* Of kinds of failed connects. A hook that sits on a function is called "HOW/FUNCTION". */
static uint32_t unseen_failures(const struct run *run)
{
	const char *hook = run->hooks[FACT_NO_ROUTE];

	if (run->polled)
		return ~0U;
	return hook && strchr(hook, '/') ? 0 : 1U << CONNECT_UNREACHABLE;
}

void feed_begin(struct feed *feed, struct view *view, const struct run *run)
{
	feed->totals.unseen_failures = unseen_failures(run);
	guard_begin(&feed->guard, view, run);
}

void feed_event(struct feed *feed, const struct event *event)
{
	totals_add(&feed->totals, event);
	feed->health.unknown += event_enters_unknown(event);
	guard_event(&feed->guard, event);
}

void feed_recount(struct feed *feed, bool begins)
{
	if (begins)
		totals_recount(&feed->totals);
	guard_recount(&feed->guard, begins);
}

static struct tick tick_of(const struct feed *feed, uint64_t time_ns, uint64_t unix_ns)
{
	return (struct tick){
		.time_ns = time_ns,
		.unix_ns = unix_ns,
		.health = &feed->health,
		.totals = &feed->totals,
		.holders_check_ns = feed->holders_check_ns,
		.holders_seen_ns = feed->holders_seen_ns,
		.present_seen_ns = feed->present_seen_ns,
		.holes = &feed->holes,
	};
}

void feed_tick(struct feed *feed, uint64_t time_ns, uint64_t unix_ns)
{
	struct tick tick = tick_of(feed, time_ns, unix_ns);

	guard_tick(&feed->guard, &tick);
}

bool feed_is_over(const struct feed *feed)
{
	return feed->guard.result;
}

void feed_fail(struct feed *feed, int err)
{
	guard_fail(&feed->guard, err);
}

int feed_error(const struct feed *feed)
{
	return feed->guard.result < 0 ? feed->guard.result : 0;
}

int feed_end(struct feed *feed, uint64_t time_ns, uint64_t unix_ns)
{
	struct tick tick = tick_of(feed, time_ns, unix_ns);

	if (feed->guard.view->tells_at_end)
		stop_forget_time();
	return guard_end(&feed->guard, &tick);
}

unsigned int feed_tick_ms(const struct feed *feed, bool idle)
{
	return feed->guard.view->tick_ms ?: idle ? VIEW_IDLE_MS : VIEW_TICK_MS;
}
