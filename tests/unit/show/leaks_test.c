// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Leaks, with events made by hand: the table of live sockets, what is concluded of an age and an owner, the sums of
 * groups.
 */
#include "unit.h"

#include "account/model.h"
#include "show/leaks/leaks.h"
#include "util/address.h"
#include "util/tcp_state.h"

#define SECOND 1000000000ULL
#define CLOSE_WAIT_ONLY (1U << STATE_CLOSE_WAIT)

static struct event event_of(uint64_t id, unsigned int type, unsigned int old_state, unsigned int new_state)
{
	static const struct container none;
	struct event event = { .container = &none };

	event.record.type = type;
	event.record.id = id;
	event.record.old_state = old_state;
	event.record.new_state = new_state;
	event.record.time_ns = id * SECOND;
	event.record.side = SIDE_PASSIVE;
	event.record.endpoint.local_port = 8080;
	return event;
}

static struct event entry(uint64_t id)
{
	return event_of(id, RECORD_TRANSITION, STATE_ESTABLISHED, STATE_CLOSE_WAIT);
}

static struct event seeded(uint64_t id)
{
	return event_of(id, RECORD_SOCKET, STATE_CLOSE_WAIT, STATE_CLOSE_WAIT);
}

static struct model *begin(size_t max_sockets, unsigned int max_groups)
{
	struct model_config config = {
		.states = CLOSE_WAIT_ONLY,
		.followed = CLOSE_WAIT_ONLY,
		.groupings = { LEAK_GROUPING },
		.n_groupings = 1,
		.max_sockets = max_sockets,
		.max_groups = max_groups,
		.keep_ends = true,
	};
	struct model *model = model_new(&config);

	assert_non_null(model);
	return model;
}

static void apply(struct model *model, struct event event)
{
	model_event(model, &event);
}

static const struct live_socket *find(const struct model *model, uint64_t id)
{
	return live_sockets_find(&model->sockets, id);
}

static void sockets_enter_and_leave(void **state)
{
	struct model *model = begin(100, 0);

	(void)state;
	apply(model, entry(1));
	apply(model, seeded(2));
	apply(model, event_of(3, RECORD_TRANSITION, STATE_SYN_SENT, STATE_ESTABLISHED));
	apply(model, event_of(4, RECORD_CONNECT_FAILED, STATE_SYN_SENT, STATE_CLOSE_WAIT));
	assert_int_equal(model->sockets.by_id.used, 2);
	assert_true(find(model, 1)->since_ns == 1 * SECOND && !(find(model, 1)->flags & LIVE_AT_LEAST));
	assert_true(find(model, 2)->since_ns == 2 * SECOND && find(model, 2)->flags & LIVE_AT_LEAST);
	apply(model, event_of(2, RECORD_TRANSITION, STATE_CLOSE_WAIT, STATE_LAST_ACK));
	assert_null(find(model, 2));
	assert_int_equal(model->sockets.by_id.used, 1);
	model_free(model);
}

static int64_t grown(const struct model *model)
{
	return model_account(model, model->groupings[0].groups.table, STATE_CLOSE_WAIT)->grown;
}

/* One is told again as it was, one goes in between, one is new, and one is not told again: it is gone. */
static void a_recount_drops_what_is_gone(void **state)
{
	struct model *model = begin(100, 0);

	(void)state;
	apply(model, entry(1));
	apply(model, entry(2));
	apply(model, entry(3));
	assert_int_equal(grown(model), 3);
	model_recount(model, true);
	apply(model, seeded(1));
	apply(model, event_of(2, RECORD_TRANSITION, STATE_CLOSE_WAIT, STATE_LAST_ACK));
	apply(model, seeded(4));
	assert_non_null(find(model, 3));
	model_recount(model, false);
	assert_null(find(model, 3));
	assert_int_equal(model->sockets.by_id.used, 2);
	assert_true(find(model, 1)->since_ns == 1 * SECOND && !(find(model, 1)->flags & LIVE_AT_LEAST));
	assert_non_null(find(model, 4));
	assert_int_equal(state_totals_now(&model->totals[STATE_CLOSE_WAIT]), 2);
	model_free(model);
}

