// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Groups and intervals; INTERVAL [COUNT] as in vmstat. */
#include "options_grouping.h"

#include "util/failure.h"

#define FIELD(member) offsetof(struct grouping_options, member)
#define INTERVAL_MIN_NS 10000000

static int option_by(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	int by = group_by_parse(text);
	char label[32], keys[128];

	if (by >= 0) {
		*(unsigned int *)field = by;
		return 0;
	}
	group_by_list(keys, sizeof(keys));
	return fail(error, error_size, "%s takes a key or two (process,remote): \"%s\" is not one of %s",
		    option_label(row, label), text, keys);
}

const struct option_row grouping_rows[] = {
	{ "by", 0, "KEY[,KEY]", "by process, comm, unit, cgroup, container, pod, remote or port; or by two", option_by, FIELD(by) },
	{ "rows", 'r', "ROWS", "show so many rows", option_u32, FIELD(rows), 1, 1 << 20 },
	{ "max-rows", 0, "N", "keep so many groups apart, fold the rest into ~other", option_u32, FIELD(max_groups), 1, 1 << 24 },
	{ NULL, 0, "INTERVAL", NULL, option_duration, FIELD(interval_ns), INTERVAL_MIN_NS },
	{ NULL, 0, "COUNT", NULL, option_u64, FIELD(count), 1, UINT32_MAX },
	{},
};
