// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is wrong with a row: each trouble alone, just before it is one and just after, and the worst first. */
#include "unit.h"

#include <errno.h>

#include "account/ranking.h"
#include "util/tcp_state.h"

#define SECOND 1000000000ULL
#define BEGIN (1000 * SECOND)

static struct model *model;
static struct ranking ranking;
static uint64_t next_id;

static struct event event_of(unsigned int type, unsigned int state, unsigned int process, uint64_t now_ns)
{
	static const struct container nowhere;
	struct event event = { .container = &nowhere };

	event.record = (struct transition){ .type = type, .id = ++next_id, .time_ns = now_ns, .old_state = state,
					    .new_state = state, .side = SIDE_ACTIVE };
	event.record.owner = (struct process){ .start_ns = SECOND, .pid = process, .ns_pid = process };
	snprintf(event.record.owner.comm, sizeof(event.record.owner.comm), "p%u", process);
	event.record.endpoint.netns = 1;
	event.record.endpoint.remote_port = 443;
	memset(event.record.endpoint.remote_addr + 10, 0xff, 2);
	return event;
}

static void address(struct event *event, unsigned int number)
{
	event->record.endpoint.remote_addr[12] = 10;
	event->record.endpoint.remote_addr[14] = number >> 8;
	event->record.endpoint.remote_addr[15] = number;
}

/* A socket that is in a state since then, to this address. */
static void tell(unsigned int process, unsigned int state, unsigned int to, uint64_t since_ns, uint64_t now_ns)
{
	struct event event = event_of(RECORD_PRESENT, state, process, now_ns);
	struct present present = {};

	address(&event, to);
	event.record.since_ns = since_ns;
	event.present = &present;
	model_event(model, &event);
}

static void close_wait(unsigned int process, uint64_t since_ns)
{
	struct event event = event_of(RECORD_SOCKET, STATE_CLOSE_WAIT, process, BEGIN);

	event.record.since_ns = since_ns;
	model_event(model, &event);
}

static void listens_since(unsigned int process, unsigned int depth, unsigned int closed, unsigned int backlog, uint64_t oldest_ns)
{
	struct event event = event_of(RECORD_LISTENER, STATE_LISTEN, process, BEGIN);
	struct listener_facts facts = { .depth = depth, .closed = closed, .backlog = backlog, .oldest_ns = oldest_ns };

	event.record.endpoint.remote_port = 0;
	event.listener = &facts;
	model_event(model, &event);
}

static void listens(unsigned int process, unsigned int depth, unsigned int backlog)
{
	listens_since(process, depth, 0, backlog, 0);
}

static void fails(unsigned int process, int error, unsigned int to)
{
	struct event event = event_of(RECORD_CONNECT_FAILED, STATE_SYN_SENT, process, BEGIN);

	address(&event, to);
	event.record.error = error;
	model_event(model, &event);
}

static const struct ranking_row *row_of(unsigned int process, uint64_t now_ns)
{
	struct process found;

	assert_int_equal(ranking_measure(&ranking, model, GROUP_PROCESS, now_ns, true), 0);
	ranking_sort(&ranking, MEASURE_TROUBLE, false);
	for (size_t i = 0; i < ranking.count; i++)
		if (group_process(ranking.rows[i].group, 0, &found) && found.pid == process)
			return &ranking.rows[i];
	fail_msg("there is no row of %u", process);
	return NULL;
}

static unsigned int trouble_at(unsigned int process, uint64_t now_ns)
{
	return row_of(process, now_ns)->trouble.kind;
}

static int setup(void **state)
{
	struct model_config config = { .states = 1U << STATE_TIME_WAIT | 1U << STATE_CLOSE_WAIT,
				       .followed = 1U << STATE_CLOSE_WAIT,
				       .groupings = { GROUP_PROCESS },
				       .n_groupings = 1 };

	(void)state;
	model = model_new(&config);
	ranking_init(&ranking);
	return model ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	ranking_release(&ranking);
	model_free(model);
	return 0;
}

