// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Looks at all sockets, against a plain list of what is there: counts of every state add up in every grouping, follow who has a
 * socket and the filters, whatever finds no room; listeners and their queues; which socket is at the other end of which.
 */
#include "unit.h"

#include "account/model.h"
#include "filter/filter.h"
#include "util/tcp_state.h"

#define SOCKETS 400
#define LISTENERS 12
#define PROCESSES 9
#define SECOND 1000000000ULL

static const uint8_t states[] = { STATE_ESTABLISHED, STATE_SYN_SENT, STATE_FIN_WAIT1, STATE_FIN_WAIT2, STATE_CLOSE_WAIT,
				  STATE_LAST_ACK, STATE_CLOSING, STATE_SYN_RECV };

struct truth {
	uint64_t id;
	unsigned int state, owner, closer, holder; /* state 0: not there */
	bool queued;
	uint16_t local_port;
};

static struct truth sockets[SOCKETS];
static struct {
	uint64_t id;
	unsigned int owner, half_open, backlog;
} listeners[LISTENERS];
static struct filter filter;
static uint64_t seed, now_ns, next_id;

static struct process process_of(unsigned int number)
{
	struct process process = {};

	if (!number)
		return process;
	process.start_ns = 1000000000ULL + number * 10000000;
	process.pid = process.ns_pid = 100 + number;
	snprintf(process.comm, sizeof(process.comm), "worker%u", number % 1000);
	return process;
}

static struct event event_of(uint64_t id, unsigned int type, unsigned int state)
{
	static const struct container nowhere;
	struct event event = { .container = &nowhere };

	event.record = (struct transition){
		.type = type, .id = id, .time_ns = now_ns, .old_state = state, .new_state = state, .side = SIDE_PASSIVE };
	event.record.endpoint.netns = 1;
	return event;
}

static void tell_present(struct model *model, const struct truth *socket, bool gone)
{
	struct event event = event_of(socket->id, RECORD_PRESENT, socket->state);
	struct present present = { .gone = gone, .rx_queue = 5 };

	event.record.owner = process_of(socket->owner);
	event.record.closer = process_of(socket->closer);
	event.record.flags = socket->queued ? FLAG_IN_ACCEPT_QUEUE : 0;
	event.record.endpoint.local_port = socket->local_port;
	event.record.endpoint.remote_port = 40000;
	event.record.endpoint.remote_addr[15] = 1 + socket->id % 5;
	event.present = &present;
	model_event(model, &event);
}

static void tell_holder(struct model *model, uint64_t id, unsigned int number)
{
	struct held held = { .process = process_of(number), .count = number != 0, .fd = number ? 9 : -1 };
	struct event event = event_of(id, RECORD_HOLDER, 0);

	event.held = &held;
	model_event(model, &event);
}

/* It has counted as many more as a listener can have dropped. */
static void tell_namespace(struct model *model)
{
	static struct namespace_facts facts;
	struct event event = event_of(0, RECORD_NAMESPACE, 0);

	facts.counters[NS_LISTEN_DROPS].known = NS_KNOWN;
	facts.counters[NS_LISTEN_DROPS].total = facts.counters[NS_LISTEN_DROPS].grown += LISTENERS;
	event.namespace = &facts;
	model_event(model, &event);
}

static void tell_listener(struct model *model, unsigned int i, bool gone)
{
	struct event event = event_of(listeners[i].id, RECORD_LISTENER, STATE_LISTEN);
	struct listener_facts facts = { .gone = gone, .backlog = listeners[i].backlog, .half_open = listeners[i].half_open,
					.drops = i, .new_drops = i };

	event.record.owner = process_of(listeners[i].owner);
	event.record.endpoint.local_port = 8000 + i % 3;
	event.listener = &facts;
	tell_namespace(model);
	model_event(model, &event);
	model_settle(model, 0);
}

static bool is_closing(unsigned int state)
{
	return state == STATE_FIN_WAIT1 || state == STATE_FIN_WAIT2 || state == STATE_LAST_ACK || state == STATE_CLOSING;
}

static unsigned int charged(const struct truth *socket)
{
	if (socket->holder)
		return socket->holder;
	return is_closing(socket->state) && socket->closer ? socket->closer : socket->owner;
}

static unsigned int below(unsigned int limit)
{
	return unit_random(&seed) % limit;
}

static void change_state(struct model *model, struct truth *socket)
{
	unsigned int state = states[below(sizeof(states))];
	bool queued = (state == STATE_ESTABLISHED || state == STATE_CLOSE_WAIT) && below(3) == 0;

	if (socket->state && ((socket->queued && !queued) || (is_closing(state) && !is_closing(socket->state))))
		socket->holder = 0;
	socket->state = state;
	socket->queued = queued;
	tell_present(model, socket, false);
}

static void begin_socket(struct model *model, struct truth *socket)
{
	*socket = (struct truth){ .id = ++next_id * 0x9e3779b97f4a7c15ULL, .owner = below(PROCESSES),
				  .closer = below(PROCESSES), .local_port = 8000 + below(3) };
	change_state(model, socket);
}

