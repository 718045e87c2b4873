// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which moments of a machine were told already: within a boot, whatever its clocks say, and never across boots or machines. */
#include "unit.h"

#include "recording/reach.h"

#define SECOND 1000000000ULL
#define UTC (1795166400 * SECOND)

static struct reach_begin begin_of(const char *boot, const char *host, uint64_t utc_s, uint64_t time_s)
{
	return (struct reach_begin){ reach_name(boot), reach_name(host), 0, UTC + utc_s * SECOND, time_s * SECOND };
}

static bool covers(const struct reaches *reaches, struct reach_begin begin)
{
	return reaches_cover(reaches, &begin);
}

/* Named boots: UTC does not count, since somebody may have set it. */
static void test_boots(void **state)
{
	struct reach_begin begin = begin_of("one", "here", 0, 100);
	struct reaches reaches = {};

	(void)state;
	assert_false(covers(&reaches, begin));
	reaches_add(&reaches, &begin, begin.time_ns, 200 * SECOND, NULL);
	assert_true(covers(&reaches, begin));
	assert_true(covers(&reaches, begin_of("one", "here", 99999, 199)));
	assert_true(covers(&reaches, begin_of("one", "called otherwise", 0, 150)));
	assert_false(covers(&reaches, begin_of("one", "here", 0, 200)));
	assert_false(covers(&reaches, begin_of("two", "here", 50, 150)));
	begin = begin_of("one", "here", 0, 10);
	reaches_add(&reaches, &begin, begin.time_ns, 20 * SECOND, NULL);
	assert_true(covers(&reaches, begin_of("one", "here", 0, 199)));
}

/* Files of before have no name of a boot: the machine's name and how far its clocks are apart tell it. */
static void test_without_names(void **state)
{
	struct reach_begin begin = begin_of(NULL, "here", 100, 100);
	struct reaches reaches = {};

	(void)state;
	reaches_add(&reaches, &begin, begin.time_ns, 100000 * SECOND, NULL);
	assert_true(covers(&reaches, begin_of("", "here", 150, 150)));
	assert_true(covers(&reaches, begin_of("one", "here", 150, 150)));
	assert_true(covers(&reaches, begin_of(NULL, NULL, 90020, 90000)));
	assert_false(covers(&reaches, begin_of(NULL, "elsewhere", 150, 150)));
	assert_false(covers(&reaches, begin_of(NULL, "here", 190, 150)));
	assert_false(covers(&reaches, begin_of(NULL, "here", 100000, 100000)));
}

/* Sidecars of two pods watch a namespace each; one that watches all has told of both. */
static void test_namespaces(void **state)
{
	struct reach_begin one = begin_of("one", "pod", 0, 100), two = begin_of("one", "another", 0, 120), all = begin_of("one", "node", 0, 140);
	struct reaches reaches = {};

	(void)state;
	one.netns = 4026532001;
	two.netns = 4026532002;
	reaches_add(&reaches, &one, one.time_ns, 200 * SECOND, "sidecar");
	assert_true(covers(&reaches, one) && covers(&reaches, all));
	assert_string_equal(reaches_cover(&reaches, &all)->by, "sidecar");
	assert_false(covers(&reaches, two));
	reaches_add(&reaches, &two, two.time_ns, 220 * SECOND, NULL);
	assert_true(covers(&reaches, two));
	one.time_ns = two.time_ns = all.time_ns = 210 * SECOND;
	assert_false(covers(&reaches, one));
	assert_true(covers(&reaches, two) && covers(&reaches, all));
}

/* Not read in the order of time, as where the clock was set back: what is between two, or before them, is of nobody yet. */
static void test_before(void **state)
{
	struct reach_begin begin = begin_of("one", "here", 0, 300);
	struct reaches reaches = {};
	int i;

	(void)state;
	reaches_add(&reaches, &begin, 290 * SECOND, 320 * SECOND, NULL);
	assert_false(covers(&reaches, begin_of("one", "here", 3600, 100)));
	assert_true(covers(&reaches, begin_of("one", "here", 3600, 290)));
	begin = begin_of("one", "here", 3600, 100);
	assert_int_equal(reaches_next(&reaches, &begin), 290 * SECOND);
	reaches_add(&reaches, &begin, 100 * SECOND, 200 * SECOND, NULL);
	assert_false(covers(&reaches, begin_of("one", "here", 3600, 250)));
	begin = begin_of("one", "here", 3600, 50);
	assert_int_equal(reaches_next(&reaches, &begin), 100 * SECOND);
	begin = begin_of("one", "here", 3600, 310);
	assert_int_equal(reaches_next(&reaches, &begin), 0);
	begin = begin_of("two", "here", 3600, 50);
	assert_int_equal(reaches_next(&reaches, &begin), 0);
	for (i = 0; i < 2 * REACHES_MOST; i++) {
		begin = begin_of("one", "here", 0, 1000 + 10 * i);
		reaches_add(&reaches, &begin, begin.time_ns, begin.time_ns + SECOND, NULL);
		assert_true(covers(&reaches, begin_of("one", "here", 0, 110)) && covers(&reaches, begin));
	}
}

/* However many there are, it takes no more memory, and the last ones are known. */
static void test_many(void **state)
{
	struct reaches reaches = {};
	struct reach_begin begin;
	char name[16];
	int i;

	(void)state;
	for (i = 0; i < 3 * REACHES_MOST; i++) {
		snprintf(name, sizeof(name), "%d", i);
		begin = begin_of(name, "here", i, 10);
		reaches_add(&reaches, &begin, begin.time_ns, 20 * SECOND, NULL);
		assert_true(covers(&reaches, begin));
	}
	assert_false(covers(&reaches, begin_of("1", "here", 0, 10)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boots),
		cmocka_unit_test(test_without_names),
		cmocka_unit_test(test_namespaces),
		cmocka_unit_test(test_before),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
