// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Leaks, with events made by hand: the table of live sockets, what is concluded of an age and an owner, the sums of
 * groups. And the list of the kernel's sockets, on sockets that the test made.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "account/sockets.h"
#include "attribute/netns.h"
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

static void apply(struct sockets *sockets, struct event event)
{
	assert_int_equal(sockets_apply(sockets, &event), 0);
}

static void sockets_enter_and_leave(void **state)
{
	struct sockets *sockets = sockets_new(CLOSE_WAIT_ONLY, 100);

	(void)state;
	apply(sockets, entry(1));
	apply(sockets, seeded(2));
	apply(sockets, event_of(3, RECORD_TRANSITION, STATE_SYN_SENT, STATE_ESTABLISHED));
	apply(sockets, event_of(4, RECORD_CONNECT_FAILED, STATE_SYN_SENT, STATE_CLOSE_WAIT));
	assert_int_equal(sockets_count(sockets), 2);
	assert_true(sockets_find(sockets, 1)->since_ns == 1 * SECOND);
	assert_true(sockets_find(sockets, 2)->since_ns == 0);
	assert_true(sockets_find(sockets, 2)->seen_ns == 2 * SECOND);
	apply(sockets, event_of(2, RECORD_TRANSITION, STATE_CLOSE_WAIT, STATE_LAST_ACK));
	assert_null(sockets_find(sockets, 2));
	assert_int_equal(sockets_count(sockets), 1);
	sockets_free(sockets);
}

static void count_gone(void *context, const struct live_socket *socket)
{
	*(uint64_t *)context += socket->record.id;
}

/* One is told again as it was, one goes in between, one is new, and one is not told again: it is gone. */
static void a_recount_drops_what_is_gone(void **state)
{
	struct sockets *sockets = sockets_new(CLOSE_WAIT_ONLY, 100);
	uint64_t gone = 0;

	(void)state;
	apply(sockets, entry(1));
	apply(sockets, entry(2));
	apply(sockets, entry(3));
	sockets_recount(sockets, true, count_gone, &gone);
	apply(sockets, seeded(1));
	apply(sockets, event_of(2, RECORD_TRANSITION, STATE_CLOSE_WAIT, STATE_LAST_ACK));
	apply(sockets, seeded(4));
	sockets_recount(sockets, false, count_gone, &gone);
	assert_int_equal(gone, 3);
	assert_int_equal(sockets_count(sockets), 2);
	assert_true(sockets_find(sockets, 1)->record.type == RECORD_TRANSITION);
	assert_non_null(sockets_find(sockets, 4));
	sockets_free(sockets);
}

static void sockets_are_bounded(void **state)
{
	struct sockets *sockets = sockets_new(CLOSE_WAIT_ONLY, 3);
	const struct live_socket *socket;
	uint64_t id, seen = 0;

	(void)state;
	for (id = 1; id <= 5; id++)
		apply(sockets, entry(id));
	assert_int_equal(sockets_count(sockets), 3);
	assert_int_equal(sockets_refused(sockets), 2);
	apply(sockets, entry(3)); /* one that is there needs no room */
	assert_int_equal(sockets_refused(sockets), 2);
	for (socket = sockets_next(sockets, NULL); socket; socket = sockets_next(sockets, socket))
		assert_int_equal(socket->record.id, ++seen);
	assert_int_equal(seen, 3);
	sockets_free(sockets);
}

static void sockets_keep_their_cgroup(void **state)
{
	struct sockets *sockets = sockets_new(CLOSE_WAIT_ONLY, 10);
	char path[] = "/kubepods/pod1";
	struct event first = entry(1), second = entry(2), shown;
	struct container container;

	(void)state;
	first.cgroup = second.cgroup = path;
	apply(sockets, first);
	path[1] = 'K';
	apply(sockets, second);
	assert_string_equal(sockets_find(sockets, 1)->cgroup, "/kubepods/pod1");
	assert_string_equal(sockets_find(sockets, 2)->cgroup, "/Kubepods/pod1");
	shown = live_socket_event(sockets_find(sockets, 1), &container, NULL);
	assert_string_equal(shown.cgroup, "/kubepods/pod1");
	assert_true(shown.record.id == 1);
	sockets_free(sockets);
}

static struct live_socket socket_in(unsigned int state, uint64_t since_ns)
{
	struct live_socket socket = { .since_ns = since_ns, .seen_ns = since_ns ?: 90 * SECOND };

