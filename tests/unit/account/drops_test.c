// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which of the drops that listening sockets tell of are SYNs and connections: as many as their namespace counts, and no more. */
#include "unit.h"

#include "account/model.h"
#include "util/tcp_state.h"

#define SECOND 1000000000ULL

static struct model *model;
static uint64_t now_ns;

static int begin(void **state)
{
	struct model_config config = { .states = 1U << STATE_TIME_WAIT, .n_groupings = 1, .groupings = { GROUP_PORT } };

	(void)state;
	now_ns = 1000 * SECOND;
	model = model_new(&config);
	return model ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	model_free(model);
	return 0;
}

static void tell(struct event *event, unsigned int type, uint64_t id)
{
	static const struct container nowhere;

	event->container = &nowhere;
	event->record.type = type;
	event->record.id = id;
	event->record.time_ns = now_ns;
	event->record.endpoint.netns = 1;
	event->record.endpoint.local_port = 8000 + id;
	event->record.old_state = event->record.new_state = type == RECORD_LISTENER ? STATE_LISTEN : 0;
	model_event(model, event);
}

/* The kernel's numbers, and of them what is new. */
static void tell_listener(uint64_t id, uint64_t drops, uint64_t grown, bool full)
{
	struct listener_facts facts = { .backlog = 4, .depth = full ? 5 : 0, .drops = drops, .new_drops = grown };
	struct event event = { .listener = &facts };

	tell(&event, RECORD_LISTENER, id);
}

static void tell_namespace(uint64_t total, uint64_t grown)
{
	struct namespace_facts facts = { .counters[NS_LISTEN_DROPS] = { .known = NS_KNOWN, .total = total, .grown = grown } };
	struct event event = { .namespace = &facts };

	tell(&event, RECORD_NAMESPACE, 0);
}

/* An interval is over; sockets were looked at last `ago_ns` ago. */
static void settle_late(uint64_t ago_ns)
{
	model_settle(model, now_ns - ago_ns);
	now_ns += SECOND;
}

/* A look is over. */
static void settle(void)
{
	settle_late(0);
}

static void assert_drops(uint64_t id, uint64_t drops, uint64_t grown)
{
	const struct listening_socket *listener = model_listener_find(model, id);

	assert_non_null(listener);
	assert_int_equal(listener->now.drops, drops);
	assert_int_equal(listener->now.new_drops, grown);
}

static void test_resets_are_none(void **state)
{
	(void)state;
	tell_namespace(1000, 0);
	tell_listener(1, 7, 0, false);
	settle();
	tell_listener(1, 27, 20, false);
	settle();
	assert_drops(1, 7, 0);
	assert_int_equal(model->present_counts.accept_drops, 0);
	/* Nor do they become some when the namespace counts another's, much later. */
	now_ns += 60 * SECOND;
	tell_namespace(1005, 5);
	settle();
	assert_drops(1, 7, 0);
}

/* One connection that finds the queue full counts twice at the socket. */
static void test_counted_twice(void **state)
{
	(void)state;
	tell_namespace(0, 0);
	tell_listener(1, 0, 0, false);
	settle();
	tell_namespace(6, 6);
	tell_listener(1, 12, 12, true);
	settle();
	assert_drops(1, 6, 6);
	tell_namespace(7, 7);
	tell_listener(1, 14, 14, true);
	settle();
	assert_drops(1, 7, 7);
	assert_int_equal(model->present_counts.accept_drops, 7);
}

/* The namespace is looked at first: what came between the two is counted with the next look. */
static void test_between_the_looks(void **state)
{
	(void)state;
	tell_namespace(0, 0);
	tell_listener(1, 0, 0, false);
	settle();
	tell_listener(1, 3, 3, true);
	settle();
	assert_drops(1, 0, 0);
	tell_namespace(3, 3);
	settle();
	assert_drops(1, 3, 3);
}

