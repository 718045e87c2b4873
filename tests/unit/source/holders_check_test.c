// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* source/holders_check: which sockets wait, when it is looked who has them, what is news. */
#include "source/holders_check.h"

#include "unit.h"
#include "util/tcp_state.h"

#define MS 1000000ULL
#define START_NS (1000 * 1000 * MS)

/* What was told since the last look, by order. */
struct told {
	uint64_t id;
	struct held held;
};

static struct told told[64];
static size_t n_told;
static unsigned int hidden;

static void tell(void *context, uint64_t id, const struct held *held)
{
	(void)context;
	assert_true(n_told < ARRAY_SIZE(told));
	told[n_told++] = (struct told){ id, *held };
}

static const struct held *told_of(uint64_t id)
{
	size_t i;

	for (i = 0; i < n_told; i++)
		if (told[i].id == id)
			return &told[i].held;
	return NULL;
}

static struct holders_check *check_new(void)
{
	struct holders_check *check = holders_check_new(~0U);

	assert_non_null(check);
	n_told = 0;
	hidden = 0;
	return check;
}

static struct process process_of(uint32_t pid, const char *comm)
{
	struct process process = { .start_ns = pid * MS, .cgroup_id = 7, .pid = pid, .ns_pid = pid };

	snprintf(process.comm, sizeof(process.comm), "%s", comm);
	return process;
}

static void transition(struct holders_check *check, uint64_t id, unsigned int old_state, unsigned int new_state, uint64_t now_ns)
{
	struct transition record = {
		.type = RECORD_TRANSITION,
		.id = id,
		.old_state = old_state,
		.new_state = new_state,
		.time_ns = now_ns,
	};

	assert_int_equal(holders_check_event(check, &record), 0);
}

static void waits(struct holders_check *check, uint64_t id, uint64_t now_ns)
{
	transition(check, id, STATE_ESTABLISHED, STATE_CLOSE_WAIT, now_ns);
}

static void found(struct holders_check *check, uint32_t pid, const char *comm, int fd, unsigned int flags, uint64_t id)
{
	struct process process = process_of(pid, comm);

	assert_int_equal(holders_check_add(check, &process, fd, flags, &id, 1), 0);
}

static void look_begin(struct holders_check *check)
{
	n_told = 0;
	holders_check_begin(check, 0);
}

static void look_end(struct holders_check *check, uint64_t now_ns)
{
	holders_check_conclude(check, hidden, tell, NULL);
	holders_check_end(check, now_ns, MS);
}

static void assert_held(uint64_t id, uint32_t pid, uint32_t count, int fd, bool queued)
{
	const struct held *held = told_of(id);

	assert_non_null(held);
	assert_int_equal(held->process.pid, pid);
	assert_int_equal(held->count, count);
	assert_int_equal(held->fd, fd);
	assert_int_equal(held->queued, queued);
}

/* The look came by the listener's owner before the connection was in its queue, and by a child that has the listener too after that. */
static void test_queued_meanwhile(void **state)
{
	struct holders_check *check = check_new();

	(void)state;
	look_begin(check);
	waits(check, 1, START_NS);
	found(check, 20, "child", 3, HOLDER_QUEUED, 1);
	look_end(check, START_NS + MS);
	assert_null(told_of(1));
	look_begin(check);
	found(check, 10, "server", 3, HOLDER_QUEUED | HOLDER_IS_OWNER, 1);
	found(check, 20, "child", 3, HOLDER_QUEUED, 1);
	look_end(check, START_NS + 3000 * MS);
	assert_held(1, 10, 0, -1, true);
	look_begin(check);
	waits(check, 2, START_NS + 4000 * MS);
	found(check, 20, "child", 5, 0, 2);
	look_end(check, START_NS + 4000 * MS);
	assert_held(2, 20, 1, 5, false); /* a descriptor of its own is not in doubt */
	holders_check_free(check);
}