static void step(struct model *model)
{
	struct truth *socket = &sockets[below(SOCKETS)];
	unsigned int listener = below(LISTENERS);

	now_ns += 1000000;
	if (!socket->state) {
		begin_socket(model, socket);
	} else if (below(3) == 0) {
		tell_present(model, socket, true);
		socket->state = 0;
	} else if (below(2)) {
		change_state(model, socket);
	} else {
		socket->holder = below(PROCESSES);
		tell_holder(model, socket->id, socket->holder);
	}
	if (below(20))
		return;
	if (listeners[listener].id && below(3) == 0) {
		tell_listener(model, listener, true);
		listeners[listener].id = 0;
		return;
	}
	if (!listeners[listener].id) {
		listeners[listener].id = ++next_id * 0x9e3779b97f4a7c15ULL;
		listeners[listener].owner = below(PROCESSES);
	}
	listeners[listener].half_open = below(5);
	listeners[listener].backlog = 1 + below(128);
	tell_listener(model, listener, false);
}

/* number < 0: of all processes that pass. */
static struct present_counts expected(int number, bool filtered)
{
	struct present_counts counts = {};
	unsigned int i;

	for (i = 0; i < SOCKETS; i++) {
		unsigned int whose = charged(&sockets[i]);

		if (!sockets[i].state || (number >= 0 && whose != (unsigned int)number) || (filtered && whose != 4))
			continue;
		counts.states[sockets[i].state]++;
		counts.accept_queue += sockets[i].queued;
	}
	for (i = 0; i < LISTENERS; i++) {
		unsigned int whose = listeners[i].owner;

		if (!listeners[i].id || (number >= 0 && whose != (unsigned int)number) || (filtered && whose != 4))
			continue;
		counts.states[STATE_LISTEN]++;
		counts.states[STATE_SYN_RECV] += listeners[i].half_open;
		counts.accept_backlog += listeners[i].backlog;
		counts.accept_drops += i;
	}
	return counts;
}

static void assert_counts(const struct present_counts *found, const struct present_counts *wanted)
{
	for (unsigned int state = 0; state < 16; state++)
		assert_int_equal(found->states[state], wanted->states[state]);
	assert_int_equal(found->accept_queue, wanted->accept_queue);
	assert_int_equal(found->accept_backlog, wanted->accept_backlog);
	assert_int_equal(found->accept_drops, wanted->accept_drops);
}

static void add_counts(struct present_counts *sum, const struct present_counts *more)
{
	for (unsigned int state = 0; state < 16; state++)
		sum->states[state] += more->states[state];
	sum->accept_queue += more->accept_queue;
	sum->accept_backlog += more->accept_backlog;
	sum->accept_drops += more->accept_drops;
}

static void assert_rows_add_up(struct model *model, unsigned int by, const struct present_counts *wanted)
{
	struct groups *groups = model_groups(model, by);
	struct present_counts sum = groups->other->present;
	struct group *group;

	for (group = groups->table; group; group = group->hh.next)
		add_counts(&sum, &group->present);
	assert_counts(&sum, wanted);
}

static void assert_process_rows(struct model *model, bool filtered)
{
	struct group *group;
	struct process process;

	for (group = model_groups(model, GROUP_PROCESS)->table; group; group = group->hh.next) {
		int number = group_process(group, 0, &process) ? (int)process.pid - 100 : 0;
		struct present_counts wanted = expected(number, filtered);

		assert_counts(&group->present, &wanted);
	}
}

static struct model *begin(bool filtered, unsigned int max_groups)
{
	struct model_config config = {
		.states = 1U << STATE_TIME_WAIT, .max_groups = max_groups, .n_groupings = 3,
		.groupings = { GROUP_PROCESS, GROUP_PORT, GROUP_BY_BOTH(GROUP_PROCESS, GROUP_PORT) },
		.filter = filtered ? &filter : NULL };
	struct model *model;

	filter_init(&filter, NULL);
	filter.pids[filter.n_pids++] = 104;
	model = model_new(&config);
	assert_non_null(model);
	memset(sockets, 0, sizeof(sockets));
	memset(listeners, 0, sizeof(listeners));
	seed = 88172645463325252ULL;
	now_ns = 1000 * SECOND;
	return model;
}

static void run_of(bool filtered, unsigned int max_groups)
{
	struct model *model = begin(filtered, max_groups);

	assert_false(model_present_told(model));
	for (int i = 0; i < 20000; i++) {
		step(model);
		if (i == 9000)
			model_recount(model, true);
		if (i == 9500)
			model_recount(model, false);
		if (i % 1000)
			continue;
		now_ns += 400 * SECOND;
		model_forget(model, now_ns);
		struct present_counts all = expected(-1, filtered);

		assert_counts(&model->present_counts, &all);
		assert_rows_add_up(model, GROUP_PROCESS, &all);
		assert_rows_add_up(model, GROUP_PORT, &all);
		assert_rows_add_up(model, GROUP_BY_BOTH(GROUP_PROCESS, GROUP_PORT), &all);
		if (max_groups > PROCESSES)
			assert_process_rows(model, filtered);
	}
	assert_true(model_present_told(model));
	model_free(model);
}

