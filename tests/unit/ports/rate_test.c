// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is a rate and what is a burst. */
#include "unit.h"

#include "ports/rate.h"

#define SECOND 1000000000ULL

/* A sample a second, as connections are opened: so many in each second. */
static void steady(void **state)
{
	static const struct {
		const char *what;
		unsigned int opened[10];
		unsigned int every; /* seconds between samples */
		bool is;
	} rows[] = {
		{ "all the time", { 5, 5, 5, 5, 5, 5, 5, 5, 5, 5 }, 1, true },
		{ "now and then", { 20, 0, 0, 20, 0, 0, 20, 0, 0, 20 }, 1, true },
		{ "more and more", { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, 1, true },
		{ "a burst", { 0, 0, 0, 0, 0, 0, 0, 0, 400, 0 }, 1, false },
		{ "a burst long ago", { 400, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 1, false },
		{ "a burst beside little", { 1, 1, 1, 1, 400, 1, 1, 1, 1, 1 }, 1, false },
		{ "of late alone", { 0, 0, 0, 0, 0, 50, 50, 50, 50, 50 }, 1, false },
		{ "over", { 50, 50, 50, 50, 50, 50, 0, 0, 0, 0 }, 1, false },
		{ "nothing", {}, 1, false },
		{ "measured too seldom", { 0, 0, 0, 0, 0, 0, 0, 0, 400, 0 }, 5, true },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rate_window window = {};
		struct port_counts counts = { .opened = 7 }; /* of before */
		uint64_t now_ns = 100 * SECOND;

		rate_window_sample(&window, now_ns, &counts);
		for (k = 0; k < ARRAY_SIZE(rows[i].opened); k++) {
			now_ns += SECOND;
			counts.opened += rows[i].opened[k];
			if (k + 1 < ARRAY_SIZE(rows[i].opened) && !((k + 1) % rows[i].every))
				rate_window_sample(&window, now_ns, &counts);
		}
		if (rate_window_is_steady(&window, now_ns, &counts) != rows[i].is)
			fail_msg("%s: it is %s", rows[i].what, rows[i].is ? "steady" : "not steady");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steady),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
