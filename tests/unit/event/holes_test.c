// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Times that were not traced: how much of the time up to a moment they take. */
#include "unit.h"

#include "event/holes.h"

static void as_of_a_moment(void **state)
{
	struct holes holes = {};

	(void)state;
	assert_int_equal(holes_until(NULL, 100), 0);
	assert_int_equal(holes_until(&holes, 100), 0);
	holes_add(&holes, 100, 130);
	assert_int_equal(holes_until(&holes, 90), 0);
	assert_int_equal(holes_until(&holes, 100), 0);
	assert_int_equal(holes_until(&holes, 110), 10);
	assert_int_equal(holes_until(&holes, 130), 30);
	assert_int_equal(holes_until(&holes, 500), 30);
	holes_add(&holes, 200, 240);
	assert_int_equal(holes_until(&holes, 200), 30);
	assert_int_equal(holes_until(&holes, 220), 50);
	assert_int_equal(holes_until(&holes, 300), 70);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_of_a_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