static void test_lowest_pid_holds(void **state)
{
	struct holders_check *check = check_new();

	(void)state;
	waits(check, 1, START_NS);
	look_begin(check);
	found(check, 30, "c", 5, 0, 1);
	found(check, 10, "a", 9, 0, 1);
	found(check, 10, "a", 8, 0, 1);
	found(check, 20, "b", 3, 0, 1);
	look_end(check, START_NS);
	assert_held(1, 10, 3, 8, false);
	holders_check_free(check);
}

static void test_owner_holds_while_among_them(void **state)
{
	struct holders_check *check = check_new();

	(void)state;
	waits(check, 1, START_NS);
	look_begin(check);
	found(check, 10, "a", 9, 0, 1);
	found(check, 20, "b", 4, HOLDER_IS_OWNER, 1);
	found(check, 20, "b", 3, HOLDER_IS_OWNER, 1);
	look_end(check, START_NS);
	assert_held(1, 20, 2, 3, false);
	look_begin(check);
	found(check, 10, "a", 9, 0, 1);
	look_end(check, START_NS);
	assert_held(1, 10, 1, 9, false);
	holders_check_free(check);
}

/* Threads with descriptors of their own: what is found of other processes may lie between. */
static void test_process_counts_once(void **state)
{
	struct holders_check *check = check_new();

	(void)state;
	waits(check, 1, START_NS);
	look_begin(check);
	found(check, 10, "a", 3, 0, 1);
	found(check, 20, "b", 3, 0, 1);
	found(check, 10, "a", 2, 0, 1);
	look_end(check, START_NS);
	assert_held(1, 10, 2, 2, false);
	holders_check_free(check);
}

static void test_only_news_is_told(void **state)
{
	struct holders_check *check = check_new();

	(void)state;
	waits(check, 1, START_NS);
	look_begin(check);
	found(check, 10, "a", 3, 0, 1);
	look_end(check, START_NS);
	assert_int_equal(n_told, 1);
	look_begin(check);
	found(check, 10, "a", 3, 0, 1);
	look_end(check, START_NS);
	assert_int_equal(n_told, 0);
	look_begin(check);
	found(check, 10, "renamed", 3, 0, 1);
	look_end(check, START_NS);
	assert_string_equal(told_of(1)->process.comm, "renamed");
	look_begin(check);
	found(check, 10, "renamed", 4, 0, 1);
	look_end(check, START_NS);
	assert_held(1, 10, 1, 4, false);
	holders_check_free(check);
}

static void test_queue_is_the_listeners(void **state)
{
	struct holders_check *check = check_new();

	(void)state;
	waits(check, 1, START_NS);
	waits(check, 2, START_NS);
	look_begin(check);
	found(check, 10, "worker", 3, HOLDER_QUEUED, 1);
	found(check, 20, "master", 3, HOLDER_QUEUED | HOLDER_IS_OWNER, 1);
	found(check, 10, "worker", 3, HOLDER_QUEUED, 2);
	found(check, 30, "other", 7, 0, 2); /* accepted while we looked */
	look_end(check, START_NS);
	assert_held(1, 20, 0, -1, true);
	assert_held(2, 30, 1, 7, false);
	holders_check_free(check);
}

static void test_nobody_is_told_after_a_second_look(void **state)
{
	struct holders_check *check = check_new();

	(void)state;
	waits(check, 1, START_NS);
	look_begin(check);
	look_end(check, START_NS);
	assert_int_equal(n_told, 0);
	assert_false(holders_check_is_due(check, START_NS + 249 * MS, 0));
	assert_true(holders_check_is_due(check, START_NS + 250 * MS, 0));
	look_begin(check);
	look_end(check, START_NS + 250 * MS);
	assert_int_equal(n_told, 1);
	assert_int_equal(told_of(1)->process.start_ns, 0);
	look_begin(check);
	look_end(check, START_NS + 500 * MS);
	assert_int_equal(n_told, 0);
	look_begin(check);
	found(check, 10, "a", 3, 0, 1);
	look_end(check, START_NS + 750 * MS);
	assert_held(1, 10, 1, 3, false);
	holders_check_free(check);
}

