// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "recording/reach.h"

#define DRIFT_NS 5000000000ULL /* between UTC and the monotonic clock, where the clock was not set */
#define DRIFT_SHARE 1000 /* or one in so many, at the most that clocks are slewed by */

uint64_t reach_name(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325ULL; /* FNV-1a */

	if (!name || !*name)
		return 0;
	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3ULL;
	return hash ?: 1;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static bool has_same_clocks(const struct reach_begin *a, const struct reach_begin *b)
{
	uint64_t offset_ns = distance(a->unix_ns - a->time_ns, b->unix_ns - b->time_ns);

	return offset_ns <= DRIFT_NS + distance(a->time_ns, b->time_ns) / DRIFT_SHARE;
}

static bool is_same_boot(const struct reach_begin *a, const struct reach_begin *b)
{
	if (a->boot && b->boot)
		return a->boot == b->boot;
	return (!a->host || !b->host || a->host == b->host) && has_same_clocks(a, b);
}

static size_t kept(const struct reaches *reaches)
{
	return reaches->count < REACHES_MOST ? reaches->count : REACHES_MOST;
}

static bool is_same(const struct reach *reach, const struct reach_begin *begin)
{
	return reach->begin.netns == begin->netns && is_same_boot(&reach->begin, begin);
}

static void extend(struct reach *reach, const struct reach *more)
{
	if (more->end_ns > reach->end_ns) {
		reach->begin = more->begin;
		reach->end_ns = more->end_ns;
		reach->by = more->by;
	}
	if (more->since_ns < reach->since_ns)
		reach->since_ns = more->since_ns;
}

/* Where there is room for no further one, the time between two of a boot is taken for told: left out and said, not counted twice. */
void reaches_add(struct reaches *reaches, const struct reach_begin *begin, uint64_t since_ns, uint64_t end_ns, const void *by)
{
	const struct reach more = { *begin, since_ns, end_ns, by };
	struct reach *last = reaches->list + kept(reaches), *reach;

	for (reach = reaches->list; reach < last; reach++)
		if (is_same(reach, begin) && since_ns <= reach->end_ns && reach->since_ns <= end_ns) {
			extend(reach, &more);
			return;
		}
	for (reach = reaches->list; reach < last && kept(reaches) == REACHES_MOST; reach++)
		if (is_same(reach, begin)) {
			extend(reach, &more);
			return;
		}
	reaches->list[reaches->count++ % REACHES_MOST] = more;
}

static bool share_connections(const struct reach *reach, const struct reach_begin *begin)
{
	return (!reach->begin.netns || !begin->netns || reach->begin.netns == begin->netns) && is_same_boot(&reach->begin, begin);
}

const struct reach *reaches_cover(const struct reaches *reaches, const struct reach_begin *begin)
{
	const struct reach *reach = reaches->list;

	for (; reach < reaches->list + kept(reaches); reach++)
		if (begin->time_ns >= reach->since_ns && begin->time_ns < reach->end_ns && share_connections(reach, begin))
			return reach;
	return NULL;
}

uint64_t reaches_next(const struct reaches *reaches, const struct reach_begin *begin)
{
	const struct reach *reach = reaches->list;
	uint64_t next_ns = 0;

	for (; reach < reaches->list + kept(reaches); reach++)
		if (begin->time_ns < reach->since_ns && (!next_ns || reach->since_ns < next_ns) && share_connections(reach, begin))
			next_ns = reach->since_ns;
	return next_ns;
}
