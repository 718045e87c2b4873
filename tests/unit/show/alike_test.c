// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A program that crashes again and again: three findings are told, the others counted. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "show/diagnose/alike.h"

static bool one_more(struct alike *alike, unsigned int code, uint32_t pid, const char *comm)
{
	struct finding finding = { .code = code, .subject.pid = pid };

	snprintf(finding.subject.comm, sizeof(finding.subject.comm), "%s", comm);
	return alike_is_one_more(alike, &finding);
}

static void test_a_crash_loop(void **state)
{
	struct alike alike = {};
	struct buffer text;
	uint32_t pid;

	(void)state;
	for (pid = 1; pid <= 5; pid++)
		assert_int_equal(one_more(&alike, TD172, pid, "crashes"), pid > 3);
	assert_false(one_more(&alike, TD172, 6, "another"));
	assert_false(one_more(&alike, TD103, 7, "crashes"));
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
		assert_false(one_more(&alike, TD161, 0, ""));
}

/* What there is no room for is told. */
static void test_more_kinds_than_are_counted(void **state)
{
	struct alike alike = {};
	char comm[16];
	int i;

	(void)state;
	for (i = 0; i < ALIKE_KINDS; i++) {
		snprintf(comm, sizeof(comm), "p%d", i);
		assert_false(one_more(&alike, TD172, 1, comm));
	}
	for (i = 0; i < 5; i++)
		assert_false(one_more(&alike, TD172, 2, "beyond"));
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