/* A look that begins before a socket comes to wait can't say that nobody has it. */
static void test_what_comes_meanwhile_is_not_missed(void **state)
{
	struct holders_check *check = check_new();
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		look_begin(check);
		waits(check, 1, START_NS);
		look_end(check, START_NS);
		assert_int_equal(n_told, 0);
		transition(check, 1, STATE_CLOSE_WAIT, STATE_CLOSE, START_NS);
	}
	assert_false(holders_check_waits(check));
	holders_check_free(check);
}

static void test_cut_queue_says_nothing_of_the_rest(void **state)
{
	struct transition record = { RECORD_SOCKET, .new_state = STATE_CLOSE_WAIT, .flags = FLAG_IN_ACCEPT_QUEUE, .id = 1 };
	struct holders_check *check = check_new();
	int i;

	(void)state;
	holders_check_event(check, &record);
	for (i = 0; i < 4; i++) {
		look_begin(check);
		holders_check_conclude(check, HOLDERS_IN_QUEUES, tell, NULL);
		holders_check_end(check, START_NS, MS);
	}
	assert_int_equal(n_told, 0);
	holders_check_free(check);
}

/* Accepted by a process that is not seen: it is known all the same that it does not wait any more. */
static void test_left_the_queue_to_a_hidden_process(void **state)
{
	struct transition record = { RECORD_SOCKET, .new_state = STATE_CLOSE_WAIT, .flags = FLAG_IN_ACCEPT_QUEUE, .id = 1 };
	struct holders_check *check = check_new();
	int i;

	(void)state;
	holders_check_event(check, &record);
	n_told = 0;
	for (i = 0; i < 2; i++) {
		assert_int_equal(n_told, 0);
		look_begin(check);
		holders_check_conclude(check, HOLDERS_IN_PROCESSES, tell, NULL);
		holders_check_end(check, START_NS, MS);
	}
	assert_held(1, 0, 0, -1, false);
	holders_check_free(check);
}

/* Of processes outside of our PID namespace nothing is found: only that one of ours let go is sure. */
static void test_not_all_processes_seen(void **state)
{
	struct holders_check *check = check_new();
	int i;

	(void)state;
	hidden = HOLDERS_IN_PROCESSES;
	waits(check, 1, START_NS);
	waits(check, 2, START_NS);
	look_begin(check);
	found(check, 10, "a", 3, 0, 1);
	look_end(check, START_NS);
	for (i = 0; i < 2; i++) {
		look_begin(check);
		look_end(check, START_NS);
	}
	assert_int_equal(n_told, 1);
	assert_int_equal(told_of(1)->process.start_ns, 0);
	holders_check_free(check);
}

static void test_orphans_are_expected(void **state)
{
	struct holders_check *check = check_new();
	int i;

	(void)state;
	transition(check, 1, STATE_FIN_WAIT1, STATE_FIN_WAIT2, START_NS);
	for (i = 0; i < 3; i++) {
		look_begin(check);
		look_end(check, START_NS);
		assert_int_equal(n_told, 0);
	}
	holders_check_free(check);
}

/* A hook told of accept() while the look was on: the look may have passed that process before. */
static void test_hook_is_newer_than_the_look(void **state)
{
	struct transition accepted = { .type = RECORD_HOLDER, .id = 1 };
	struct holders_check *check = check_new();

	(void)state;
	waits(check, 1, START_NS);
	look_begin(check);
	found(check, 10, "master", 3, HOLDER_QUEUED | HOLDER_IS_OWNER, 1);
	holders_check_event(check, &accepted);
	look_end(check, START_NS);
	assert_int_equal(n_told, 0);
	look_begin(check);
	found(check, 20, "worker", 5, HOLDER_IS_OWNER, 1);
	look_end(check, START_NS);
	assert_held(1, 20, 1, 5, false);
	holders_check_free(check);
}

