// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table by id against a plain array. */
#include "unit.h"

#include <stdbool.h>
#include <time.h>

#include "util/id_map.h"

#define IDS 512
#define KEYS 20000

/* Ids that collide as much as ids can: multiples of a large power of two, small numbers, and 0. */
static uint64_t id_of(unsigned int i)
{
	return i % 2 ? (uint64_t)i << 40 : i / 2 ? i : 0;
}

static void behaves_as_an_array(void **state)
{
	uint64_t truth[IDS] = {}, seed = 3;
	struct id_map map;
	size_t used = 0;

	(void)state;
	id_map_init(&map, sizeof(uint64_t));
	for (unsigned int step = 0; step < 200000; step++) {
		unsigned int i = unit_random(&seed) % IDS;
		uint64_t *value = id_map_find(&map, id_of(i));

		if (!truth[i])
			assert_null(value);
		else
			assert_int_equal(*value, truth[i]);
		if (unit_random(&seed) % 2) {
			used += !truth[i];
			value = id_map_put(&map, id_of(i));
			assert_non_null(value);
			assert_int_equal(*value, truth[i]);
			*value = truth[i] = step + 1;
		} else {
			used -= truth[i] != 0;
			id_map_remove(&map, id_of(i));
			truth[i] = 0;
		}
		assert_int_equal(map.used, used);
	}
	id_map_release(&map);
}

/* As full as an index gets, so that some ids are farther from home than a place has room to tell. */
static void a_full_index_loses_nothing(void **state)
{
	enum { MOST = 3 << 15 }; /* of 1 << 17 places */
	static bool there[2 * MOST];
	uint64_t seed = 5, *value;
	struct id_map map;
	size_t i;

	(void)state;
	id_map_init(&map, sizeof(uint64_t));
	for (unsigned int step = 0; step < 10 * MOST; step++) {
		i = unit_random(&seed) % (2 * MOST);
		if (there[i] && step > 5 * MOST) {
			id_map_remove(&map, id_of(i));
			there[i] = false;
		} else if (map.used < MOST) {
			value = id_map_put(&map, id_of(i));
			assert_non_null(value);
			*value = i;
			there[i] = true;
		}
	}
	assert_int_equal(map.capacity, 1 << 17);
	assert_true(map.used > MOST / 2);
	for (i = 0; i < 2 * MOST; i++) {
		value = id_map_find(&map, id_of(i));
		assert_int_equal(value != NULL, there[i]);
		if (value)
			assert_int_equal(*value, i);
	}
	id_map_release(&map);
}

/* What was found last is found again wherever it lies by then, unless it is gone. */
static void the_last_found_may_move(void **state)
{
	uint64_t truth[IDS] = {}, seed = 11, *value;
	unsigned int asked[2 * ID_MAP_RECENT], i;
	struct id_map map;

	(void)state;
	id_map_init(&map, sizeof(uint64_t));
	for (unsigned int step = 0; step < 200000; step++) {
		unsigned int other = unit_random(&seed) % IDS;

		for (i = 0; i < 2 * ID_MAP_RECENT; i++) {
			asked[i] = unit_random(&seed) % IDS;
			id_map_find(&map, id_of(asked[i]));
		}
		if (unit_random(&seed) % 16384 == 0) {
			id_map_clear(&map);
			memset(truth, 0, sizeof(truth));
		} else if (unit_random(&seed) % 2) {
			*(uint64_t *)id_map_put(&map, id_of(other)) = truth[other] = step + 1;
		} else {
			id_map_remove(&map, id_of(other));
			truth[other] = 0;
		}
		for (i = 0; i < 2 * ID_MAP_RECENT; i++) {
			value = id_map_find(&map, id_of(asked[i]));
			assert_int_equal(value ? *value : 0, truth[asked[i]]);
		}
	}
	id_map_release(&map);
	assert_null(id_map_find(&map, id_of(0)));
}

