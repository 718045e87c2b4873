// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A program that crashes again and again: three findings are told, the others counted. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "show/alike.h"

static void test_a_crash_loop(void **state)
{
	struct alike alike = {};
	struct buffer text;
	int i;

	(void)state;
	for (i = 1; i <= 3; i++)
		assert_null(alike_one_more(&alike, "TD172", "crashes"));
	assert_non_null(alike_one_more(&alike, "TD172", "crashes"));
	assert_null(alike_one_more(&alike, "TD172", "another"));
	assert_null(alike_one_more(&alike, "TD103", "crashes"));
	assert_int_equal(alike_untold(alike_one_more(&alike, "TD172", "crashes")), 2);
	assert_int_equal(alike.n_kinds, 3);
	assert_int_equal(alike_untold(&alike.kinds[1]), 0);
	buffer_init(&text);
	alike_text(&text, &alike);
	buffer_append(&text, "", 1);
	assert_string_equal(text.data, "and 2 more like these: TD172, of other processes called crashes\n");
	buffer_release(&text);
}

static void test_findings_of_no_process(void **state)
{
	struct alike alike = {};
	int i;

	(void)state;
	for (i = 0; i < 10; i++)
		assert_null(alike_one_more(&alike, "TD161", ""));
}

/* What there is no room for is told. */
static void test_more_kinds_than_are_counted(void **state)
{
	struct alike alike = {};
	char name[16];
	int i;

	(void)state;
	for (i = 0; i < ALIKE_KINDS; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		assert_null(alike_one_more(&alike, "TD172", name));
	}
	for (i = 0; i < 5; i++)
		assert_null(alike_one_more(&alike, "TD172", "beyond"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_crash_loop),
		cmocka_unit_test(test_findings_of_no_process),
		cmocka_unit_test(test_more_kinds_than_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