	socket.record.new_state = state;
	return socket;
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

static void owner_of_a_socket_accepted_late(void **state)
{
	struct live_socket socket = socket_in(STATE_CLOSE_WAIT, SECOND);
	struct holder holders[] = { { 11, 5, process_of(11) }, { 12, 6, process_of(12) } };
	struct held_socket held = { .found = true, .listed = { .inode = 99 }, .holders = holders, .holder_count = 2 };

	(void)state;
	socket.record.owner = process_of(10);
	socket.record.attribution = ATTRIBUTION_LISTENER;
	socket.record.flags = FLAG_IN_ACCEPT_QUEUE;
	leak_update_owner(&socket, &held);
	assert_int_equal(socket.record.owner.pid, 11);
	assert_int_equal(socket.record.attribution, ATTRIBUTION_SEEDED);
	assert_false(socket.record.flags & FLAG_IN_ACCEPT_QUEUE);
}

static void owner_stays_though_another_holds(void **state)
{
	struct live_socket socket = socket_in(STATE_CLOSE_WAIT, SECOND);
	struct holder holders[] = { { 12, 6, process_of(12) } };
	struct held_socket held = { .found = true, .listed = { .inode = 99 }, .holders = holders, .holder_count = 1 };
	struct leak leak = { .held = &held };

	(void)state;
	socket.record.owner = process_of(10);
	socket.record.attribution = ATTRIBUTION_OBSERVED;
	leak_update_owner(&socket, &held);
	assert_int_equal(socket.record.owner.pid, 10);
	assert_int_equal(socket.record.attribution, ATTRIBUTION_OBSERVED);
	leak.socket = socket;
	assert_int_equal(leak_descriptor(&leak), 6);
	held.holder_count = 0;
	assert_int_equal(leak_descriptor(&leak), -1);
}

static void no_inode_is_not_accepted(void **state)
{
	struct live_socket waiting = socket_in(STATE_CLOSE_WAIT, SECOND), closing = socket_in(STATE_LAST_ACK, SECOND);
	struct held_socket held = { .found = true };

	(void)state;
	leak_update_owner(&waiting, &held);
	leak_update_owner(&closing, &held);
	assert_true(waiting.record.flags & FLAG_IN_ACCEPT_QUEUE);
	assert_false(closing.record.flags & FLAG_IN_ACCEPT_QUEUE);
}

static struct leak leak_of(uint32_t pid, const char *remote, uint16_t port, uint64_t age_ns)
{
	struct leak leak = { .age = { .ns = age_ns } };
	struct address address;

	leak.socket.record.new_state = STATE_CLOSE_WAIT;
	leak.socket.record.side = SIDE_PASSIVE;
	leak.socket.record.endpoint.local_port = port;
	if (pid)
		leak.socket.record.owner = process_of(pid);
	assert_int_equal(address_parse(remote, &address), 0);
	address_to_mapped(&address, leak.socket.record.endpoint.remote_addr);
	return leak;
}

static void groups_add_up(void **state)
{
	struct leak leaks[] = {
		leak_of(1, "10.0.0.7", 80, 9 * SECOND), leak_of(1, "10.0.0.8", 80, 8 * SECOND),
		leak_of(1, "10.0.0.7", 80, 7 * SECOND), leak_of(2, "10.0.0.7", 80, 6 * SECOND),
		leak_of(1, "10.0.0.7", 443, 5 * SECOND), leak_of(0, "10.0.0.7", 80, 4 * SECOND),
	};
	struct leak_groups *groups = leak_groups_new(100);
	struct leak_group **list;
	struct address address;
	char text[ADDRESS_TEXT];
	size_t count;

	(void)state;
	leaks[3].socket.record.flags = FLAG_IN_ACCEPT_QUEUE;
	assert_int_equal(leak_groups_report(groups, leaks, ARRAY_SIZE(leaks), &list, &count), 0);
	assert_int_equal(count, 4);
	assert_int_equal(list[0]->count, 3);
	assert_int_equal(list[0]->remotes, 2);
	assert_true(list[0]->oldest_ns == 9 * SECOND);
	address = address_from_mapped(list[0]->remote);
	address_format(text, &address);
	assert_string_equal(text, "10.0.0.7");
	assert_int_equal(list[1]->owner.pid, 2);
	assert_int_equal(list[1]->queued, 1);
	assert_int_equal(list[2]->service_port, 443);
	assert_true(list[3]->owner.start_ns == 0);
	free(list);
	leak_groups_free(groups);
}

/* Many causes: the rest shares one group, and no socket is lost. */
static void groups_are_bounded(void **state)
{
	struct leak leaks[50];
	struct leak_groups *groups = leak_groups_new(10);
	struct leak_group **list;
	size_t count, i, sum = 0;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(leaks); i++)
		leaks[i] = leak_of(i + 1, "10.0.0.7", 80, i * SECOND);
	assert_int_equal(leak_groups_report(groups, leaks, ARRAY_SIZE(leaks), &list, &count), 0);
	assert_int_equal(count, 11);
	for (i = 0; i < count; i++)
		sum += list[i]->count;
	assert_int_equal(sum, ARRAY_SIZE(leaks));
	assert_int_equal(list[0]->count, 40);
	assert_true(list[0]->owner.start_ns == 0);
	free(list);
	leak_groups_free(groups);
}

