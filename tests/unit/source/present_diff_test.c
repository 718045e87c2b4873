// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What of looks at all sockets is news: first seen, changed, settled, gone; nothing is told twice. */
#include "unit.h"

#include "source/present_diff.h"
#include "util/tcp_state.h"

#define SECOND 1000000000ULL
#define BEGIN_NS (1000 * SECOND)

static struct present_diff *diff;
static uint64_t now_ns;
static unsigned int told; /* since the look began */
static struct present last;
static struct listener_facts last_listener;
static struct transition last_record;

static void on_told(void *context, struct event *event)
{
	(void)context;
	told++;
	last_record = event->record;
	if (event->present)
		last = *event->present;
	if (event->listener)
		last_listener = *event->listener;
}

static int begin(void **state)
{
	(void)state;
	diff = present_diff_new(on_told, NULL);
	now_ns = BEGIN_NS;
	return diff ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	present_diff_free(diff);
	return 0;
}

static void look_at(uint64_t id, unsigned int state, const struct present *present, uint64_t who)
{
	struct transition record = { .id = id, .old_state = state, .new_state = state };

	told = 0;
	now_ns += SECOND;
	present_diff_begin(diff, now_ns);
	if (id)
		assert_int_equal(present_diff_socket(diff, &record, present, who), 0);
	assert_int_equal(present_diff_end(diff, true), 0);
}

static void test_told_once(void **state)
{
	const struct present present = { .keepalive = PRESENT_NO, .timer = PRESENT_TIMER_NONE };

	(void)state;
	look_at(7, STATE_ESTABLISHED, &present, 1);
	assert_int_equal(told, 1);
	assert_int_equal(last_record.type, RECORD_PRESENT);
	assert_int_equal(last_record.time_ns, now_ns);
	look_at(7, STATE_ESTABLISHED, &present, 1);
	assert_int_equal(told, 0);
	look_at(7, STATE_CLOSE_WAIT, &present, 1);
	assert_int_equal(told, 1);
	look_at(7, STATE_CLOSE_WAIT, &present, 2);
	assert_int_equal(told, 1);
	look_at(0, 0, NULL, 0);
	assert_int_equal(told, 1);
	assert_true(last.gone);
	assert_int_equal(last_record.id, 7);
	look_at(0, 0, NULL, 0);
	assert_int_equal(told, 0);
}

/* A look that was cut short says nothing of what it did not find. */
static void test_incomplete_look(void **state)
{
	const struct present present = {};

	(void)state;
	look_at(7, STATE_ESTABLISHED, &present, 1);
	told = 0;
	present_diff_begin(diff, now_ns);
	present_diff_end(diff, false);
	assert_int_equal(told, 0);
	look_at(7, STATE_ESTABLISHED, &present, 1);
	assert_int_equal(told, 0);
}

/* Queues of a stream are never the same twice; what stays in one is told. */
static void test_queues_settle(void **state)
{
	struct present present = {};

	(void)state;
	look_at(7, STATE_ESTABLISHED, &present, 1);
	present.rx_queue = 400;
	look_at(7, STATE_ESTABLISHED, &present, 1);
	assert_int_equal(told, 0);
	present.rx_queue = 0;
	look_at(7, STATE_ESTABLISHED, &present, 1);
	assert_int_equal(told, 0);
	present.rx_queue = 4000;
	look_at(7, STATE_ESTABLISHED, &present, 1);
	look_at(7, STATE_ESTABLISHED, &present, 1);
	assert_int_equal(told, 1);
	assert_int_equal(last.rx_queue, 4000);
	present.rx_queue = 4100;
	look_at(7, STATE_ESTABLISHED, &present, 1);
	assert_int_equal(told, 0);
	look_at(7, STATE_ESTABLISHED, &present, 1);
	assert_int_equal(told, 1);
	assert_int_equal(last.rx_queue, 4100);
	present.rx_queue = 90000;
	look_at(7, STATE_ESTABLISHED, &present, 1);
	assert_int_equal(last.rx_queue, 90000);
}

/* What it found at its first look is told as it is. */
static void test_first_look(void **state)
{
	const struct present present = { .rx_queue = 5, .tx_queue = 6, .unsent = 7, .timer = PRESENT_TIMER_PROBE };

	(void)state;
	look_at(7, STATE_CLOSE_WAIT, &present, 1);
	assert_int_equal(last.rx_queue, 5);
	assert_int_equal(last.tx_queue, 6);
	assert_int_equal(last.unsent, 7);
	assert_int_equal(last.timer, PRESENT_TIMER_PROBE);
}

/* Times are told when a socket has become idle, and then stay although they are computed anew from ticks. */
static void test_idle(void **state)
{
	struct present present = {};
	uint64_t received_ns;

	(void)state;
	present.received_ns = now_ns;
	look_at(7, STATE_ESTABLISHED, &present, 1);
	assert_int_equal(last.received_ns, 0);
	received_ns = now_ns;
	for (int i = 0; i < 5; i++) {
		present.received_ns = received_ns + i * 1000000;
		look_at(7, STATE_ESTABLISHED, &present, 1);
		assert_int_equal(told, 0);
	}
	look_at(7, STATE_ESTABLISHED, &present, 1);
	assert_int_equal(told, 1);
	assert_true(last.received_ns >= received_ns && last.received_ns < received_ns + SECOND);
	present.received_ns += 9000000;
	look_at(7, STATE_ESTABLISHED, &present, 1);
	assert_int_equal(told, 0);
	present.received_ns = now_ns;
	look_at(7, STATE_ESTABLISHED, &present, 1);
	assert_int_equal(told, 1);
	assert_int_equal(last.received_ns, 0);
}

