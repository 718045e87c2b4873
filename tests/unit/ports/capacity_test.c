// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Capacity, cliff and reuse, counted one by one here. That the kernel counts so too is found by experiment in tests/ports/.
 */
#include "unit.h"

#include "ports/capacity.h"
#include "ports/pool.h"

#define SEC 1000000000ULL

static struct port_set empty, reserved, blocked;

static void sets_clear(void)
{
	memset(&reserved, 0, sizeof(reserved));
	memset(&blocked, 0, sizeof(blocked));
}

static struct headroom left_of(const struct port_range *range, const struct port_tally *tally)
{
	struct port_space space;
	struct headroom left;

	port_space_init(&space, *range, &reserved, &blocked);
	headroom_of(&left, &space, tally);
	return left;
}

static void a_range_alone(void **state)
{
	static const struct {
		struct port_range range;
		uint32_t capacity, cliff;
		bool odd;
	} cases[] = {
		{ { 32768, 60999, false }, 28232, 14116, false },
		{ { 40000, 40199, false }, 200, 100, false },
		{ { 40001, 40200, false }, 200, 100, false },
		{ { 41001, 41301, false }, 301, 151, true },
		{ { 50000, 50000, false }, 1, 1, false },
		{ { 50000, 50001, false }, 2, 1, false },
		{ { 50000, 50002, false }, 3, 2, true },
		{ { 65335, 65535, false }, 201, 101, true },
		{ { 1, 65535, false }, 65535, 32768, true },
		{ { 40051, 40099, true }, 49, 49, false },
	};
	const struct port_tally nobody = {};

	(void)state;
	sets_clear();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct headroom left = left_of(&cases[i].range, &nobody);

		assert_int_equal(left.capacity, cases[i].capacity);
		assert_int_equal(left.usable, cases[i].capacity);
		assert_int_equal(left.cliff_capacity, cases[i].cliff);
		assert_int_equal(left.cliff_usable, cases[i].cliff);
		assert_int_equal(left.odd, cases[i].odd);
		assert_int_equal(left.used + left.reserved + left.blocked, 0);
	}
}

/* A port can be reserved, blocked and used at once: it counts once. */
static void each_port_counts_once(void **state)
{
	const struct port_range range = { 1000, 1009, false };
	struct port_tally tally = {};
	struct port_space space;
	struct headroom left;

	(void)state;
	sets_clear();
	port_set_add(&reserved, 1000);
	port_set_add(&reserved, 1001);
	port_set_add(&reserved, 999); /* outside */
	port_set_add(&blocked, 1001); /* reserved too */
	port_set_add(&blocked, 1002);
	port_set_add(&blocked, 1003);
	port_set_add(&blocked, 1010); /* outside */
	port_space_init(&space, range, &reserved, &blocked);
	port_tally_add(&tally, &space, 1003, false); /* blocked by this connection itself */
	port_tally_add(&tally, &space, 1004, false);
	port_tally_add(&tally, &space, 1005, true);
	port_tally_add(&tally, &space, 1000, false); /* reserved: bound by hand */
	port_tally_add(&tally, &space, 2000, false); /* outside */
	headroom_of(&left, &space, &tally);
	assert_int_equal(left.reserved, 2);
	assert_int_equal(left.blocked, 1); /* 1002 */
	assert_int_equal(left.capacity, 7); /* 1003 to 1009 */
	assert_int_equal(left.used, 3);
	assert_int_equal(left.reusable, 1);
	assert_int_equal(left.usable, 5); /* 1005 to 1009 */
	assert_int_equal(left.cliff_capacity, 3); /* 1004, 1006, 1008 */
	assert_int_equal(left.cliff_usable, 2);
	assert_int_equal(tally.outside, 2);
}

/* Against ports that are looked at one by one, at random. */
static void random_worlds(void **state)
{
	uint64_t seed = 11;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct port_range range = { .low = 1000 + unit_random(&seed) % 50, .whole = unit_random(&seed) % 4 == 0 };
		uint32_t usable = 0, cliff = 0, used = 0, capacity = 0;
		struct port_tally tally = {};
		struct port_space space;
		struct headroom left;

		range.high = range.low + unit_random(&seed) % 200;
		sets_clear();
		for (uint32_t port = 990; port < 1300; port++) {
			if (unit_random(&seed) % 5 == 0)
				port_set_add(&reserved, port);
			if (unit_random(&seed) % 4 == 0)
				port_set_add(&blocked, port);
		}
		port_space_init(&space, range, &reserved, &blocked);
		for (uint32_t port = 990; port < 1300; port++) {
			bool in_use = unit_random(&seed) % 3 == 0, reusable = unit_random(&seed) % 3 == 0, found;

			if (in_use)
				port_tally_add(&tally, &space, port, reusable);
			if (port < range.low || port > range.high || port_set_has(&reserved, port))
				continue;
			used += in_use;
			capacity += in_use || !port_set_has(&blocked, port);
			found = !port_set_has(&blocked, port) && (!in_use || reusable);
			usable += found;
			cliff += found && (range.whole || port % 2 == range.low % 2);
		}
		headroom_of(&left, &space, &tally);
		assert_int_equal(left.used, used);
		assert_int_equal(left.capacity, capacity);
		assert_int_equal(left.usable, usable);
		assert_int_equal(left.cliff_usable, cliff);
		assert_int_equal(left.used + left.usable - left.reusable, left.capacity);
	}
}

