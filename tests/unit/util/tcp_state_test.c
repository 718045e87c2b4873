// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* State names: the kernel's numbers, ss's spellings, and what is refused. */
#include "unit.h"

#include <errno.h>
#include <netinet/tcp.h>

#include "util/tcp_state.h"

static void numbers_are_the_kernels(void **state)
{
	(void)state;
	assert_int_equal(STATE_ESTABLISHED, TCP_ESTABLISHED);
	assert_int_equal(STATE_SYN_SENT, TCP_SYN_SENT);
	assert_int_equal(STATE_SYN_RECV, TCP_SYN_RECV);
	assert_int_equal(STATE_FIN_WAIT1, TCP_FIN_WAIT1);
	assert_int_equal(STATE_FIN_WAIT2, TCP_FIN_WAIT2);
	assert_int_equal(STATE_TIME_WAIT, TCP_TIME_WAIT);
	assert_int_equal(STATE_CLOSE, TCP_CLOSE);
	assert_int_equal(STATE_CLOSE_WAIT, TCP_CLOSE_WAIT);
	assert_int_equal(STATE_LAST_ACK, TCP_LAST_ACK);
	assert_int_equal(STATE_LISTEN, TCP_LISTEN);
	assert_int_equal(STATE_CLOSING, TCP_CLOSING);
}

static void names_come_back(void **state)
{
	(void)state;
	for (unsigned int number = 1; number < STATE_COUNT; number++)
		assert_int_equal(tcp_state_parse(tcp_state_name(number)), number);
	assert_string_equal(tcp_state_name(STATE_FIN_WAIT1), "FIN_WAIT1");
	assert_string_equal(tcp_state_name(0), "?");
	assert_string_equal(tcp_state_name(STATE_COUNT), "?");
	assert_string_equal(tcp_state_name(4000000000U), "?");
}

static void other_spellings(void **state)
{
	static const struct {
		const char *text;
		int number;
	} cases[] = {
		{"time-wait", STATE_TIME_WAIT},
		{"Time_Wait", STATE_TIME_WAIT},
		{"timewait", STATE_TIME_WAIT},
		{"close-wait", STATE_CLOSE_WAIT},
		{"close_wait", STATE_CLOSE_WAIT},
		{"fin-wait-1", STATE_FIN_WAIT1},
		{"FIN_WAIT_2", STATE_FIN_WAIT2},
		{"fin_wait2", STATE_FIN_WAIT2},
		{"estab", STATE_ESTABLISHED},
		{"established", STATE_ESTABLISHED},
		{"ESTAB", STATE_ESTABLISHED},
		{"syn-sent", STATE_SYN_SENT},
		{"syn-recv", STATE_SYN_RECV},
		{"listening", STATE_LISTEN},
		{"listen", STATE_LISTEN},
		{"last-ack", STATE_LAST_ACK},
		{"closing", STATE_CLOSING},
		{"closed", STATE_CLOSE},
		{"unconn", STATE_CLOSE},
		{"close", STATE_CLOSE},
		{"new-syn-recv", STATE_NEW_SYN_RECV},
	};
	static const char *const bad[] = {
		"", "-", "_", "-time-wait", "time wait", "time-waits", "fin-wait", "fin-wait-3", "6", "TIME", "all",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(tcp_state_parse(cases[i].text), cases[i].number);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(tcp_state_parse(bad[i]), -EINVAL);
}

static void lists(void **state)
{
	static const struct {
		const char *text, *names;
	} bad[] = {
		{"", "\"\""},
		{"CLOSE_WAIT,", "\"\""},
		{"CLOSE_WAIT,TIME_WEIGHT", "\"TIME_WEIGHT\""},
		{"a_name_that_is_longer_than_any_state_can_be", "\"a_name_that"},
	};
	uint32_t mask = 0;
	char error[512];

	(void)state;
	assert_int_equal(tcp_state_list_parse("CLOSE_WAIT,time-wait", &mask, error, sizeof(error)), 0);
	assert_int_equal(mask, 1 << 8 | 1 << 6);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(tcp_state_list_parse(bad[i].text, &mask, error, sizeof(error)), -EINVAL);
		unit_assert_contains(error, bad[i].names);
		for (unsigned int number = 1; number < STATE_COUNT; number++)
			unit_assert_contains(error, tcp_state_name(number));
	}
	assert_int_equal(mask, 1 << 8 | 1 << 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_the_kernels),
		cmocka_unit_test(names_come_back),
		cmocka_unit_test(other_spellings),
		cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests_name("tcp_state", tests, NULL, NULL);
}
