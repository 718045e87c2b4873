// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* More processes than a destination has room for: those of one name stand for each other, and nobody is lost who has most. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "ports/destination.h"
#include "util/tcp_state.h"

/* Processes below 10,000 are of a program that is started for each request. */
static bool alike(const void *context, uint32_t a, uint32_t b)
{
	(void)context;
	return a < 10000 && b < 10000;
}

static void hold(struct port_holders *holders, uint32_t process, uint8_t state)
{
	process = port_holders_stand_in(holders, process, state, alike, NULL);
	assert_int_equal(port_holders_add(holders, process, state, 1), 0);
}

static uint64_t count_of(const struct port_holders *holders, bool crowd, uint8_t state)
{
	uint64_t count = 0;
	uint32_t i;

	for (i = 0; i < holders->used; i++)
		if (holders->list[i].state == state && (holders->list[i].process < 10000) == crowd)
			count += holders->list[i].count;
	return count;
}

static void crowd_leaves_room_for_others(void **state)
{
	struct port_holders holders = {};
	uint32_t i;

	(void)state;
	for (i = 0; i < 500; i++)
		hold(&holders, 1 + i, STATE_TIME_WAIT);
	for (i = 0; i < 900; i++)
		hold(&holders, 10001, STATE_ESTABLISHED);
	for (i = 0; i < 500; i++)
		hold(&holders, 1001 + i, i & 1 ? STATE_TIME_WAIT : STATE_FIN_WAIT2);
	assert_int_equal(count_of(&holders, true, STATE_TIME_WAIT), 750);
	assert_int_equal(count_of(&holders, true, STATE_FIN_WAIT2), 250);
	assert_int_equal(count_of(&holders, false, STATE_ESTABLISHED), 900);
	assert_int_equal(holders.others, 0);
	port_holders_sort(&holders);
	assert_true(holders.list[0].process == 10001 && !holders.list[0].more);
	free(holders.list);
}

/* Of as many programs as there is room for, and one more. */
static void different_ones_are_counted_apart(void **state)
{
	struct port_holders holders = {};
	uint32_t i;

	(void)state;
	for (i = 0; i < 70; i++)
		hold(&holders, 10001 + i, STATE_TIME_WAIT);
	assert_true(holders.used == 64 && holders.others == 6);
	free(holders.list);
}

static void fail_often(struct port_victim *victims, unsigned int *count, const char *comm, uint32_t pid, unsigned int times)
{
	struct process process = { .start_ns = pid, .pid = pid };

	snprintf(process.comm, sizeof(process.comm), "%s", comm);
	while (times--)
		assert_true(port_victims_add(victims, count, &process, pid));
}

static void victims_of_one_name_stand_for_each_other(void **state)
{
	struct port_victim victims[VICTIMS_MAX];
	unsigned int count = 0, i;
	uint64_t failures = 0;

	(void)state;
	for (i = 1; i <= 40; i++)
		fail_often(victims, &count, "curl", i, 1);
	fail_often(victims, &count, "batch", 100, 7);
	for (i = 101; i <= 140; i++)
		fail_often(victims, &count, "curl", i, 1);
	for (i = 0; i < count; i++) {
		if (!strcmp(victims[i].process.comm, "batch"))
			assert_true(victims[i].failures == 7 && !victims[i].more);
		else
			failures += victims[i].failures;
	}
	assert_int_equal(failures, 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crowd_leaves_room_for_others),
		cmocka_unit_test(different_ones_are_counted_apart),
		cmocka_unit_test(victims_of_one_name_stand_for_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
