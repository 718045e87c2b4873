// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the number of a group's sockets does. Twenty that came in one burst are no rate. */
#include "show/leaks/groups.h"

#define NSEC_PER_SEC 1000000000ULL
#define RATE_SOCKETS 3 /* as many at least */

/* The first came in the first half of the watch, the last in its last third. */
static bool is_spread(const struct leak_group *group, uint64_t watched_ns)
{
	return group->came >= RATE_SOCKETS && group->first_ns >= watched_ns / 2 && group->last_ns <= watched_ns / 3;
}

static bool is_full(const struct leak_group *group)
{
	return group->fds_known && descriptors_are_full(group->fds, group->fds_limit);
}

enum leak_growth leak_growth_of(const struct leak_group *group, uint64_t watched_ns)
{
	bool goes_on = is_spread(group, watched_ns);

	if (is_full(group) && !goes_on)
		return LEAK_FULL;
	if (!group->grown)
		return LEAK_STEADY;
	return group->grown > 0 && goes_on && watched_ns >= LEAK_RATE_WATCH_NS ? LEAK_GROWS : LEAK_CHANGED;
}

double leak_seconds_to_full(const struct leak_group *group, uint64_t watched_ns)
{
	double per_second = (double)group->grown * NSEC_PER_SEC / watched_ns;

	if (leak_growth_of(group, watched_ns) != LEAK_GROWS || !group->fds_known || group->fds_limit == UINT64_MAX || is_full(group))
		return 0;
	return descriptors_left(group->fds, group->fds_limit) / per_second;
}