static void sockets_are_bounded(void **state)
{
	struct model *model = begin(3, 0);
	uint64_t id;

	(void)state;
	for (id = 1; id <= 5; id++)
		apply(model, entry(id));
	assert_int_equal(model->sockets.by_id.used, 3);
	assert_int_equal(model->sockets.refused, 2);
	for (id = 1; id <= 5; id++)
		assert_int_equal(find(model, id) != NULL, id <= 3);
	model_free(model);
}

static void sockets_keep_their_cgroup(void **state)
{
	struct model *model = begin(10, 0);
	char path[] = "/kubepods/pod1";
	struct event first = entry(1), second = entry(2), shown;
	struct held held;

	(void)state;
	first.cgroup = second.cgroup = path;
	first.cgroup_id = first.record.socket_cgroup_id = 7;
	second.cgroup_id = second.record.socket_cgroup_id = 8;
	apply(model, first);
	path[1] = 'K';
	apply(model, second);
	shown = model_socket_event(model, 1, find(model, 1), &held);
	assert_string_equal(shown.cgroup, "/kubepods/pod1");
	assert_true(shown.record.id == 1 && shown.cgroup_id == 7 && !shown.held);
	shown = model_socket_event(model, 2, find(model, 2), &held);
	assert_string_equal(shown.cgroup, "/Kubepods/pod1");
	model_free(model);
}

static struct live_socket socket_in(unsigned int state, uint64_t since_ns)
{
	return (struct live_socket){ .state = state, .since_ns = since_ns ?: 90 * SECOND, .flags = since_ns ? 0 : LIVE_AT_LEAST };
}

static void age_of_a_begin_that_was_seen(void **state)
{
	struct live_socket socket = socket_in(STATE_CLOSE_WAIT, 70 * SECOND);
	struct listed_socket listed = { .times_known = true, .last_ack_ns = 50 * SECOND, .last_data_ns = 60 * SECOND };
	struct leak_age age = leak_age_of(&socket, &listed, 100 * SECOND, SECOND);

	(void)state;
	assert_true(age.ns == 30 * SECOND);
	assert_false(age.at_least);
	assert_true(age.at_most_ns == 0);
}

/* The FIN carried an ACK: the last ACK is no older than the state. The last data is no younger. */
static void age_between_last_ack_and_last_data(void **state)
{
	struct live_socket socket = socket_in(STATE_CLOSE_WAIT, 0);
	struct listed_socket listed = { .times_known = true, .last_ack_ns = 50 * SECOND, .last_data_ns = 60 * SECOND };
	struct leak_age age = leak_age_of(&socket, &listed, 100 * SECOND, 1000 * SECOND);

	(void)state;
	assert_true(age.at_least);
	assert_true(age.ns <= 50 * SECOND && age.ns > 49 * SECOND);
	assert_true(age.at_most_ns >= 60 * SECOND && age.at_most_ns < 61 * SECOND);
	age = leak_age_of(&socket, &listed, 100 * SECOND, 60 * 24 * 3600 * SECOND);
	assert_true(age.at_most_ns == 0); /* the counters may have wrapped */
	age = leak_age_of(&socket, NULL, 100 * SECOND, SECOND);
	assert_true(age.ns == 10 * SECOND && age.at_least);
}

/* We closed: the peer's last ACK may be from long before. */
static void ack_says_nothing_of_our_close(void **state)
{
	static const unsigned int states[] = { STATE_LAST_ACK, STATE_FIN_WAIT1, STATE_SYN_SENT };
	struct listed_socket listed = { .times_known = true, .last_ack_ns = 50 * SECOND, .last_data_ns = 60 * SECOND };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		struct live_socket socket = socket_in(states[i], 0);
		struct leak_age age = leak_age_of(&socket, &listed, 100 * SECOND, SECOND);

		assert_true(age.ns == 10 * SECOND);
		assert_true(age.at_most_ns == 0);
	}
}

static struct process process_of(uint32_t pid)
{
	return (struct process){ .pid = pid, .ns_pid = pid, .start_ns = pid * SECOND, .comm = "server" };
}

/* A leak of a socket that `charged` is charged for, with what /proc shows of it. */
struct case_of_leak {
	struct live_socket socket;
	struct process charged;
	struct holder holders[3];
	struct held_socket held;
	struct leak leak;
};

static void make_case(struct case_of_leak *made, uint32_t charged)
{
	memset(made, 0, sizeof(*made));
	made->socket = socket_in(STATE_CLOSE_WAIT, SECOND);
	made->charged = process_of(charged);
	made->held = (struct held_socket){ .found = true, .listed = { .inode = 99 }, .holders = made->holders };
	made->leak = (struct leak){ .socket = &made->socket, .end.fd = -1, .charged = &made->charged, .held = &made->held };
}