/* The two looks drift apart, and an interval ends between them: another that grew does not get what is the full one's. */
static void test_sockets_come_later(void **state)
{
	(void)state;
	tell_namespace(0, 0);
	tell_listener(1, 0, 0, false);
	tell_listener(2, 0, 0, true);
	settle();
	tell_listener(1, 20, 20, false);
	settle();
	tell_namespace(5, 5);
	settle_late(SECOND / 2);
	assert_drops(1, 0, 0);
	tell_listener(2, 5, 5, true);
	settle();
	assert_drops(2, 5, 5);
	assert_drops(1, 0, 0);
	assert_int_equal(model->present_counts.accept_drops, 5);
}

/* Drops that never end, and each interval ends after a look at the namespace: they are told with the next look at the sockets. */
static void test_goes_on(void **state)
{
	(void)state;
	tell_namespace(0, 0);
	tell_listener(1, 0, 0, true);
	settle();
	for (uint64_t i = 1; i <= 20; i++) {
		tell_listener(1, 2 * i - 1, 2 * i - 1, true);
		now_ns += SECOND / 2;
		tell_namespace(2 * i, 2 * i);
		settle_late(SECOND / 2);
		assert_drops(1, 2 * (i - 1), 2 * (i - 1));
	}
	/* A look that found nothing new is one too. */
	settle();
	assert_drops(1, 39, 39);
}

/* Where a look at all sockets costs much they are looked at much less often than their namespace. */
static void test_looks_far_apart(void **state)
{
	(void)state;
	tell_namespace(0, 0);
	tell_listener(1, 0, 0, false);
	settle();
	tell_namespace(4, 4);
	settle_late(SECOND);
	now_ns += 18 * SECOND;
	tell_namespace(6, 6);
	settle_late(20 * SECOND);
	now_ns += 20 * SECOND;
	tell_listener(1, 12, 12, true);
	settle();
	assert_drops(1, 6, 6);
	assert_int_equal(model->present_counts.accept_drops, 6);
	/* Long after that look, what it told is past: RSTs are none of it. */
	now_ns += 40 * SECOND;
	tell_listener(1, 32, 32, false);
	settle();
	assert_drops(1, 6, 6);
}

/* The listener tells before its namespace does, and the next look, which finds nothing new, is far away. */
static void test_looks_far_apart_sockets_first(void **state)
{
	(void)state;
	tell_namespace(0, 0);
	tell_listener(1, 0, 0, false);
	settle();
	tell_listener(1, 12, 12, true);
	settle();
	tell_namespace(6, 6);
	settle_late(SECOND);
	assert_drops(1, 0, 0);
	now_ns += 40 * SECOND;
	tell_namespace(6, 6);
	settle();
	assert_drops(1, 6, 6);
}

/* Drops of a socket that is gone are not those of another that gets RSTs two looks later. */
static void test_looks_far_apart_of_others(void **state)
{
	(void)state;
	tell_namespace(0, 0);
	tell_listener(1, 0, 0, false);
	settle();
	tell_namespace(6, 6);
	now_ns += 40 * SECOND;
	tell_namespace(6, 6);
	settle();
	now_ns += 40 * SECOND;
	tell_listener(1, 20, 20, false);
	settle();
	assert_drops(1, 0, 0);
}

/* A recording from before it was told when sockets were looked at. */
static void test_looks_not_told(void **state)
{
	(void)state;
	tell_namespace(0, 0);
	tell_listener(1, 3, 3, true);
	tell_namespace(3, 3);
	model_settle(model, 0);
	assert_drops(1, 3, 3);
}

static void test_of_several(void **state)
{
	(void)state;
	tell_namespace(0, 0);
	for (uint64_t id = 1; id <= 3; id++)
		tell_listener(id, 0, 0, false);
	settle();
	tell_namespace(10, 10);
	tell_listener(1, 500, 500, false);
	tell_listener(2, 8, 8, true);
	tell_listener(3, 1, 1, false);
	settle();
	assert_drops(2, 8, 8);
	assert_drops(1, 2, 2);
	assert_drops(3, 0, 0);
	assert_int_equal(model->present_counts.accept_drops, 10);
}

