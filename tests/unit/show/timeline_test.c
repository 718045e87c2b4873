// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Where the keys of a cursor in time lead, and when another run is needed for it. */
#include "unit.h"

#include <stdlib.h>

#include "show/terminal.h"
#include "show/timeline.h"

#define SECOND 1000000000ULL
#define MONOTONIC (5000 * SECOND)
#define UNIX (1795910400 * SECOND) /* 2026-11-29 00:00:00 UTC */

static struct timeline timeline;

/* A run that began `begin` seconds after the recording, whose clock was set by `set` seconds, shows second `at`. */
static void show_at(int begin, int at, int set)
{
	const struct run run = { .begin_ns = MONOTONIC + begin * SECOND, .begin_unix_ns = UNIX + begin * SECOND };
	const struct tick tick = { .time_ns = MONOTONIC + at * SECOND, .unix_ns = UNIX + (at + set) * SECOND };

	timeline_begin(&timeline, &run);
	timeline_show(&timeline, &tick, false);
}

static int setup(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	timeline_init(&timeline, 2 * SECOND);
	timeline.first_ns = UNIX;
	timeline.last_ns = UNIX + 3600 * SECOND;
	timeline.reach_ns = UNIX + 1000 * SECOND;
	return 0;
}

static bool is_reached(int at, int set)
{
	const struct tick tick = { .time_ns = MONOTONIC + at * SECOND, .unix_ns = UNIX + (at + set) * SECOND };

	return timeline_is_reached(&timeline, &tick);
}

static void steps_go_by_intervals(void **state)
{
	(void)state;
	show_at(0, 600, 0);
	assert_int_equal(timeline_key(&timeline, '}'), TIMELINE_GO);
	assert_false(timeline.again);
	assert_false(is_reached(619, 0));
	assert_true(is_reached(620, 0));
	assert_int_equal(timeline_key(&timeline, '['), TIMELINE_GO);
	assert_true(timeline.again);
	assert_true(is_reached(598, 0));
	assert_false(is_reached(597, 0));
	assert_int_equal(timeline_key(&timeline, 's'), TIMELINE_NO_KEY);
}

static void what_is_far_needs_another_run(void **state)
{
	(void)state;
	show_at(0, 900, 0);
	timeline_key(&timeline, ')');
	assert_true(timeline.again); /* 1020 is beyond what is near */
	timeline.again = false;
	timeline_key(&timeline, '}');
	assert_false(timeline.again);
}

/* It is an hour earlier since a minute: a step leads on, not an hour on. */
static void a_clock_that_is_set_changes_no_step(void **state)
{
	(void)state;
	show_at(0, 600, -3600);
	timeline_key(&timeline, ']');
	assert_false(timeline.again);
	assert_true(is_reached(602, -3600));
	timeline_key(&timeline, '[');
	assert_false(is_reached(597, -3600));
	assert_true(is_reached(598, -3600));
}

static void nothing_is_before_the_begin(void **state)
{
	(void)state;
	show_at(0, 7, 0);
	timeline_key(&timeline, '{');
	assert_true(is_reached(2, 0));
	show_at(0, 2, 0);
	assert_int_equal(timeline_key(&timeline, '['), TIMELINE_STAY);
	assert_non_null(strstr(timeline.note, "begin"));
}

static void findings_are_kept_in_order_and_once(void **state)
{
	(void)state;
	timeline_add_finding(&timeline, UNIX + 900 * SECOND);
	timeline_add_finding(&timeline, UNIX + 300 * SECOND);
	timeline_add_finding(&timeline, UNIX + 301 * SECOND); /* met again */
	assert_int_equal(timeline.n_findings, 2);
	show_at(0, 600, 0);
	timeline_key(&timeline, 'P');
	assert_true(is_reached(301, 0) && !is_reached(300, 0) && timeline.again);
	show_at(0, 301, 0);
	assert_int_equal(timeline_key(&timeline, 'P'), TIMELINE_STAY);
	timeline_key(&timeline, 'N');
	assert_true(is_reached(901, 0) && !is_reached(900, 0));
	show_at(0, 901, 0);
	timeline_key(&timeline, 'N'); /* none is known: it is searched for */
	assert_int_equal(timeline.want, WANT_FINDING);
	assert_false(timeline.again || is_reached(3000, 0));
}

static void full_of_findings(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 2 * TIMELINE_FINDINGS; i++)
		timeline_add_finding(&timeline, UNIX + i * 10 * SECOND);
	assert_int_equal(timeline.n_findings, TIMELINE_FINDINGS);
}

static void times_are_typed(void **state)
{
	static const struct {
		const char *text;
		int second; /* -1: it stays */
	} cases[] = { { "00:10", 600 }, { "2026-11-29 00:20:05", 1205 }, { "10m ago", 3000 }, { "+30s", 630 }, { "-1m", 540 }, { "-3h", 2 },
		      { "2026-11-20", 2 }, { "2026-11-30 07:00", -1 }, { "", -1 }, { "+", -1 }, { "-x", -1 }, { "teatime", -1 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		show_at(0, 600, 0);
		assert_int_equal(timeline_go_to(&timeline, cases[i].text), cases[i].second < 0 ? TIMELINE_STAY : TIMELINE_GO);
		assert_true(cases[i].second < 0 || (is_reached(cases[i].second, 0) && !is_reached(cases[i].second - 1, 0)));
	}
}

/* Each shown time says what of the run up to it was not traced; a run without such a time says nothing. */
static void holes_are_named(void **state)
{
	struct tick tick = { .time_ns = MONOTONIC + 600 * SECOND, .unix_ns = UNIX + 600 * SECOND };
	struct holes holes = {};

	(void)state;
	show_at(0, 10, 0);
	assert_string_equal(timeline.holes, "");
	holes_add(&holes, UNIX + 300 * SECOND, UNIX + 420 * SECOND);
	tick.holes = &holes;
	timeline_show(&timeline, &tick, false);
	assert_string_equal(timeline.holes, "Not traced 2026-11-29 00:05:00 to 00:07:00");
	show_at(500, 610, 0);
	assert_string_equal(timeline.holes, "");
}

/* Who writes on may have more by now: at the end a step asks anew. */
static void the_end_is_asked_anew(void **state)
{
	const struct tick last = { .time_ns = MONOTONIC + 700 * SECOND, .unix_ns = UNIX + 700 * SECOND };

	(void)state;
	show_at(0, 600, 0);
	timeline_key(&timeline, '$');
	timeline_show(&timeline, &last, true);
	assert_int_equal(timeline.last_ns, UNIX + 700 * SECOND);
	assert_int_equal(timeline_key(&timeline, ']'), TIMELINE_GO);
	assert_true(timeline.again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(steps_go_by_intervals, setup),
		cmocka_unit_test_setup(what_is_far_needs_another_run, setup),
		cmocka_unit_test_setup(a_clock_that_is_set_changes_no_step, setup),
		cmocka_unit_test_setup(nothing_is_before_the_begin, setup),
		cmocka_unit_test_setup(findings_are_kept_in_order_and_once, setup),
		cmocka_unit_test_setup(full_of_findings, setup),
		cmocka_unit_test_setup(times_are_typed, setup),
		cmocka_unit_test_setup(holes_are_named, setup),
		cmocka_unit_test_setup(the_end_is_asked_anew, setup),
	};

	return cmocka_run_group_tests_name("show/timeline", tests, NULL, NULL);
}