static void add_holder(struct case_of_leak *made, uint32_t pid, int fd)
{
	made->holders[made->held.holder_count++] = (struct holder){ pid, fd, process_of(pid) };
}

static void the_owner_is_the_holder_while_it_has_it(void **state)
{
	struct case_of_leak made;
	struct process owner = process_of(12);
	struct held held;

	(void)state;
	make_case(&made, 12);
	add_holder(&made, 11, 5);
	add_holder(&made, 11, 6);
	add_holder(&made, 12, 7);
	assert_true(leak_holder(&made.leak, &owner, true, &held));
	assert_int_equal(held.process.pid, 12);
	assert_int_equal(held.fd, 7);
	assert_int_equal(held.count, 2);
	assert_int_equal(leak_descriptor(&made.leak), 7);
}

static void else_the_first_of_those_that_have_it(void **state)
{
	struct case_of_leak made;
	struct process owner = process_of(10);
	struct held held;

	(void)state;
	make_case(&made, 10);
	add_holder(&made, 11, 5);
	add_holder(&made, 12, 6);
	assert_true(leak_holder(&made.leak, &owner, true, &held));
	assert_int_equal(held.process.pid, 11);
	assert_int_equal(held.fd, 5);
	made.charged = process_of(11);
	assert_int_equal(leak_descriptor(&made.leak), 5);
}

/* The same number, another process: pids are used again. */
static void a_pid_that_is_used_again_is_not_the_owner(void **state)
{
	struct case_of_leak made;
	struct process owner = process_of(12);
	struct held held;

	(void)state;
	owner.start_ns -= SECOND;
	make_case(&made, 12);
	add_holder(&made, 11, 5);
	add_holder(&made, 12, 6);
	assert_true(leak_holder(&made.leak, &owner, true, &held));
	assert_int_equal(held.process.pid, 11);
}

/* Of the same process /proc has the name as it is now, the events the rest. */
static void names_are_those_of_now(void **state)
{
	struct case_of_leak made;
	struct process owner = process_of(11);
	struct held held;

	(void)state;
	owner.start_ns += 5;
	owner.cgroup_id = 77;
	make_case(&made, 11);
	add_holder(&made, 11, 5);
	strcpy(made.holders[0].process.comm, "renamed");
	assert_true(leak_holder(&made.leak, &owner, true, &held));
	assert_string_equal(held.process.comm, "renamed");
	assert_true(held.process.cgroup_id == 77 && held.process.start_ns == owner.start_ns);
}

static void nobody_has_it(void **state)
{
	struct case_of_leak made;
	struct process owner = process_of(10);
	struct held held;

	(void)state;
	make_case(&made, 10);
	assert_false(leak_holder(&made.leak, &owner, false, &held)); /* someone may, who could not be looked at */
	assert_true(leak_holder(&made.leak, &owner, true, &held)); /* a descriptor of io_uring's own */
	assert_true(!held.process.start_ns && !held.queued);
	made.held.listed.inode = 0;
	assert_true(leak_holder(&made.leak, &owner, false, &held));
	assert_true(held.queued);
	made.socket.flags |= LIVE_IN_ACCEPT_QUEUE; /* whose queue it is, the events tell */
	assert_false(leak_holder(&made.leak, &owner, true, &held));
	made.socket = socket_in(STATE_LAST_ACK, SECOND);
	assert_true(leak_holder(&made.leak, &owner, false, &held));
	assert_true(!held.process.start_ns && !held.queued);
	made.held.found = false;
	assert_false(leak_holder(&made.leak, &owner, true, &held));
}

/* A leak in a model: of a process, from an address, to a port, so many seconds old. */
static struct event leaked(uint64_t id, uint32_t pid, const char *remote, uint16_t port, unsigned int seconds)
{
	struct event event = entry(id);
	struct address address;

	event.record.time_ns = (1000 - seconds) * SECOND;
	event.record.endpoint.local_port = port;
	if (pid)
		event.record.owner = process_of(pid);
	assert_int_equal(address_parse(remote, &address), 0);
	address_to_mapped(&address, event.record.endpoint.remote_addr);
	return event;
}