static void walks_all_once(void **state)
{
	struct id_map map;
	uint64_t id, sum = 0, *value;
	size_t cursor = 0, seen = 0;

	(void)state;
	id_map_init(&map, 12);
	assert_null(id_map_next(&map, &cursor, NULL));
	for (uint64_t i = 1; i <= 1000; i++)
		*(uint64_t *)id_map_put(&map, i * 7) = i;
	while ((value = id_map_next(&map, &cursor, &id))) {
		assert_int_equal(id, *value * 7);
		sum += *value;
		seen++;
	}
	assert_int_equal(seen, 1000);
	assert_int_equal(sum, 500500);
	id_map_release(&map);
	id_map_release(&map);
}

/* A crowd came and went: its memory is given back, and who stayed is found. */
static void gives_memory_back(void **state)
{
	struct id_map map;
	uint64_t i, *value;

	(void)state;
	id_map_init(&map, sizeof(uint64_t));
	for (i = 0; i < 100000; i++) {
		value = id_map_put(&map, id_of(i));
		assert_non_null(value);
		*value = i;
	}
	assert_true(map.room * map.stride + map.capacity * sizeof(map.index[0]) < 100000 * (16 + 16 / 8 + 11) + 1000);
	for (i = 0; i < 100000; i++)
		if (i % 1000)
			id_map_remove(&map, id_of(i));
	assert_int_equal(map.used, 100);
	assert_true(map.room * map.stride <= 65536 && map.capacity * sizeof(map.index[0]) <= 65536);
	for (i = 0; i < 100000; i++) {
		value = id_map_find(&map, id_of(i));
		assert_int_equal(!value, i % 1000 != 0);
		if (value)
			assert_int_equal(*value, i);
	}
	id_map_release(&map);
}

static uint64_t spent_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static uint64_t random_key(uint64_t i)
{
	uint64_t seed = i + 1;

	return unit_random(&seed) ^ unit_random(&seed) << 32;
}

/* Addresses of a flood, as they lie in memory: all that tells them apart is in the highest bits, and then the key is folded. */
static uint64_t key_of_address(uint64_t i)
{
	uint64_t key = (0xffff0000ULL | i << 48) * 0xbf58476d1ce4e5b9ULL;

	return key ^ key >> 32;
}

static uint64_t time_of(uint64_t (*key)(uint64_t i))
{
	uint64_t begin_ns, ns, least_ns = UINT64_MAX;
	struct id_map map;

	for (int round = 0; round < 3; round++) {
		id_map_init(&map, sizeof(uint64_t));
		begin_ns = spent_ns();
		for (uint64_t i = 0; i < KEYS; i++)
			assert_non_null(id_map_put(&map, key(i)));
		ns = spent_ns() - begin_ns;
		least_ns = ns < least_ns ? ns : least_ns;
		assert_int_equal(map.used, KEYS);
		id_map_release(&map);
	}
	return least_ns;
}

/* Were all of them to begin at one place, it would be a thousand times slower. CPU time: other work on the machine is not in it. */
static void keys_of_few_bits_are_as_fast(void **state)
{
	(void)state;
	assert_true(time_of(key_of_address) < 50 * time_of(random_key));
}

static void keeps_what_is_not_zero(void **state)
{
	const uint64_t nothing[2] = {}, something[2] = { 0, 7 };
	struct id_map map;

	(void)state;
	id_map_init(&map, sizeof(something));
	assert_int_equal(id_map_keep(&map, 3, nothing, sizeof(nothing)), 0);
	assert_null(id_map_find(&map, 3));
	assert_int_equal(id_map_keep(&map, 3, something, sizeof(something)), 0);
	assert_memory_equal(id_map_find(&map, 3), something, sizeof(something));
	assert_int_equal(id_map_keep(&map, 3, nothing, sizeof(nothing)), 0);
	assert_null(id_map_find(&map, 3));
	assert_int_equal(map.used, 0);
	id_map_release(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behaves_as_an_array),
		cmocka_unit_test(a_full_index_loses_nothing),
		cmocka_unit_test(the_last_found_may_move),
		cmocka_unit_test(walks_all_once),
		cmocka_unit_test(gives_memory_back),
		cmocka_unit_test(keeps_what_is_not_zero),
		cmocka_unit_test(keys_of_few_bits_are_as_fast),
	};

	return cmocka_run_group_tests_name("id_map", tests, NULL, NULL);
}
