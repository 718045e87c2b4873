/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The clock that bounds waits: milliseconds that only go forward. */
#ifndef SCENARIOS_CLOCK_H
#define SCENARIOS_CLOCK_H

#include <time.h>

static inline long clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000L + t.tv_nsec / 1000000;
}

#endif