/* All of a model's sockets as leaks, at second 1000. */
static size_t collect(const struct model *model, struct leak *leaks)
{
	const struct live_socket *socket;
	size_t cursor = 0, count = 0;
	uint64_t id;

	while ((socket = live_sockets_next(&model->sockets, &cursor, &id))) {
		leaks[count] = (struct leak){
			.id = id,
			.socket = socket,
			.charged = &processes_at(&model->processes, live_socket_charged(socket))->process,
			.group = model_group_of(model, socket, LEAK_GROUPING),
			.age = leak_age_of(socket, NULL, 1000 * SECOND, SECOND),
		};
		live_socket_end(&model->sockets, socket, &leaks[count++].end);
	}
	return count;
}

static void groups_add_up(void **state)
{
	struct model *model = begin(100, 100);
	struct event queued = leaked(4, 2, "10.0.0.7", 80, 6);
	struct leak leaks[10];
	struct leak_group *list;
	struct address address;
	char text[ADDRESS_TEXT];
	size_t count;

	(void)state;
	apply(model, leaked(1, 1, "10.0.0.7", 80, 9));
	apply(model, leaked(2, 1, "10.0.0.8", 80, 8));
	apply(model, leaked(3, 1, "10.0.0.7", 80, 7));
	queued.record.flags = FLAG_IN_ACCEPT_QUEUE;
	apply(model, queued);
	apply(model, leaked(5, 1, "10.0.0.7", 443, 5));
	apply(model, leaked(6, 0, "10.0.0.7", 80, 4));
	assert_int_equal(leak_groups_make(model, leaks, collect(model, leaks), 1000 * SECOND, &list, &count), 0);
	assert_int_equal(count, 4);
	assert_int_equal(list[0].count, 3);
	assert_int_equal(list[0].remotes, 2);
	assert_int_equal(list[0].grown, 3);
	assert_true(list[0].oldest_ns == 9 * SECOND && list[0].youngest_ns == 7 * SECOND);
	address = address_from_mapped(list[0].remote);
	address_format(text, &address);
	assert_string_equal(text, "10.0.0.7");
	assert_int_equal(list[1].process.pid, 2);
	assert_int_equal(list[1].queued, 1);
	assert_int_equal(list[2].service_port, 443);
	assert_true(list[3].process.start_ns == 0);
	free(list);
	model_free(model);
}

