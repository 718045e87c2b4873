// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Histograms against the plain list of what was put in. */
#include "unit.h"

#include <errno.h>

#include "util/histogram.h"

static void slots_join_without_gap(void **state)
{
	(void)state;
	assert_int_equal(histogram_slot_of(0), 0);
	assert_int_equal(histogram_slot_of(1), 0);
	assert_int_equal(histogram_slot_of(UINT64_MAX), HISTOGRAM_SLOTS - 1);
	for (unsigned int slot = 0; slot < HISTOGRAM_SLOTS; slot++) {
		uint64_t bound = histogram_upper_bound_of(slot);

		assert_int_equal(histogram_slot_of(bound), slot);
		if (slot < HISTOGRAM_SLOTS - 1)
			assert_int_equal(histogram_slot_of(bound + 1), slot + 1);
	}
	assert_true(histogram_upper_bound_of(HISTOGRAM_SLOTS - 1) == UINT64_MAX);
}

static void slots_are_narrow(void **state)
{
	(void)state;
	for (unsigned int slot = 8; slot < HISTOGRAM_SLOTS; slot++) {
		uint64_t below = histogram_upper_bound_of(slot - 1);

		assert_true(histogram_upper_bound_of(slot) - below <= below / 8);
	}
}

/* A power of two ends a slot: 1 ms ± a slot is not split by rounding. */
static void bounds_include_their_value(void **state)
{
	(void)state;
	for (unsigned int power = 0; power < 64; power++)
		assert_true(histogram_upper_bound_of(histogram_slot_of(1ULL << power)) == 1ULL << power);
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

#define VALUES 5000

static void percentiles_bound_the_truth(void **state)
{
	static const double percents[] = {0.01, 1, 7, 50, 90, 99, 99.9, 100};
	struct histogram histogram = {};
	uint64_t *values = calloc(VALUES, sizeof(*values)), seed = 5, sum = 0;

	(void)state;
	for (int i = 0; i < VALUES; i++) {
		values[i] = unit_random_magnitude(&seed) >> 8;
		sum += values[i];
		assert_int_equal(histogram_add(&histogram, values[i]), 0);
	}
	qsort(values, VALUES, sizeof(*values), ascending);
	assert_int_equal(histogram.count, VALUES);
	assert_true(histogram.sum_ns == sum);
	for (size_t i = 0; i < ARRAY_SIZE(percents); i++) {
		double rank = percents[i] * VALUES / 100;
		size_t index = rank == (size_t)rank ? (size_t)rank - 1 : (size_t)rank;
		uint64_t truth = values[index], bound = histogram_percentile(&histogram, percents[i]);

		assert_true(bound >= truth);
		assert_true(bound <= truth + truth / 8 + 1);
	}
	free(values);
	histogram_release(&histogram);
}

static void exact_ranks(void **state)
{
	struct histogram histogram = {};

	(void)state;
	assert_int_equal(histogram_percentile(&histogram, 50), 0);
	for (int i = 1; i <= 8; i++)
		for (int n = 0; n < 25; n++)
			assert_int_equal(histogram_add(&histogram, i), 0);
	assert_int_equal(histogram_percentile(&histogram, 0), 1);
	assert_int_equal(histogram_percentile(&histogram, 12.5), 1);
	assert_int_equal(histogram_percentile(&histogram, 12.51), 2);
	assert_int_equal(histogram_percentile(&histogram, 50), 4);
	assert_int_equal(histogram_percentile(&histogram, 100), 8);
	histogram_release(&histogram);
}

static void cursor_accumulates(void **state)
{
	static const uint64_t values[] = {5, 5, 5, 1000, 1000000, 0, UINT64_MAX};
	struct histogram histogram = {};
	struct histogram_cursor cursor = {};
	uint64_t last = 0;

	(void)state;
	assert_false(histogram_next(&histogram, &cursor));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_int_equal(histogram_add(&histogram, values[i]), 0);
	while (histogram_next(&histogram, &cursor)) {
		uint64_t truth = 0;

		for (size_t i = 0; i < ARRAY_SIZE(values); i++)
			truth += values[i] <= cursor.le_ns;
		assert_true(cursor.le_ns > last);
		assert_int_equal(cursor.cumulative, truth);
		assert_true(cursor.count > 0);
		last = cursor.le_ns;
	}
	assert_int_equal(cursor.position, 5);
	assert_int_equal(cursor.cumulative, ARRAY_SIZE(values));
	histogram_release(&histogram);
}

static void assert_same(const struct histogram *a, const struct histogram *b)
{
	assert_int_equal(a->count, b->count);
	assert_true(a->sum_ns == b->sum_ns);
	assert_int_equal(a->used, b->used);
	for (uint32_t i = 0; i < a->used; i++) {
		assert_int_equal(a->bins[i].slot, b->bins[i].slot);
		assert_int_equal(a->bins[i].count, b->bins[i].count);
	}
}

/* all = first + second; then all − first = second, all − all = nothing. */
static void merge_and_subtract(void **state)
{
	struct histogram first = {}, second = {}, all = {}, sum = {}, empty = {};
	uint64_t seed = 17;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		uint64_t value = unit_random_magnitude(&seed) >> 12;

		assert_int_equal(histogram_add(i % 3 ? &first : &second, value), 0);
		assert_int_equal(histogram_add(&all, value), 0);
	}
	assert_int_equal(histogram_merge(&sum, &first), 0);
	assert_int_equal(histogram_merge(&sum, &second), 0);
	assert_int_equal(histogram_merge(&sum, &empty), 0);
	assert_same(&sum, &all);
	assert_int_equal(histogram_subtract(&sum, &first), 0);
	assert_same(&sum, &second);
	assert_int_equal(histogram_subtract(&sum, &all), -ERANGE);
	assert_same(&sum, &second);
	assert_int_equal(histogram_subtract(&sum, &second), 0);
	assert_same(&sum, &empty);
	assert_int_equal(histogram_merge(&all, &all), 0);
	assert_int_equal(all.count, 4000);
	histogram_release(&first);
	histogram_release(&second);
	histogram_release(&all);
	histogram_release(&sum);
}

static void slots_from_the_kernel_side(void **state)
{
	struct histogram counted = {}, added = {};

	(void)state;
	assert_int_equal(histogram_add_slot(&counted, HISTOGRAM_SLOTS, 1, 1), -EINVAL);
	assert_int_equal(histogram_add_slot(&counted, 3, 0, 0), 0);
	assert_int_equal(counted.used, 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(histogram_add(&added, 13000), 0);
	assert_int_equal(histogram_add_slot(&counted, histogram_slot_of(13000), 10, 130000), 0);
	assert_same(&counted, &added);
	histogram_clear(&counted);
	assert_int_equal(counted.count, 0);
	assert_int_equal(counted.used, 0);
	histogram_release(&counted);
	histogram_release(&added);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_join_without_gap),
		cmocka_unit_test(slots_are_narrow),
		cmocka_unit_test(bounds_include_their_value),
		cmocka_unit_test(percentiles_bound_the_truth),
		cmocka_unit_test(exact_ranks),
		cmocka_unit_test(cursor_accumulates),
		cmocka_unit_test(merge_and_subtract),
		cmocka_unit_test(slots_from_the_kernel_side),
	};

	return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
