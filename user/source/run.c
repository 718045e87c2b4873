// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What holds where nothing was asked for, and how long a run lasts. */
#include "source/run.h"

#include <string.h>

#include "util/number.h"

void run_options_init(struct run_options *options)
{
	memset(options, 0, sizeof(*options));
	filter_init(&options->filter, NULL);
	options->filter.cgroup_root = &options->cgroup_root;
	options->seconds = -1;
}

static double seconds_left(const struct run_options *options, uint64_t begin_ns)
{
	return options->seconds - elapsed_ns(clock_monotonic_ns(), begin_ns) / 1e9;
}

bool run_time_is_over(const struct run_options *options, uint64_t begin_ns)
{
	return options->seconds >= 0 && seconds_left(options, begin_ns) <= 0;
}

int run_wait_ms(const struct run_options *options, uint64_t begin_ns, int ms)
{
	double left_ms = seconds_left(options, begin_ns) * 1000;

	if (options->seconds < 0 || left_ms > ms)
		return ms;
	return left_ms > 1 ? (int)left_ms : 1;
}
