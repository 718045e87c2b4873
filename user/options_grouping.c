// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Groups and intervals; INTERVAL [COUNT] as in vmstat. */
#include "options_grouping.h"

#define FIELD(member) offsetof(struct grouping_options, member)
#define INTERVAL_MIN_NS 10000000

const struct option_row grouping_rows[] = {
	{ "by", 0, "KEY", "group by process, cgroup, container, pod, remote or port", option_choice, FIELD(group), 0, GROUP_KEYS - 1,
	  .choice = group_by_name },
	{ "rows", 'r', "ROWS", "show so many rows", option_u32, FIELD(rows), 1, 1 << 20 },
	{ "max-rows", 0, "N", "keep so many groups apart, fold the rest into ~other", option_u32, FIELD(max_groups), 1, 1 << 24 },
	{ NULL, 0, "INTERVAL", NULL, option_duration, FIELD(interval_ns), INTERVAL_MIN_NS },
	{ NULL, 0, "COUNT", NULL, option_u64, FIELD(count), 1, UINT32_MAX },
	{},
};