/* Two are old enough to be listed; a third, younger one only tells that there are more. */
static void listed_and_younger_are_told_apart(void **state)
{
	struct model *model = begin(100, 100);
	struct leak leaks[10];
	struct leak_group *list;
	size_t count;

	(void)state;
	apply(model, leaked(1, 1, "10.0.0.7", 80, 9));
	apply(model, leaked(2, 1, "10.0.0.7", 80, 8));
	count = collect(model, leaks);
	apply(model, leaked(3, 1, "10.0.0.7", 80, 2));
	assert_int_equal(leak_groups_make(model, leaks, count, 1000 * SECOND, &list, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(list[0].count, 2);
	assert_true(list[0].oldest_ns == 9 * SECOND && list[0].newest_ns == 8 * SECOND);
	assert_int_equal(list[0].in_state, 3);
	assert_true(list[0].youngest_ns == 2 * SECOND);
	assert_int_equal(list[0].grown, 3);
	free(list);
	model_free(model);
}

/* Many causes: the rest shares one group, and no socket is lost. */
static void groups_are_bounded(void **state)
{
	struct model *model = begin(100, 10);
	struct leak leaks[50];
	struct leak_group *list;
	size_t count, i, sum = 0;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(leaks); i++)
		apply(model, leaked(i + 1, i + 1, "10.0.0.7", 80, i));
	assert_int_equal(leak_groups_make(model, leaks, collect(model, leaks), 1000 * SECOND, &list, &count), 0);
	assert_int_equal(count, 11);
	for (i = 0; i < count; i++)
		sum += list[i].count;
	assert_int_equal(sum, ARRAY_SIZE(leaks));
	assert_int_equal(list[0].count, 40);
	assert_true(list[0].process.start_ns == 0);
	free(list);
	model_free(model);
}

static struct leak_group group_of(int64_t grown, size_t came, unsigned int first_s, unsigned int last_s)
{
	return (struct leak_group){ .grown = grown, .came = came, .first_ns = first_s * SECOND, .last_ns = last_s * SECOND };
}

/* A rate is only what goes on: a burst, a short watch, or few sockets are a number. */
static void growth_is_a_rate_when_it_is_one(void **state)
{
	static const struct {
		int64_t grown;
		unsigned int came, first_s, last_s, watched_s;
		enum leak_growth growth;
	} cases[] = {
		{ 20, 20, 58, 1, 60, LEAK_GROWS },
		{ 20, 20, 58, 57, 60, LEAK_CHANGED }, /* a burst at the begin */
		{ 20, 20, 2, 1, 60, LEAK_CHANGED }, /* and at the end */
		{ 20, 20, 7, 1, 8, LEAK_CHANGED }, /* a short watch */
		{ 2, 2, 58, 1, 60, LEAK_CHANGED },
		{ 0, 0, 0, 0, 60, LEAK_STEADY },
		{ 0, 40, 58, 1, 60, LEAK_STEADY }, /* a pool: as many go as come */
		{ -5, 0, 0, 0, 60, LEAK_CHANGED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct leak_group group = group_of(cases[i].grown, cases[i].came, cases[i].first_s, cases[i].last_s);

		assert_int_equal(leak_growth_of(&group, cases[i].watched_s * SECOND), cases[i].growth);
		assert_true(leak_seconds_to_full(&group, cases[i].watched_s * SECOND) == 0);
	}
}

static void descriptors_that_run_out(void **state)
{
	struct leak_group group = group_of(20, 20, 58, 1);

	(void)state;
	group.fds_known = true;
	group.fds = 200;
	group.fds_limit = 256;
	/* 20 in 60 s; 56 are left. */
	assert_true(leak_seconds_to_full(&group, 60 * SECOND) > 167 && leak_seconds_to_full(&group, 60 * SECOND) < 169);
	group.fds_limit = UINT64_MAX;
	assert_true(leak_seconds_to_full(&group, 60 * SECOND) == 0);
	group.fds_limit = 256;
	group.fds = 253;
	assert_true(leak_seconds_to_full(&group, 60 * SECOND) > 8 && leak_seconds_to_full(&group, 60 * SECOND) < 10);
	group.fds = 254; /* what it opens next fails */
	assert_true(leak_seconds_to_full(&group, 60 * SECOND) == 0);
	group.fds = 256;
	assert_int_equal(leak_growth_of(&group, 60 * SECOND), LEAK_GROWS);
	group.first_ns = 58 * SECOND, group.last_ns = 40 * SECOND; /* none came for long */
	assert_int_equal(leak_growth_of(&group, 60 * SECOND), LEAK_FULL);
	group = group_of(0, 0, 0, 0);
	group.fds_known = true;
	group.fds = group.fds_limit = 256;
	assert_int_equal(leak_growth_of(&group, 60 * SECOND), LEAK_FULL);
	group.fds = 254;
	assert_int_equal(leak_growth_of(&group, 60 * SECOND), LEAK_FULL);
	group.fds = 253;
	assert_int_equal(leak_growth_of(&group, 60 * SECOND), LEAK_STEADY);
}

/* A server that forks for each connection: many processes, one line; but not where few, or another program. */
static void groups_of_one_program_are_folded(void **state)
{
	struct model *model = begin(100, 100);
	struct leak leaks[20];
	struct leak_group *list;
	size_t count, i;

	(void)state;
	for (i = 0; i < 8; i++)
		apply(model, leaked(i + 1, i + 1, i % 2 ? "10.0.0.7" : "10.0.0.8", 21, 10 + i));
	for (i = 8; i < 10; i++)
		apply(model, leaked(i + 1, i + 1, "10.0.0.7", 80, 5));
	assert_int_equal(leak_groups_make(model, leaks, collect(model, leaks), 1000 * SECOND, &list, &count), 0);
	assert_int_equal(count, 10);
	for (i = 0; i < count; i++) {
		snprintf(list[i].program, sizeof(list[i].program), "%s", list[i].process.pid == 8 ? "other" : "ftpd");
		list[i].fds_known = list[i].process.pid < 6;
		list[i].fds = list[i].process.pid == 3 ? 120 : 10;
		list[i].fds_limit = 128;
	}
	count = leak_groups_fold(list, count);
	assert_int_equal(count, 4);
	assert_int_equal(list[0].processes, 7);
	assert_int_equal(list[0].count, 7);
	assert_int_equal(list[0].grown, 7);
	assert_int_equal(list[0].remotes, 2);
	assert_false(list[0].fds_known);
	assert_int_equal(list[0].fullest.pid, 3);
	assert_int_equal(list[0].fullest.fds, 120);
	assert_true(list[0].oldest_ns == 16 * SECOND && list[0].youngest_ns == 10 * SECOND);
	assert_int_equal(list[1].processes, 1);
	assert_string_equal(list[1].program, "other");
	free(list);
	model_free(model);
}

/* Read to the end, not read, not accepted: three things that are wrong in three places. Only CLOSE_WAIT has them. */
static void what_was_read(void **state)
{
	struct held_socket held[] = {
		{ .found = true, .listed = { .inode = 1 } },
		{ .found = true, .listed = { .inode = 2, .rx_queue = 1 } },
		{ .found = true, .listed = { .inode = 3, .rx_queue = 70 } },
		{ .found = true, .listed = { .inode = 0, .rx_queue = 1 } },
		{ .found = false },
	};
	struct model *model = begin(100, 100);
	struct leak leaks[10];
	struct leak_group *list;
	size_t count, i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(held); i++) {
		struct event event = leaked(i + 1, 1, "10.0.0.7", 80, 5);

		event.record.flags = i == 3 ? FLAG_IN_ACCEPT_QUEUE : 0;
		apply(model, event);
	}
	count = collect(model, leaks);
	for (i = 0; i < count; i++)
		leaks[i].held = &held[leaks[i].id - 1];
	assert_int_equal(leak_groups_make(model, leaks, count, 1000 * SECOND, &list, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(list[0].ended, 1);
	assert_int_equal(list[0].unread, 2);
	assert_int_equal(list[0].queued, 1);
	free(list);
	model_free(model);
}

/* The age of the youngest is one that is proved, where there is one; too young for the report is young too. */
static void the_youngest(void **state)
{
	struct model *model = begin(100, 100);
	struct event before = leaked(1, 1, "10.0.0.7", 80, 3);
	struct leak leaks[10], old;
	struct leak_group *list;
	size_t count;

	(void)state;
	before.record.type = RECORD_SOCKET;
	before.record.since_ns = 0;
	apply(model, before);
	count = collect(model, leaks);
	assert_int_equal(leak_groups_make(model, leaks, count, 1000 * SECOND, &list, &count), 0);
	assert_true(list[0].youngest_at_least && list[0].youngest_ns == 3 * SECOND);
	old = leaks[0];
	free(list);
	apply(model, leaked(2, 1, "10.0.0.7", 80, 9));
	apply(model, leaked(3, 1, "10.0.0.7", 80, 7));
	old.socket = find(model, 1); /* the only one that is old enough */
	live_socket_end(&model->sockets, old.socket, &old.end);
	assert_int_equal(leak_groups_make(model, &old, 1, 1000 * SECOND, &list, &count), 0);
	assert_true(!list[0].youngest_at_least && list[0].youngest_ns == 7 * SECOND);
	free(list);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_enter_and_leave),
		cmocka_unit_test(a_recount_drops_what_is_gone),
		cmocka_unit_test(sockets_are_bounded),
		cmocka_unit_test(sockets_keep_their_cgroup),
		cmocka_unit_test(age_of_a_begin_that_was_seen),
		cmocka_unit_test(age_between_last_ack_and_last_data),
		cmocka_unit_test(ack_says_nothing_of_our_close),
		cmocka_unit_test(the_owner_is_the_holder_while_it_has_it),
		cmocka_unit_test(else_the_first_of_those_that_have_it),
		cmocka_unit_test(a_pid_that_is_used_again_is_not_the_owner),
		cmocka_unit_test(names_are_those_of_now),
		cmocka_unit_test(nobody_has_it),
		cmocka_unit_test(groups_add_up),
		cmocka_unit_test(listed_and_younger_are_told_apart),
		cmocka_unit_test(groups_are_bounded),
		cmocka_unit_test(growth_is_a_rate_when_it_is_one),
		cmocka_unit_test(descriptors_that_run_out),
		cmocka_unit_test(groups_of_one_program_are_folded),
		cmocka_unit_test(what_was_read),
		cmocka_unit_test(the_youngest),
	};

	return cmocka_run_group_tests_name("leaks", tests, NULL, NULL);
}
