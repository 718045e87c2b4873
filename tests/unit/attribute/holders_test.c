// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who has which socket: lists of the kernel and of /proc, and single sockets by their ends, with sockets of this process. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attribute/holders.h"
#include "attribute/netns.h"
#include "util/address.h"
#include "util/tcp_state.h"

#define CLOSE_WAIT_ONLY (1U << STATE_CLOSE_WAIT)

struct listing {
	struct listed_socket last;
	size_t count;
	uint16_t port; /* only sockets of this local port */
};

static unsigned int asked; /* the kernel, by netlink */

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
	asked++;
	return syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0);
}

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

union any_address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

static union any_address loopback(int family)
{
	union any_address address = { .four = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };

	if (family == AF_INET6)
		address.six = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	return address;
}

static uint16_t port_of(int fd)
{
	union any_address address;
	socklen_t size = sizeof(address);

	assert_int_equal(getsockname(fd, &address.any, &size), 0);
	return ntohs(address.any.sa_family == AF_INET6 ? address.six.sin6_port : address.four.sin_port);
}

/* A connection within the test, to `listener`, which is closed. */
static void connect_to(int listener, union any_address address, int pair[2])
{
	assert_int_equal(listen(listener, 1), 0);
	if (address.any.sa_family == AF_INET6)
		address.six.sin6_port = htons(port_of(listener));
	else
		address.four.sin_port = htons(port_of(listener));
	pair[0] = socket(address.any.sa_family, SOCK_STREAM, 0);
	assert_int_equal(connect(pair[0], &address.any, sizeof(address)), 0);
	pair[1] = accept(listener, NULL, NULL);
	assert_true(pair[1] >= 0);
	close(listener);
}

/* The accepted end's port is *ret_port. */
static void connect_pair(int pair[2], uint16_t *ret_port)
{
	union any_address address = loopback(AF_INET);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(listener, &address.any, sizeof(address.four)), 0);
	connect_to(listener, address, pair);
	*ret_port = port_of(pair[1]);
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

static uint64_t inode_of(int fd)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	return status.st_ino;
}

static struct endpoint ends_of(int fd)
{
	struct listing listing = { .port = port_of(fd) };

	assert_int_equal(sockets_list_diag(CLOSE_WAIT_ONLY, take, &listing), 0);
	assert_int_equal(listing.count, 1);
	assert_int_equal(netns_inode_of("/proc/self/ns/net", &listing.last.endpoint.netns), 0);
	return listing.last.endpoint;
}

/* In CLOSE_WAIT: is it found by its ends alone, and by holders_find() in any case? */
static void find_one(int listener, union any_address address, bool alone)
{
	struct held_socket held = { .state = STATE_CLOSE_WAIT };
	struct listing found = {};
	int pair[2], fd, err;

	connect_to(listener, address, pair);
	close(pair[0]);
	held.endpoint = ends_of(pair[1]);
	fd = sockets_diag_open();
	assert_true(fd >= 0);
	assert_int_equal(sockets_diag_find(fd, &held.endpoint, take, &found), alone ? 0 : -ENOENT);
	close(fd);
	assert_int_equal(found.count, alone);
	if (alone) {
		held.endpoint.netns = 0;
		assert_memory_equal(&found.last.endpoint, &held.endpoint, sizeof(held.endpoint));
		assert_int_equal(found.last.inode, inode_of(pair[1]));
		assert_true(found.last.times_known && found.last.rx_queue == 1);
		assert_int_equal(netns_inode_of("/proc/self/ns/net", &held.endpoint.netns), 0);
	}
	err = holders_find(&held, 1, NULL);
	assert_true(!err || err == -EACCES);
	assert_true(held.looked && held.found && held.listed.inode == inode_of(pair[1]));
	assert_int_equal(held.holder_count, 1);
	assert_int_equal(held.holders[0].fd, pair[1]);
	holders_release(&held, 1);
	close(pair[1]);
}

static int listener_of(int family)
{
	static const int off;
	union any_address address = loopback(family);
	int fd = socket(family, SOCK_STREAM, 0);

	if (family == AF_INET6) {
		address.six.sin6_addr = in6addr_any; /* for both */
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)), 0);
	}
	assert_int_equal(bind(fd, &address.any, sizeof(address)), 0);
	return fd;
}

static void found_by_their_ends(void **state)
{
	struct listing none = {};
	int six, bound;

	(void)state;
	if (sockets_list_diag(CLOSE_WAIT_ONLY, take, &none))
		skip_because("this kernel has no sock_diag for TCP");
	find_one(listener_of(AF_INET), loopback(AF_INET), true);
	six = socket(AF_INET6, SOCK_STREAM, 0);
	if (six < 0)
		skip_because("there is no IPv6");
	close(six);
	find_one(listener_of(AF_INET6), loopback(AF_INET6), true);
	find_one(listener_of(AF_INET6), loopback(AF_INET), true); /* a socket of IPv6 that speaks IPv4 */
	bound = listener_of(AF_INET);
	if (setsockopt(bound, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof("lo"))) {
		close(bound);
		skip_because("it may not bind a socket to an interface");
	}
	find_one(bound, loopback(AF_INET), false);
}

/* One that has ended since, between others. */
static void what_is_gone_is_not_found(void **state)
{
	struct held_socket held[3] = {};
	struct listing none = {};
	int pairs[3][2], i;
	uint16_t port;

	(void)state;
	if (sockets_list_diag(CLOSE_WAIT_ONLY, take, &none))
		skip_because("this kernel has no sock_diag for TCP");
	for (i = 0; i < 3; i++) {
		connect_pair(pairs[i], &port);
		close(pairs[i][0]);
		held[i] = (struct held_socket){ .state = STATE_CLOSE_WAIT, .endpoint = ends_of(pairs[i][1]) };
	}
	close(pairs[1][1]);
	holders_find(held, 3, NULL);
	assert_true(held[0].found && !held[1].found && held[2].found);
	assert_true(held[0].looked && held[1].looked && held[2].looked);
	assert_int_equal(held[0].holder_count, 1);
	assert_int_equal(held[1].holder_count, 0);
	assert_int_equal(held[2].holder_count, 1);
	holders_release(held, 3);
	close(pairs[0][1]);
	close(pairs[2][1]);
}

/* Once one is not found the list is needed: no other is looked up, which can take a call of modprobe each. */
static void what_is_gone_is_asked_for_once(void **state)
{
	enum { GONE = 50 };
	struct held_socket held[GONE] = {};
	struct listing none = {};
	int pair[2], i;
	uint16_t port;

	(void)state;
	if (sockets_list_diag(CLOSE_WAIT_ONLY, take, &none))
		skip_because("this kernel has no sock_diag for TCP");
	connect_pair(pair, &port);
	close(pair[0]);
	for (i = 0; i < GONE; i++) {
		held[i] = (struct held_socket){ .state = STATE_CLOSE_WAIT, .endpoint = ends_of(pair[1]) };
		held[i].endpoint.remote_port = 1 + i;
	}
	close(pair[1]);
	asked = 0;
	holders_find(held, GONE, NULL);
	for (i = 0; i < GONE; i++)
		assert_true(held[i].looked && !held[i].found);
	assert_in_range(asked, 1, 1 + 2);
	holders_release(held, GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_proc),
		cmocka_unit_test(lists_agree_on_a_real_socket),
		cmocka_unit_test(found_by_their_ends),
		cmocka_unit_test(what_is_gone_is_not_found),
		cmocka_unit_test(what_is_gone_is_asked_for_once),
	};

	return cmocka_run_group_tests_name("holders", tests, NULL, NULL);
}