static void own_ranges(void **state)
{
	static const struct {
		uint16_t own_low, own_high, low, high;
	} cases[] = {
		{ 0, 0, 40000, 40199 },	       { 40050, 40099, 40050, 40099 }, { 39000, 40099, 40000, 40099 },
		{ 40150, 0, 40150, 40199 },    { 0, 40150, 40000, 40150 },     { 100, 200, 40000, 40199 },
		{ 40150, 50000, 40150, 40199 },
	};
	struct port_settings settings = { .low = 40000, .high = 40199, .flags = PORTS_OWN_RANGE_WHOLE };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct port_range range = port_range_of(&settings, cases[i].own_low, cases[i].own_high);

		assert_int_equal(range.low, cases[i].low);
		assert_int_equal(range.high, cases[i].high);
		assert_int_equal(range.whole, cases[i].own_low || cases[i].own_high);
	}
	settings.flags = 0;
	assert_false(port_range_of(&settings, 40050, 40099).whole);
}

static void addr_of(uint8_t bytes[16], const char *text)
{
	memset(bytes, 0, 16);
	if (!strcmp(text, "::1")) {
		bytes[15] = 1;
	} else if (!strcmp(text, "fd00::1")) {
		bytes[0] = 0xfd;
		bytes[15] = 1;
	} else {
		unsigned int a, b, c, d;

		bytes[10] = bytes[11] = 0xff;
		assert_int_equal(sscanf(text, "%u.%u.%u.%u", &a, &b, &c, &d), 4);
		bytes[12] = a, bytes[13] = b, bytes[14] = c, bytes[15] = d;
	}
}

static void reuse_of_time_wait(void **state)
{
	static const struct {
		uint8_t reuse, flags;
		const char *local, *remote;
		bool timestamps, fin_wait2;
		uint64_t since, from; /* ns; from 0: never */
	} cases[] = {
		{ 0, 0, "127.0.0.1", "127.0.0.1", true, false, 5 * SEC, 0 },
		{ 1, 0, "10.1.1.1", "10.2.2.2", true, false, 5 * SEC + 7, 6 * SEC + 7 },
		{ 1, PORTS_REUSE_BY_SECOND, "10.1.1.1", "10.2.2.2", true, false, 5 * SEC + 999, 6 * SEC },
		{ 1, PORTS_REUSE_BY_SECOND, "10.1.1.1", "10.2.2.2", true, false, 5 * SEC, 6 * SEC },
		{ 1, 0, "10.1.1.1", "10.2.2.2", false, false, 5 * SEC, 0 },
		{ 1, 0, "10.1.1.1", "10.2.2.2", true, true, 5 * SEC, 0 },
		{ 1, PORTS_REUSE_FIN_WAIT2, "10.1.1.1", "10.2.2.2", true, true, 5 * SEC, 6 * SEC },
		{ 2, 0, "10.1.1.1", "10.2.2.2", true, false, 5 * SEC, 0 },
		{ 2, 0, "127.0.0.1", "127.9.9.9", true, false, 5 * SEC, 6 * SEC },
		{ 2, 0, "10.1.1.1", "127.0.0.1", true, false, 5 * SEC, 6 * SEC },
		{ 2, 0, "127.0.0.1", "10.1.1.1", true, false, 5 * SEC, 6 * SEC },
		{ 2, 0, "::1", "::1", true, false, 5 * SEC, 6 * SEC },
		{ 2, 0, "fd00::1", "fd00::1", true, false, 5 * SEC, 0 },
		{ 2, 0, "128.0.0.1", "126.255.0.1", true, false, 5 * SEC, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct port_settings settings = { .tw_reuse = cases[i].reuse, .flags = cases[i].flags,
							.tw_reuse_delay_ms = 1000 };
		uint8_t local[16], remote[16];
		const struct time_wait_facts facts = { .local_addr = local, .remote_addr = remote,
						       .timestamps = cases[i].timestamps,
						       .in_fin_wait2 = cases[i].fin_wait2, .since_ns = cases[i].since };

		addr_of(local, cases[i].local);
		addr_of(remote, cases[i].remote);
		assert_true(time_wait_reusable_ns(&settings, &facts) == (cases[i].from ?: UINT64_MAX));
	}
}

static void pools(void **state)
{
	struct bind_pool pool;

	(void)state;
	sets_clear();
	port_set_add(&reserved, 40001);
	port_set_add(&blocked, 40001);
	port_set_add(&blocked, 40002);
	port_set_add(&blocked, 50000);
	bind_pool_of(&pool, (struct port_range){ 40000, 40010, false }, &reserved, &blocked);
	assert_int_equal(pool.capacity, 10);
	assert_int_equal(pool.used, 1);
	assert_int_equal(pool.usable, 9);
	assert_true(pool.odd);
	bind_pool_of(&pool, (struct port_range){ 40000, 40000, false }, &empty, &empty);
	assert_int_equal(pool.usable, 1);
	assert_false(pool.odd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_alone),      cmocka_unit_test(each_port_counts_once),
		cmocka_unit_test(random_worlds),      cmocka_unit_test(own_ranges),
		cmocka_unit_test(reuse_of_time_wait), cmocka_unit_test(pools),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
