// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Numbers out of range, and times that run back. */
#include "unit.h"

#include <math.h>

#include "event/event.h"
#include "util/number.h"

static void whole_numbers(void **state)
{
	(void)state;
	assert_true(number_u64(0) == 0 && number_u64(0.9) == 0 && number_u64(1e9) == 1000000000);
	assert_true(number_u32(65535.9) == 65535 && number_u32(4294967295.0) == UINT32_MAX);
	assert_true(number_i64(-1.9) == -1 && number_i64(1e15) == 1000000000000000 && number_i64(0) == 0);
}

static void out_of_range(void **state)
{
	(void)state;
	assert_true(number_u64(-1) == 0 && number_u64(-INFINITY) == 0 && number_u64(NAN) == 0);
	assert_true(number_u64(0x1p64) == UINT64_MAX && number_u64(1e300) == UINT64_MAX && number_u64(INFINITY) == UINT64_MAX);
	assert_true(number_u32(-1) == 0 && number_u32(1e10) == UINT32_MAX && number_u32(NAN) == 0);
	assert_true(number_i64(0x1p63) == INT64_MAX && number_i64(1.84467e19) == INT64_MAX && number_i64(INFINITY) == INT64_MAX);
	assert_true(number_i64(-0x1p63) == INT64_MIN && number_i64(-1e300) == INT64_MIN && number_i64(NAN) == 0);
}

static void time_that_runs_back(void **state)
{
	(void)state;
	assert_true(elapsed_ns(5, 3) == 2 && elapsed_ns(3, 3) == 0 && elapsed_ns(3, 5) == 0);
}

/* Three centuries after boot is no time that a kernel tells. */
static void records_of_no_clock(void **state)
{
	struct transition record = { .type = RECORD_TRANSITION, .time_ns = INT64_MAX, .since_ns = INT64_MAX };

	(void)state;
	assert_true(record_is_sound(&record));
	record.since_ns++;
	assert_false(record_is_sound(&record));
	record.since_ns = 0;
	record.time_ns++;
	assert_false(record_is_sound(&record));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(out_of_range),
		cmocka_unit_test(time_that_runs_back),
		cmocka_unit_test(records_of_no_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