/* Of a namespace that was not looked at nothing is claimed. */
static void test_unknown_namespace(void **state)
{
	(void)state;
	tell_listener(1, 9, 9, true);
	settle();
	assert_drops(1, LISTENER_NOT_KNOWN, LISTENER_NOT_KNOWN);
	assert_int_equal(model->present_counts.accept_drops, 0);
	/* It is new as the listener is: all that it counted may be the listener's. But what it counted is for these alone. */
	tell_namespace(4, 0);
	settle();
	assert_drops(1, 4, 4);
	tell_listener(1, 19, 19, true);
	settle();
	assert_drops(1, 4, 4);
}

/* Of two listeners that are known before their namespace, the one that is full tells of its drops later than the other of its RSTs. */
static void test_unknown_namespace_sockets_come_later(void **state)
{
	(void)state;
	tell_listener(1, 0, 0, false);
	tell_listener(2, 0, 0, true);
	settle();
	tell_listener(1, 20, 20, false);
	settle();
	tell_namespace(5, 0);
	settle_late(SECOND / 2);
	assert_drops(1, 0, 0);
	tell_listener(2, 5, 5, true);
	settle();
	assert_drops(2, 5, 5);
	assert_drops(1, 0, 0);
	assert_int_equal(model->present_counts.accept_drops, 5);
}

/* A namespace that counts on while it waits for that look. */
static void test_unknown_namespace_goes_on(void **state)
{
	(void)state;
	tell_listener(1, 6, 6, true);
	settle();
	tell_namespace(4, 0);
	tell_namespace(7, 3);
	settle_late(SECOND / 2);
	assert_drops(1, 0, 0);
	tell_listener(1, 9, 9, true);
	settle();
	assert_drops(1, 7, 7);
	/* What is left of what it counted before is nobody's. */
	tell_listener(1, 20, 20, true);
	settle();
	assert_drops(1, 7, 7);
}

/* A file of a recording that begins in the middle of the run: what was told before is told at once. */
static void test_begins_in_the_middle(void **state)
{
	(void)state;
	tell_namespace(105, 5);
	tell_listener(1, 110, 10, true);
	settle();
	assert_drops(1, 105, 5);
}

static void test_not_known(void **state)
{
	(void)state;
	tell_namespace(0, 0);
	tell_listener(1, LISTENER_NOT_KNOWN, LISTENER_NOT_KNOWN, true);
	settle();
	assert_drops(1, LISTENER_NOT_KNOWN, LISTENER_NOT_KNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_resets_are_none, begin, end),
		cmocka_unit_test_setup_teardown(test_counted_twice, begin, end),
		cmocka_unit_test_setup_teardown(test_between_the_looks, begin, end),
		cmocka_unit_test_setup_teardown(test_sockets_come_later, begin, end),
		cmocka_unit_test_setup_teardown(test_goes_on, begin, end),
		cmocka_unit_test_setup_teardown(test_looks_far_apart, begin, end),
		cmocka_unit_test_setup_teardown(test_looks_far_apart_sockets_first, begin, end),
		cmocka_unit_test_setup_teardown(test_looks_far_apart_of_others, begin, end),
		cmocka_unit_test_setup_teardown(test_looks_not_told, begin, end),
		cmocka_unit_test_setup_teardown(test_of_several, begin, end),
		cmocka_unit_test_setup_teardown(test_unknown_namespace, begin, end),
		cmocka_unit_test_setup_teardown(test_unknown_namespace_sockets_come_later, begin, end),
		cmocka_unit_test_setup_teardown(test_unknown_namespace_goes_on, begin, end),
		cmocka_unit_test_setup_teardown(test_begins_in_the_middle, begin, end),
		cmocka_unit_test_setup_teardown(test_not_known, begin, end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
