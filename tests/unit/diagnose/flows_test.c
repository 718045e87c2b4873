// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Flows that come, are forgotten and come again. */
#include "unit.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forgotten),
	};

	return cmocka_run_group_tests_name("flows", tests, NULL, NULL);
}
