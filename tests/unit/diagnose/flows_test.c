// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Flows that come, are forgotten and come again. */
#include "unit.h"

#include <errno.h>

#include "diagnose/flows.h"
#include "util/tcp_state.h"

#define SECOND_NS 1000000000ULL

static void opened(struct flows *flows, unsigned int side, unsigned int pid, unsigned int port, uint64_t now_ns)
{
	struct event event = { .record = { .type = RECORD_TRANSITION, .time_ns = now_ns, .side = side,
					   .owner = { .pid = pid, .start_ns = pid } } };

	event.record.old_state = side == SIDE_ACTIVE ? STATE_SYN_SENT : STATE_SYN_RECV;
	event.record.new_state = STATE_ESTABLISHED;
	event.record.endpoint.local_port = side == SIDE_ACTIVE ? 40000 : port;
	event.record.endpoint.remote_port = side == SIDE_ACTIVE ? port : 40000;
	flows_event(flows, &event);
}

static const struct flow *find(const struct flows *flows, unsigned int side, unsigned int port)
{
	const struct flow *flow;

	for (flow = flows->table; flow; flow = flow->hh.next)
		if (flow->key.side == side && flow->key.service_port == port)
			return flow;
	return NULL;
}

/* Each is counted for its own, in any order; what was forgotten begins anew. */
static void test_forgotten(void **state)
{
	struct flows flows;
	uint64_t now_ns = 100 * SECOND_NS, seed = 5;
	int i;

	(void)state;
	flows_init(&flows);
	flows_begin(&flows, now_ns);
	for (i = 0; i < 400; i++) {
		uint64_t random = unit_random(&seed);
		unsigned int side = random % 2 ? SIDE_ACTIVE : SIDE_PASSIVE, pid = 1 + random / 2 % 3, port = 80 + random / 16 % 3;

		opened(&flows, side, pid, port, now_ns);
	}
	assert_int_equal(flows.count, 9 + 3);
	assert_int_equal(HASH_COUNT(flows.table), 9 + 3);
	now_ns += 50 * SECOND_NS;
	opened(&flows, SIDE_PASSIVE, 1, 80, now_ns);
	now_ns += 50 * SECOND_NS;
	flows_conclude(&flows, now_ns);
	assert_int_equal(flows.count, 1);
	assert_non_null(find(&flows, SIDE_PASSIVE, 80));
	opened(&flows, SIDE_ACTIVE, 1, 80, now_ns);
	opened(&flows, SIDE_ACTIVE, 1, 80, now_ns);
	opened(&flows, SIDE_PASSIVE, 2, 82, now_ns);
	assert_int_equal(flows.count, 3);
	assert_int_equal(find(&flows, SIDE_ACTIVE, 80)->begin_ns, now_ns);
	assert_int_equal(find(&flows, SIDE_PASSIVE, 82)->process.pid, 2);
	flows_release(&flows);
}

/* What never was accepted goes with its listening socket: a reset, but no close() of the program's. */
static void test_resets_of_the_queue(void **state)
{
	uint64_t now_ns = 100 * SECOND_NS;
	struct event event = { .record = { .type = RECORD_TRANSITION, .time_ns = now_ns, .side = SIDE_PASSIVE, .old_state = STATE_CLOSE_WAIT,
					   .new_state = STATE_CLOSE, .end = END_RESET_SENT, .owner = { .pid = 3, .start_ns = 3 },
					   .endpoint = { .local_port = 80, .remote_port = 40000 } } };
	const struct flow *flow;
	struct flows flows;
	int i;

	(void)state;
	flows_init(&flows);
	flows_begin(&flows, now_ns);
	for (i = 0; i < 5; i++) {
		event.record.flags = i < 3 ? FLAG_IN_ACCEPT_QUEUE : 0;
		flows_event(&flows, &event);
	}
	flows_conclude(&flows, now_ns);
	flow = find(&flows, SIDE_PASSIVE, 80);
	assert_non_null(flow);
	assert_int_equal(flow->counts[FLOW_RESET], 5);
	assert_int_equal(flow->counts[FLOW_RESET_QUEUED], 3);
	flows_release(&flows);
}

/* A connect() by this process to this port, that is refused. */
static void tries(struct flows *flows, const struct process *process, uint16_t port, uint64_t now_ns)
{
	struct event event = {
		.record = { .type = RECORD_TRANSITION, .side = SIDE_ACTIVE, .old_state = STATE_CLOSE, .new_state = STATE_SYN_SENT,
			    .time_ns = now_ns, .owner = *process, .endpoint = { .netns = 5, .remote_port = port } },
	};

	flows_event(flows, &event);
	event.record.type = RECORD_CONNECT_FAILED;
	event.record.error = ECONNREFUSED;
	flows_event(flows, &event);
}

static const struct flow_fan *fan_of(const struct flows *flows, const struct process *process)
{
	const struct flow_fan *fan;

	for (fan = flows->fans; fan; fan = fan->hh.next)
		if (fan->process.pid == process->pid)
			return fan;
	fail_msg("no fan of %u", process->pid);
	return NULL;
}