/* Those that only a look at all sockets tells of are found with the others, and make no haste. */
static void test_calm_ones(void **state)
{
	struct transition established = { .type = RECORD_PRESENT, .id = 1, .new_state = STATE_ESTABLISHED };
	struct transition left = { .type = RECORD_TRANSITION, .id = 1, .old_state = STATE_CLOSE_WAIT, .new_state = STATE_LAST_ACK };
	struct holders_check *check = holders_check_new(1U << STATE_CLOSE_WAIT);

	(void)state;
	n_told = hidden = 0;
	assert_int_equal(holders_check_present(check, &established, false), 0);
	assert_true(holders_check_waits(check));
	assert_false(holders_check_is_urgent(check));
	look_begin(check);
	found(check, 10, "a", 3, 0, 1);
	look_end(check, START_NS);
	assert_held(1, 10, 1, 3, false);
	assert_false(holders_check_is_due(check, START_NS + 1999 * MS, 6)); /* a hint is not for them */
	assert_true(holders_check_is_due(check, START_NS + 2000 * MS, 6));
	transition(check, 1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, START_NS);
	assert_true(holders_check_is_urgent(check));
	holders_check_present(check, &established, true); /* events tell of its end */
	assert_true(holders_check_is_urgent(check));
	holders_check_event(check, &left);
	assert_false(holders_check_waits(check));
	holders_check_present(check, &established, false);
	holders_check_forget(check);
	assert_true(holders_check_waits(check));
	holders_check_present(check, &established, true);
	assert_false(holders_check_waits(check));
	holders_check_free(check);
}

/* A look at all sockets that comes after the holder was told has it told again, once; and so does one that finds another state. */
static void test_told_again_when_present(void **state)
{
	struct transition present = { .type = RECORD_PRESENT, .id = 1, .new_state = STATE_CLOSE_WAIT };
	struct holders_check *check = check_new();

	(void)state;
	waits(check, 1, START_NS);
	look_begin(check);
	found(check, 10, "a", 3, 0, 1);
	look_end(check, START_NS);
	assert_int_equal(n_told, 1);
	assert_int_equal(holders_check_present(check, &present, false), 0);
	look_begin(check);
	found(check, 10, "a", 3, 0, 1);
	look_end(check, START_NS);
	assert_held(1, 10, 1, 3, false);
	assert_int_equal(holders_check_present(check, &present, false), 0);
	look_begin(check);
	found(check, 10, "a", 3, 0, 1);
	look_end(check, START_NS);
	assert_int_equal(n_told, 0);
	holders_check_free(check);
}

static void test_when(void **state)
{
	struct holders_check *check = check_new();

	(void)state;
	assert_false(holders_check_is_due(check, START_NS, 5)); /* nothing waits */
	waits(check, 1, START_NS);
	assert_true(holders_check_is_due(check, START_NS, 5));
	holders_check_begin(check, 5);
	found(check, 10, "a", 3, 0, 1);
	look_end(check, START_NS);
	assert_false(holders_check_is_due(check, START_NS + 1999 * MS, 5));
	assert_true(holders_check_is_due(check, START_NS + 2000 * MS, 5));
	assert_false(holders_check_is_due(check, START_NS + 249 * MS, 6));
	assert_true(holders_check_is_due(check, START_NS + 250 * MS, 6)); /* a hint */
	waits(check, 2, START_NS + 900 * MS);
	assert_false(holders_check_is_due(check, START_NS + 1000 * MS, 5)); /* it may be gone soon */
	assert_true(holders_check_is_due(check, START_NS + 1100 * MS, 5));
	transition(check, 2, STATE_CLOSE_WAIT, STATE_LAST_ACK, START_NS + 1100 * MS);
	transition(check, 2, STATE_LAST_ACK, STATE_CLOSE, START_NS + 1100 * MS);
	assert_false(holders_check_is_due(check, START_NS + 1100 * MS, 5));
	transition(check, 1, STATE_CLOSE_WAIT, STATE_CLOSE, START_NS + 1100 * MS);
	assert_false(holders_check_is_due(check, START_NS + 9000 * MS, 6));
	holders_check_free(check);
}

static void test_never_more_than_a_hundredth(void **state)
{
	struct holders_check *check = check_new();

	(void)state;
	waits(check, 1, START_NS);
	holders_check_begin(check, 0);
	found(check, 10, "a", 3, 0, 1);
	holders_check_conclude(check, 0, tell, NULL);
	holders_check_end(check, START_NS, 70 * MS);
	assert_int_equal(holders_check_period_ns(check), 7000 * MS);
	waits(check, 2, START_NS);
	assert_false(holders_check_is_due(check, START_NS + 6999 * MS, 99));
	assert_true(holders_check_is_due(check, START_NS + 7000 * MS, 0));
	holders_check_free(check);
}