struct listing {
	struct listed_socket last;
	size_t count;
	uint16_t port; /* only sockets of this local port */
};

static void take(void *context, const struct listed_socket *socket)
{
	struct listing *listing = context;

	if (listing->port && socket->endpoint.local_port != listing->port)
		return;
	listing->last = *socket;
	listing->count++;
}

static void lines_of_proc(void **state)
{
	static const char text[] =
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
		"   0: 0100007F:1B58 0100007F:D7EA 08 00000000:00000006 00:00000000 00000000  1000        0 30452970 1 0000 20 4\n"
		"   1: 0100007F:1B58 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 304 1 0000 100 0\n"
		"   2: broken\n"
		"   3: 00000000000000000000000001000000:1B59 00000000000000000000000001000000:B3C4 08 00000000:00000001 "
		"00:00000000 00000000     0        0 77 1 0000 20 4\n";
	struct listing four = { .port = 7000 }, six = { .port = 7001 };
	FILE *file = fmemopen((void *)text, sizeof(text) - 1, "r");
	struct address address;
	char name[ADDRESS_TEXT];

	(void)state;
	assert_int_equal(sockets_list_text(file, CLOSE_WAIT_ONLY, take, &four), 0);
	rewind(file);
	assert_int_equal(sockets_list_text(file, CLOSE_WAIT_ONLY, take, &six), 0);
	fclose(file);
	assert_int_equal(four.count, 1);
	assert_int_equal(four.last.inode, 30452970);
	assert_int_equal(four.last.rx_queue, 6);
	assert_int_equal(four.last.uid, 1000);
	assert_int_equal(four.last.endpoint.remote_port, 0xd7ea);
	assert_int_equal(six.count, 1);
	address = address_from_mapped(six.last.endpoint.local_addr);
	address_format(name, &address);
	assert_string_equal(name, "::1");
}

/* A connection within the test; *ret_port is the accepted end's. */
static void connect_pair(int pair[2], uint16_t *ret_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(pair[0], (struct sockaddr *)&address, size), 0);
	pair[1] = accept(listener, NULL, NULL);
	close(listener);
	*ret_port = ntohs(address.sin_port);
}

/* Both ways of listing, and /proc's descriptors, on a socket that has 3 bytes to read and an end. */
static void lists_agree_on_a_real_socket(void **state)
{
	struct listing diag = {}, text = {};
	struct held_socket held = { .state = STATE_CLOSE_WAIT };
	int pair[2], copy, err;
	FILE *file;

	(void)state;
	connect_pair(pair, &diag.port);
	text.port = diag.port;
	copy = dup(pair[1]);
	assert_int_equal(write(pair[0], "abc", 3), 3);
	close(pair[0]);
	file = fopen("/proc/self/net/tcp", "r");
	assert_int_equal(sockets_list_text(file, CLOSE_WAIT_ONLY, take, &text), 0);
	fclose(file);
	assert_int_equal(text.count, 1);
	assert_int_equal(text.last.rx_queue, 4);
	if (sockets_list_diag(CLOSE_WAIT_ONLY, take, &diag))
		skip_because("this kernel has no sock_diag for TCP");
	assert_int_equal(diag.count, 1);
	assert_true(diag.last.inode == text.last.inode && diag.last.rx_queue == 4 && diag.last.times_known);
	assert_memory_equal(&diag.last.endpoint, &text.last.endpoint, sizeof(diag.last.endpoint));

	held.endpoint = diag.last.endpoint;
	assert_int_equal(netns_inode_of("/proc/self/ns/net", &held.endpoint.netns), 0);
	err = holders_find(&held, 1, NULL);
	assert_true(!err || err == -EACCES); /* some other process may be closed to us */
	assert_true(held.looked && held.found);
	assert_int_equal(held.holder_count, 2);
	assert_int_equal(held.holders[0].pid, getpid());
	assert_int_equal(held.holders[0].fd, copy < pair[1] ? copy : pair[1]);
	assert_int_equal(held.holders[1].fd, copy < pair[1] ? pair[1] : copy);
	assert_true(held.holders[0].process.start_ns != 0);
	holders_release(&held, 1);
	close(pair[1]);
	close(copy);
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
		cmocka_unit_test(owner_of_a_socket_accepted_late),
		cmocka_unit_test(owner_stays_though_another_holds),
		cmocka_unit_test(no_inode_is_not_accepted),
		cmocka_unit_test(groups_add_up),
		cmocka_unit_test(groups_are_bounded),
		cmocka_unit_test(lines_of_proc),
		cmocka_unit_test(lists_agree_on_a_real_socket),
	};

	return cmocka_run_group_tests_name("leaks", tests, NULL, NULL);
}