/* What processes of one name connect to is counted once for all of them; others, and those of another cgroup, count for themselves. */
static void test_fans_of_a_kind(void **state)
{
	const struct process scripts[] = { { .start_ns = 1, .pid = 1, .cgroup_id = 3, .comm = "nc" }, { .start_ns = 2, .pid = 2, .cgroup_id = 3, .comm = "nc" },
					   { .start_ns = 3, .pid = 3, .cgroup_id = 4, .comm = "nc" }, { .start_ns = 4, .pid = 4, .cgroup_id = 3, .comm = "shop" } };
	uint64_t now_ns = 1000000000000ULL;
	struct flows flows;
	uint16_t port;
	size_t i;

	(void)state;
	flows_init(&flows);
	flows_begin(&flows, now_ns);
	for (i = 0; i < 4; i++)
		for (port = 0; port < 10; port++)
			tries(&flows, &scripts[i], 100 + port + (i == 1 ? 5 : 0), now_ns); /* five of these are the first one's */
	flows_conclude(&flows, now_ns);
	assert_int_equal(fan_of(&flows, &scripts[0])->ends, 10);
	assert_int_equal(fan_of(&flows, &scripts[0])->kind.ends, 15);
	assert_int_equal(fan_of(&flows, &scripts[1])->kind.ends, 15);
	assert_int_equal(fan_of(&flows, &scripts[1])->kind.addresses, 1);
	assert_int_equal(fan_of(&flows, &scripts[2])->kind.ends, 10);
	assert_int_equal(fan_of(&flows, &scripts[3])->kind.ends, 10);
	assert_int_equal(find(&flows, SIDE_ACTIVE, 114)->fan_ends, 15);
	/* What waits is of a scan for as long as it waits, and what does something again is of what its process does then. */
	now_ns += 20000000000ULL;
	tries(&flows, &scripts[3], 100, now_ns);
	flows_conclude(&flows, now_ns);
	assert_int_equal(find(&flows, SIDE_ACTIVE, 114)->fan_ends, 15);
	assert_int_equal(fan_of(&flows, &scripts[3])->kind.ends, 1);
	flows_release(&flows);
}

/* Since something answered last: refusals answer, what is given up at once proves nothing. */
static void test_unanswered(void **state)
{
	static const struct {
		unsigned int error, waited_ms;
		uint32_t count, unreachable;
	} rows[] = { { ETIMEDOUT, 127000, 1, 0 },  { ECANCELED, 3000, 2, 0 }, { ECANCELED, 250, 2, 0 },	   { EHOSTUNREACH, 3000, 3, 1 },
		     { EADDRNOTAVAIL, 0, 3, 1 }, { ECONNREFUSED, 1, 0, 0 }, { EHOSTUNREACH, 0, 1, 1 } };
	struct event event = { .record = { .type = RECORD_CONNECT_FAILED, .side = SIDE_ACTIVE, .owner = { .start_ns = 1, .pid = 1 },
					   .endpoint = { .remote_port = 80 } } };
	uint64_t now_ns = 1000000000000ULL;
	const struct flow *flow;
	struct flows flows;
	size_t i;

	(void)state;
	flows_init(&flows);
	flows_begin(&flows, now_ns);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		now_ns += 1000000000ULL;
		event.record.time_ns = now_ns;
		event.record.since_ns = now_ns - rows[i].waited_ms * 1000000ULL;
		event.record.error = rows[i].error;
		flows_event(&flows, &event);
		flow = find(&flows, SIDE_ACTIVE, 80);
		if (flow->unanswered.count != rows[i].count || flow->unanswered.unreachable != rows[i].unreachable)
			fail_msg("row %zu: %u, %u", i, flow->unanswered.count, flow->unanswered.unreachable);
	}
	event.record.type = RECORD_TRANSITION;
	event.record.old_state = STATE_SYN_SENT;
	event.record.new_state = STATE_ESTABLISHED;
	flows_event(&flows, &event);
	assert_int_equal(find(&flows, SIDE_ACTIVE, 80)->unanswered.count, 0);
	flows_release(&flows);
}

/* What is in SYN_SENT is remembered until it is not, also where it was so before the run; what has ended for a minute. */
static void test_waiting_is_remembered(void **state)
{
	struct event event = { .record = { .type = RECORD_SOCKET, .side = SIDE_ACTIVE, .new_state = STATE_SYN_SENT, .old_state = STATE_SYN_SENT,
					   .owner = { .start_ns = 1, .pid = 1 }, .endpoint = { .remote_port = 80 } } };
	uint64_t now_ns = 1000000000000ULL;
	struct flows flows;

	(void)state;
	flows_init(&flows);
	flows_begin(&flows, now_ns);
	event.record.time_ns = now_ns;
	flows_event(&flows, &event);
	now_ns += 120000000000ULL;
	flows_conclude(&flows, now_ns);
	assert_non_null(find(&flows, SIDE_ACTIVE, 80));
	event.record.type = RECORD_TRANSITION;
	event.record.new_state = STATE_CLOSE;
	event.record.time_ns = now_ns;
	flows_event(&flows, &event);
	flows_conclude(&flows, now_ns + 61000000000ULL);
	assert_null(flows.table);
	flows_release(&flows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_resets_of_the_queue),
		cmocka_unit_test(test_fans_of_a_kind),
		cmocka_unit_test(test_unanswered),
		cmocka_unit_test(test_waiting_is_remembered),
	};

	return cmocka_run_group_tests_name("flows", tests, NULL, NULL);
}