static void test_recount(void **state)
{
	struct holders_check *check = check_new();

	(void)state;
	waits(check, 1, START_NS);
	look_begin(check);
	found(check, 10, "a", 3, 0, 1);
	look_end(check, START_NS);
	holders_check_forget(check);
	assert_false(holders_check_waits(check));
	waits(check, 1, START_NS);
	look_begin(check);
	found(check, 10, "a", 3, 0, 1);
	look_end(check, START_NS);
	assert_held(1, 10, 1, 3, false);
	holders_check_free(check);
}

/* States that nobody asked for, timewait sockets, listeners and closed ones don't wait. */
static void test_states(void **state)
{
	struct transition small = { RECORD_TRANSITION, .new_state = STATE_FIN_WAIT2, .flags = FLAG_TIMEWAIT, .id = 1 };
	struct holders_check *check = check_new();
	struct holders_check *one = holders_check_new(1U << STATE_CLOSE_WAIT);

	(void)state;
	assert_int_equal(holders_check_states(1U << STATE_TIME_WAIT | 1U << STATE_LISTEN | 1U << STATE_CLOSE), 0);
	holders_check_event(check, &small);
	transition(check, 2, STATE_CLOSE, STATE_LISTEN, START_NS);
	transition(check, 3, STATE_FIN_WAIT2, STATE_TIME_WAIT, START_NS);
	assert_false(holders_check_waits(check));
	transition(one, 1, STATE_SYN_SENT, STATE_ESTABLISHED, START_NS);
	assert_false(holders_check_waits(one));
	waits(one, 1, START_NS);
	assert_true(holders_check_waits(one));
	holders_check_free(one);
	holders_check_free(check);
}

/* Who is patient looks for listening sockets alone so many times less often; as soon as a connection waits, as for that. */
static void test_patience(void **state)
{
	struct transition listening = { .type = RECORD_LISTENER, .id = 1, .new_state = STATE_LISTEN };
	struct holders_check *check = check_new();

	(void)state;
	holders_check_set_patience(check, 8);
	assert_int_equal(holders_check_present(check, &listening, false), 0);
	holders_check_begin(check, 0);
	holders_check_end(check, START_NS, 1000);
	assert_int_equal(holders_check_period_ns(check), 16000 * MS);
	assert_false(holders_check_is_due(check, START_NS + 15999 * MS, 0));
	assert_true(holders_check_is_due(check, START_NS + 16000 * MS, 0));
	transition(check, 2, STATE_ESTABLISHED, STATE_CLOSE_WAIT, START_NS + 100 * MS);
	assert_int_equal(holders_check_period_ns(check), 2000 * MS);
	assert_true(holders_check_is_due(check, START_NS + 2000 * MS, 0));
	holders_check_free(check);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queued_meanwhile),
		cmocka_unit_test(test_lowest_pid_holds),
		cmocka_unit_test(test_owner_holds_while_among_them),
		cmocka_unit_test(test_process_counts_once),
		cmocka_unit_test(test_only_news_is_told),
		cmocka_unit_test(test_queue_is_the_listeners),
		cmocka_unit_test(test_nobody_is_told_after_a_second_look),
		cmocka_unit_test(test_left_the_queue_to_a_hidden_process),
		cmocka_unit_test(test_what_comes_meanwhile_is_not_missed),
		cmocka_unit_test(test_cut_queue_says_nothing_of_the_rest),
		cmocka_unit_test(test_not_all_processes_seen),
		cmocka_unit_test(test_orphans_are_expected),
		cmocka_unit_test(test_hook_is_newer_than_the_look),
		cmocka_unit_test(test_calm_ones),
		cmocka_unit_test(test_patience),
		cmocka_unit_test(test_told_again_when_present),
		cmocka_unit_test(test_when),
		cmocka_unit_test(test_never_more_than_a_hundredth),
		cmocka_unit_test(test_recount),
		cmocka_unit_test(test_states),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