static void close_wait_gets_worse_with_time(void **state)
{
	(void)state;
	close_wait(7, BEGIN);
	assert_int_equal(trouble_at(7, BEGIN + 9 * SECOND), TROUBLE_NONE);
	assert_int_equal(trouble_at(7, BEGIN + 10 * SECOND), TROUBLE_CLOSE_WAIT);
	assert_int_equal(trouble_at(7, BEGIN + 59 * SECOND), TROUBLE_CLOSE_WAIT);
	assert_int_equal(trouble_at(7, BEGIN + 60 * SECOND), TROUBLE_LEAK);
}

/* A client closes before it is accepted. */
static void gives_up(unsigned int process, uint64_t since_ns)
{
	struct event event;
	struct present present = {};

	close_wait(process, since_ns);
	event = event_of(RECORD_PRESENT, STATE_CLOSE_WAIT, process, BEGIN);
	event.record.id = --next_id; /* the same socket */
	event.record.side = SIDE_PASSIVE;
	event.record.since_ns = since_ns;
	event.record.flags = FLAG_IN_ACCEPT_QUEUE;
	event.record.endpoint.local_port = 8000;
	event.present = &present;
	model_event(model, &event);
}

/* What the program has never got it can't have leaked; what it has beside that it can. */
static void clients_that_gave_up_are_no_leak(void **state)
{
	const struct ranking_row *row;

	(void)state;
	for (unsigned int i = 0; i < 5; i++)
		gives_up(7, BEGIN + i * SECOND);
	assert_int_equal(trouble_at(7, BEGIN + 9 * SECOND), TROUBLE_NONE);
	row = row_of(7, BEGIN + 70 * SECOND);
	assert_int_equal(row->trouble.kind, TROUBLE_GAVE_UP);
	assert_int_equal(row->survey->gave_up.sockets, 5);
	assert_true(row->survey->gave_up.since_ns == BEGIN);
	assert_int_equal(row->survey->gave_up.port, 8000);
	next_id += 100;
	close_wait(7, BEGIN);
	assert_int_equal(trouble_at(7, BEGIN + 70 * SECOND), TROUBLE_LEAK);
}

static void a_queue_is_full_when_it_is_over_its_backlog(void **state)
{
	(void)state;
	listens(7, 8, 8);
	listens(8, 9, 8);
	listens(8, 0, 100);
	assert_int_equal(trouble_at(7, BEGIN), TROUBLE_NONE);
	assert_int_equal(trouble_at(8, BEGIN), TROUBLE_QUEUE_FULL);
	assert_int_equal(row_of(8, BEGIN)->survey->queue.facts.depth, 9);
}

/* Nobody accepts, and the queue has much room. */
static void clients_that_wait_long_are_told(void **state)
{
	(void)state;
	listens_since(7, 3, 0, 4096, BEGIN);
	listens_since(8, 2, 0, 4096, BEGIN);
	listens_since(9, 5, 3, 4096, BEGIN);
	assert_int_equal(trouble_at(7, BEGIN + 9 * SECOND), TROUBLE_NONE);
	assert_int_equal(trouble_at(7, BEGIN + 10 * SECOND), TROUBLE_QUEUE_WAITS);
	assert_int_equal(trouble_at(8, BEGIN + 60 * SECOND), TROUBLE_NONE);
	assert_int_equal(trouble_at(9, BEGIN + 60 * SECOND), TROUBLE_NONE);
}