static void look_at_listener(uint64_t id, const struct listener_facts *facts)
{
	struct transition record = { .id = id, .old_state = STATE_LISTEN, .new_state = STATE_LISTEN };

	told = 0;
	now_ns += SECOND;
	present_diff_begin(diff, now_ns);
	if (facts)
		assert_int_equal(present_diff_listener(diff, &record, facts, 1), 0);
	assert_int_equal(present_diff_end(diff, true), 0);
}

/* Drops from before the run are not the run's; those of a socket that came later are. */
static void test_drops(void **state)
{
	struct listener_facts facts = { .drops = 100, .backlog = 5 };

	(void)state;
	look_at_listener(3, &facts);
	assert_int_equal(last_listener.new_drops, 0);
	look_at_listener(3, &facts);
	assert_int_equal(told, 0);
	facts.drops = 103;
	look_at_listener(3, &facts);
	assert_int_equal(told, 1);
	assert_int_equal(last_listener.drops, 103);
	assert_int_equal(last_listener.new_drops, 3);
	facts.drops = 4;
	look_at_listener(9, &facts);
	assert_int_equal(told, 2); /* and the other is gone */
	look_at_listener(0, NULL);
	assert_true(last_listener.gone);
}

/*
 * Each time another connection waits in a short queue: that is told once, and that it is empty. What stays there, what fills it and what
 * it drops is news.
 */
static void test_calm(void **state)
{
	struct listener_facts facts = { .depth = 1, .backlog = 80, .oldest_ns = now_ns };
	unsigned int i;

	(void)state;
	present_diff_be_calm(diff);
	look_at_listener(3, &facts);
	assert_int_equal(told, 1);
	assert_int_equal(last_listener.oldest_ns, 0);
	for (i = 0; i < 3; i++) {
		facts.depth = i;
		facts.oldest_ns = i ? now_ns : 0;
		look_at_listener(3, &facts);
		assert_int_equal(told, !i);
	}
	look_at_listener(3, &facts); /* the same one still waits */
	assert_int_equal(told, 1);
	assert_int_equal(last_listener.depth, 2);
	assert_int_equal(last_listener.oldest_ns, facts.oldest_ns);
	look_at_listener(3, &facts);
	assert_int_equal(told, 0);
	facts.depth = 0;
	facts.oldest_ns = 0;
	look_at_listener(3, &facts); /* it does no longer */
	assert_int_equal(told, 1);
	assert_int_equal(last_listener.depth, 0);
	facts.drops = 1;
	look_at_listener(3, &facts);
	assert_int_equal(told, 1);
	facts.depth = 11;
	facts.oldest_ns = now_ns;
	look_at_listener(3, &facts);
	assert_int_equal(told, 1);
	assert_int_equal(last_listener.depth, 11);
	assert_int_equal(last_listener.oldest_ns, facts.oldest_ns);
	facts.depth = 1;
	look_at_listener(3, &facts);
	assert_int_equal(told, 1);
	facts.half_open = 70;
	look_at_listener(3, &facts);
	assert_int_equal(told, 1);
	facts.half_open = 0;
	facts.closed = 1;
	look_at_listener(3, &facts);
	assert_int_equal(told, 1);
}

/* Where there is little room, one that waits is much. */
static void test_calm_of_short_backlog(void **state)
{
	struct listener_facts facts = { .depth = 0, .backlog = 4 };

	(void)state;
	present_diff_be_calm(diff);
	look_at_listener(3, &facts);
	facts.depth = 1;
	facts.oldest_ns = now_ns;
	look_at_listener(3, &facts);
	assert_int_equal(told, 1);
	assert_int_equal(last_listener.oldest_ns, facts.oldest_ns);
}

/* What is told of a queue that was full once does not stay when it is empty, however much room there is. */
static void test_calm_after_a_burst(void **state)
{
	struct listener_facts facts = { .depth = 1000, .backlog = 4096, .oldest_ns = now_ns };

	(void)state;
	present_diff_be_calm(diff);
	look_at_listener(3, &facts);
	facts.depth = 500;
	facts.half_open = 500;
	facts.oldest_ns = now_ns;
	look_at_listener(3, &facts);
	assert_int_equal(last_listener.depth, 500);
	facts.depth = facts.half_open = 0;
	facts.oldest_ns = 0;
	look_at_listener(3, &facts);
	assert_int_equal(told, 1);
	assert_int_equal(last_listener.depth, 0);
	assert_int_equal(last_listener.half_open, 0);
	look_at_listener(3, &facts);
	assert_int_equal(told, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_told_once, begin, end),
		cmocka_unit_test_setup_teardown(test_incomplete_look, begin, end),
		cmocka_unit_test_setup_teardown(test_queues_settle, begin, end),
		cmocka_unit_test_setup_teardown(test_first_look, begin, end),
		cmocka_unit_test_setup_teardown(test_idle, begin, end),
		cmocka_unit_test_setup_teardown(test_drops, begin, end),
		cmocka_unit_test_setup_teardown(test_calm, begin, end),
		cmocka_unit_test_setup_teardown(test_calm_of_short_backlog, begin, end),
		cmocka_unit_test_setup_teardown(test_calm_after_a_burst, begin, end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