static void test_rows_add_up(void **state)
{
	(void)state;
	run_of(false, 100);
}

static void test_rows_add_up_without_room(void **state)
{
	(void)state;
	run_of(false, 3);
}

static void test_filters_follow_the_charged_process(void **state)
{
	(void)state;
	run_of(true, 100);
}

/* All go: nothing is left, of groups neither. */
static void test_nothing_is_left(void **state)
{
	struct model *model = begin(false, 100);
	static const struct present_counts nothing;
	unsigned int i;

	(void)state;
	for (i = 0; i < 5000; i++)
		step(model);
	for (i = 0; i < SOCKETS; i++)
		if (sockets[i].state)
			tell_present(model, &sockets[i], true);
	for (i = 0; i < LISTENERS; i++)
		if (listeners[i].id)
			tell_listener(model, i, true);
	assert_counts(&model->present_counts, &nothing);
	model_forget(model, now_ns + 1000 * SECOND);
	assert_int_equal(groups_count(model_groups(model, GROUP_PROCESS)), 0);
	assert_int_equal(model->present.sockets.used, 0);
	assert_int_equal(model->present.details.used, 0);
	assert_int_equal(model->present.addresses.used, 0);
	model_free(model);
}

/* A state that transitions tell of is counted by them alone. */
static void test_counted_states_are_of_transitions(void **state)
{
	struct model *model = begin(false, 100);
	struct event event = event_of(77, RECORD_SOCKET, STATE_TIME_WAIT);

	(void)state;
	begin_socket(model, &sockets[0]);
	model_event(model, &event);
	assert_int_equal(model_state_now(model, NULL, STATE_TIME_WAIT), 1);
	assert_int_equal(model_state_now(model, NULL, sockets[0].state), 1);
	model_free(model);
}

static struct endpoint ends(uint8_t local, uint16_t local_port, uint8_t remote, uint16_t remote_port, uint32_t netns)
{
	struct endpoint endpoint = { .local_port = local_port, .remote_port = remote_port, .netns = netns };

	endpoint.local_addr[15] = local;
	endpoint.remote_addr[15] = remote;
	return endpoint;
}

static void tell_ends(struct model *model, uint64_t id, struct endpoint endpoint, bool gone)
{
	struct event event = event_of(id, RECORD_PRESENT, STATE_ESTABLISHED);
	struct present present = { .gone = gone };

	event.record.endpoint = endpoint;
	event.present = &present;
	model_event(model, &event);
}

static uint64_t peer_of(const struct model *model, struct endpoint endpoint)
{
	struct present_socket peer;

	return model_peer(model, &endpoint, &peer) ? peer.id : 0;
}

static void test_peers(void **state)
{
	struct model *model = begin(false, 100);
	struct endpoint client = ends(1, 40000, 2, 80, 1), server = ends(2, 80, 1, 40000, 2);
	struct endpoint same = ends(2, 80, 1, 40000, 1);

	(void)state;
	assert_int_equal(peer_of(model, client), 0);
	tell_ends(model, 11, client, false);
	tell_ends(model, 12, server, false);
	assert_int_equal(peer_of(model, client), 12);
	assert_int_equal(peer_of(model, server), 11);
	/* Two namespaces with the same addresses: which of them is it? */
	tell_ends(model, 13, ends(2, 80, 1, 40000, 3), false);
	assert_int_equal(peer_of(model, client), 0);
	/* One in the same namespace is it. */
	tell_ends(model, 14, same, false);
	assert_int_equal(peer_of(model, client), 14);
	tell_ends(model, 14, same, true);
	tell_ends(model, 12, server, true);
	assert_int_equal(peer_of(model, client), 13);
	tell_ends(model, 13, ends(2, 80, 1, 40000, 3), true);
	assert_int_equal(peer_of(model, client), 0);
	model_free(model);
}

/* A recorded line can have any number of a descriptor. */
static void test_descriptors(void **state)
{
	static const int32_t numbers[] = { -1, 0, 1, INT32_MAX - 1, INT32_MAX };
	struct present_socket socket = { .id = 7 };
	struct present_tables tables;
	struct kept_present *kept;
	size_t i;

	(void)state;
	present_tables_init(&tables, 0);
	kept = id_map_put(&tables.sockets, socket.id);
	assert_non_null(kept);
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		socket.base.fd = numbers[i];
		assert_int_equal(present_keep(&tables, kept, &socket), 0);
		assert_int_equal(present_shown(&tables, socket.id, kept).base.fd, numbers[i]);
	}
	present_tables_release(&tables);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_add_up),
		cmocka_unit_test(test_rows_add_up_without_room),
		cmocka_unit_test(test_filters_follow_the_charged_process),
		cmocka_unit_test(test_nothing_is_left),
		cmocka_unit_test(test_counted_states_are_of_transitions),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_descriptors),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
