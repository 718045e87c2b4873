// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Failed connects by reason: counted by kind, named both ways, and each kind named by itself. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "event/event.h"
#include "event/names.h"
#include "event/summary.h"

static void fail_with(struct totals *totals, unsigned int error, int times)
{
	struct event event = { .record = { .type = RECORD_CONNECT_FAILED, .error = error } };

	while (times--)
		totals_add(totals, &event);
}

static void each_kind_is_counted_apart(void **state)
{
	struct totals totals = {};

	(void)state;
	fail_with(&totals, EADDRNOTAVAIL, 2);
	fail_with(&totals, ECONNREFUSED, 3);
	fail_with(&totals, ETIMEDOUT, 1);
	fail_with(&totals, ECANCELED, 4);
	fail_with(&totals, EHOSTUNREACH, 1);
	fail_with(&totals, ENETUNREACH, 1);
	assert_int_equal(totals.connect_failed, 2);
	assert_int_equal(totals.connect_failures[CONNECT_NO_PORT], 2);
	assert_int_equal(totals.connect_failures[CONNECT_REFUSED], 3);
	assert_int_equal(totals.connect_failures[CONNECT_TIMEOUT], 1);
	assert_int_equal(totals.connect_failures[CONNECT_ABANDONED], 4);
	assert_int_equal(totals.connect_failures[CONNECT_UNREACHABLE], 2);
	assert_int_equal(totals.transitions, 0);
}

static void names_lead_back(void **state)
{
	static const unsigned int errors[] = { EADDRNOTAVAIL, ECONNREFUSED, ETIMEDOUT, ECANCELED, EHOSTUNREACH, ENETUNREACH, EACCES };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		assert_int_equal(connect_error_parse(connect_error_name(errors[i])), errors[i]);
	/* Recordings of before tell of ports alone; what a newer one says is at least no port's fault. */
	assert_int_equal(connect_error_parse(NULL), EADDRNOTAVAIL);
	assert_int_equal(connect_error_parse("ESOMETHING"), EHOSTUNREACH);
	assert_string_equal(connect_error_name(4095), "EHOSTUNREACH");
}

static void the_summary_names_each_kind(void **state)
{
	struct health health = {};
	struct totals totals = {};
	struct tick last = { .health = &health, .totals = &totals };
	char text[1024];

	(void)state;
	summary_text(text, sizeof(text), &last, 0);
	assert_non_null(strstr(text, "failed connects: none\n"));
	totals.unseen_failures = 1U << CONNECT_UNREACHABLE;
	summary_text(text, sizeof(text), &last, 0);
	assert_non_null(strstr(text, "failed connects: none (what finds no route is not seen here)\n"));
	totals.unseen_failures = ~0U;
	summary_text(text, sizeof(text), &last, 0);
	assert_non_null(strstr(text, "failed connects: not seen without BPF\n"));
	totals.unseen_failures = 0;
	fail_with(&totals, EADDRNOTAVAIL, 2);
	fail_with(&totals, ECONNREFUSED, 3);
	summary_text(text, sizeof(text), &last, 0);
	assert_non_null(strstr(text, "failed connects: no port 2, refused 3\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_is_counted_apart),
		cmocka_unit_test(names_lead_back),
		cmocka_unit_test(the_summary_names_each_kind),
	};

	return cmocka_run_group_tests_name("connect_error", tests, NULL, NULL);
}