static void unanswered_connects_are_told_by_number_or_age(void **state)
{
	const struct ranking_row *row;

	(void)state;
	for (unsigned int i = 0; i < 200; i++)
		tell(7, STATE_SYN_SENT, i, BEGIN, BEGIN);
	tell(8, STATE_SYN_SENT, 1, BEGIN, BEGIN);
	assert_int_equal(trouble_at(7, BEGIN + SECOND), TROUBLE_NONE);
	assert_int_equal(trouble_at(7, BEGIN + 2 * SECOND), TROUBLE_NO_ANSWER);
	row = row_of(7, BEGIN + 2 * SECOND);
	assert_int_equal(row->survey->unanswered.addresses, 200);
	assert_int_equal(row->value[MEASURE_SYN_SENT_NOW], 200);
	assert_int_equal(trouble_at(8, BEGIN + 2 * SECOND), TROUBLE_NONE);
	assert_int_equal(trouble_at(8, BEGIN + 10 * SECOND), TROUBLE_NO_ANSWER);
}

static void failures_are_news_for_ten_seconds(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 5; i++)
		fails(7, ECONNREFUSED, 1);
	fails(8, EADDRNOTAVAIL, 1);
	assert_int_equal(trouble_at(7, BEGIN + 9 * SECOND), TROUBLE_REFUSED);
	assert_int_equal(trouble_at(8, BEGIN + 9 * SECOND), TROUBLE_NO_PORT);
	assert_int_equal(trouble_at(7, BEGIN + 11 * SECOND), TROUBLE_NONE);
	assert_int_equal(failure_addresses(&row_of(7, BEGIN)->group->failures->of[CONNECT_REFUSED]), 1);
}

static void addresses_of_failures_are_about_right(void **state)
{
	static const unsigned int counts[] = { 2, 10, 200, 2000 };

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		for (unsigned int to = 0; to < 3 * counts[i]; to++)
			fails(20 + i, ECONNREFUSED, to % counts[i]);
		uint32_t found = failure_addresses(&row_of(20 + i, BEGIN)->group->failures->of[CONNECT_REFUSED]);

		assert_true(found * 10 >= counts[i] * 9 && found * 10 <= counts[i] * 11);
	}
}

static void a_crowd_and_its_network(void **state)
{
	const struct ranking_row *row;

	(void)state;
	for (unsigned int i = 0; i < 600; i++)
		tell(7, STATE_ESTABLISHED, i, BEGIN, BEGIN);
	tell(8, STATE_ESTABLISHED, 1, BEGIN, BEGIN);
	row = row_of(7, BEGIN);
	assert_int_equal(row->trouble.kind, TROUBLE_CROWD);
	assert_int_equal(row->survey->addresses, 600);
	assert_int_equal(row->survey->network.sockets, 256);
	assert_int_equal(row->survey->network.bits, 120);
	assert_int_equal(trouble_at(8, BEGIN), TROUBLE_NONE);
}

/* The worst row first, and a row's other troubles are not forgotten. */
static void the_worst_comes_first(void **state)
{
	struct process first;

	(void)state;
	for (unsigned int i = 0; i < 600; i++)
		tell(1, STATE_ESTABLISHED, i, BEGIN, BEGIN);
	close_wait(2, BEGIN - 100 * SECOND);
	listens(3, 9, 8);
	fails(3, ECONNREFUSED, 1);
	fails(4, ECONNREFUSED, 1);
	assert_int_equal(row_of(3, BEGIN)->trouble.also, 1U << TROUBLE_QUEUE_FULL | 1U << TROUBLE_REFUSED);
	for (unsigned int i = 0; i < 4; i++) {
		static const unsigned int order[] = { 2, 3, 4, 1 };

		assert_true(group_process(ranking.rows[i].group, 0, &first));
		assert_int_equal(first.pid, order[i]);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(close_wait_gets_worse_with_time),
		TEST(clients_that_gave_up_are_no_leak),
		TEST(a_queue_is_full_when_it_is_over_its_backlog),
		TEST(clients_that_wait_long_are_told),
		TEST(unanswered_connects_are_told_by_number_or_age),
		TEST(failures_are_news_for_ten_seconds),
		TEST(addresses_of_failures_are_about_right),
		TEST(a_crowd_and_its_network),
		TEST(the_worst_comes_first),
	};

	return cmocka_run_group_tests_name("trouble", tests, NULL, NULL);
}
