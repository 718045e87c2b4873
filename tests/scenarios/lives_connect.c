// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A connect() that fails for another reason than ports: refused, not answered, given up, unreachable. Each is a line of its own
 * beside what the socket went through.
 */
#define _GNU_SOURCE 1
#include "actor.h"
#include "lives.h"
#include "peer.h"

#include <errno.h>
#include <netinet/ip_icmp.h>
#include <string.h>

struct attempt {
	struct actor *client;
	struct peer peer;
	int fd;
};

/* A connect() whose SYN has arrived at a peer that has not answered. `blocks`: the client waits in it. */
static void attempt_begin(struct attempt *a, bool blocks)
{
	*a = (struct attempt){ .client = actor_new("client"), .fd = -1 };
	peer_open(&a->peer);
	if (blocks)
		actor_begin(a->client, op_connect, (long)PEER_ADDR, PEER_PORT, 0);
	else
		a->fd = actor_do(a->client, op_connect_start, (long)PEER_ADDR, PEER_PORT, 0);
	peer_wait(&a->peer, SYN);
}

static struct want *want_attempt(const struct attempt *a, const char *end, const char *error)
{
	life_want_failed(a->peer.kernel_port, PEER_PORT, a->client->who, error);
	return life_want(&(struct want){
		.local_addr = PEER_KERNEL_ADDR, .local_port = a->peer.kernel_port, .remote_port = PEER_PORT,
		.path = "CLOSE>SYN_SENT>CLOSE", .closed_by = "*", .end = end, .side = "active", .service_port = PEER_PORT,
		.attribution = "observed", .owner = a->client->who, .closer = anyone, .in_queue = -1 });
}

static void attempt_gone(const struct attempt *a)
{
	life_wait_state(a->peer.kernel_port, PEER_PORT, "");
}

static void attempt_ends(const struct attempt *a, int error)
{
	long err = actor_end(a->client);

	if (err != -error)
		life_fail("connect() gave %ld and not %d", err, -error);
}

static void want_refused(const struct actor *client, int local_port, int port)
{
	life_want_failed(local_port, port, client->who, "ECONNREFUSED");
	life_want(&(struct want){
		.local_addr = "127.0.0.1", .local_port = local_port, .remote_port = port, .path = "CLOSE>SYN_SENT>CLOSE",
		.closed_by = "null|remote", .end = "reset_received", .side = "active", .service_port = port,
		.attribution = "observed", .owner = client->who, .closer = nobody, .in_queue = -1 });
}

static void must_be_refused(struct actor *client, int local_port, int port)
{
	long err = actor_try(client, op_connect, (long)"127.0.0.1", port, local_port);

	if (err != -ECONNREFUSED)
		life_fail("connect() to a closed port gave %ld", err);
	want_refused(client, local_port, port);
}

static void refused(void)
{
	must_be_refused(actor_new("client"), 45000, 7001);
}

static void refused_by_reset(void)
{
	struct attempt a;

	attempt_begin(&a, true);
	want_attempt(&a, "reset_received", "ECONNREFUSED")->closer = nobody;
	peer_send(&a.peer, RST | ACK, 0);
	attempt_ends(&a, ECONNREFUSED);
}

/* A firewall that says so. */
static void refused_by_icmp(void)
{
	struct attempt a;

	attempt_begin(&a, false);
	want_attempt(&a, "reset_received", "ECONNREFUSED")->closer = nobody;
	peer_unreachable(&a.peer, ICMP_PORT_UNREACH);
	attempt_gone(&a);
}

static void host_unreachable(void)
{
	struct attempt a;

	attempt_begin(&a, false);
	want_attempt(&a, "aborted", "EHOSTUNREACH")->closer = nobody;
	peer_unreachable(&a.peer, ICMP_HOST_UNREACH);
	attempt_gone(&a);
}

static void net_unreachable(void)
{
	struct attempt a;

	attempt_begin(&a, true);
	want_attempt(&a, "aborted", "ENETUNREACH")->closer = nobody;
	peer_unreachable(&a.peer, ICMP_NET_UNREACH);
	attempt_ends(&a, ENETUNREACH);
}

static void syn_timeout(void)
{
	struct attempt a;

	life_sysctl("tcp_syn_retries", "1");
	net_sysctl("tcp_syn_linear_timeouts", "0"); /* newer kernels only */
	attempt_begin(&a, true);
	want_attempt(&a, "timeout", "ETIMEDOUT")->closer = nobody;
	attempt_ends(&a, ETIMEDOUT);
}

static void close_in_syn_sent(void)
{
	struct attempt a;

	attempt_begin(&a, false);
	want_attempt(&a, "null|aborted", "ECANCELED");
	actor_do(a.client, op_close, a.fd, 0, 0);
	attempt_gone(&a);
}

/* Neither is a port that was not found. */
static void disconnect_in_syn_sent(void)
{
	struct attempt a;

	attempt_begin(&a, false);
	want_attempt(&a, "null|aborted", "ECANCELED");
	actor_do(a.client, op_disconnect, a.fd, 0, 0);
	attempt_gone(&a);
}

static void shutdown_in_syn_sent(void)
{
	struct attempt a;

	attempt_begin(&a, false);
	want_attempt(&a, "null|aborted", "ECANCELED");
	actor_do(a.client, op_shutdown_write, a.fd, 0, 0);
	attempt_gone(&a);
}

static void exit_in_syn_sent(void)
{
	struct attempt a;

	attempt_begin(&a, false);
	want_attempt(&a, "null|aborted", "ECANCELED");
	actor_exit(a.client);
	attempt_gone(&a);
}

/* The socket of a connect() that failed can be used again: each failure has a reason of its own. */
static void failed_twice(void)
{
	struct actor *client = actor_new("client");
	struct pair p = { .client = actor_new("rival"), .server = actor_new("server") };
	long fd;

	life_sysctl("ip_local_port_range", "45010 45010");
	pair_open(&p);
	want_client(&p, "CLOSE>SYN_SENT>ESTABLISHED", "null", "null")->closer = nobody;
	want_server(&p, "LISTEN>SYN_RECV>ESTABLISHED", "null", "null")->attribution = "listener";
	life_truth()->want[1].closer = nobody;
	fd = actor_do(client, op_socket, 0, 0, 0);
	if (actor_try(client, op_connect_again, fd, (long)"127.0.0.1", 7001) != -ECONNREFUSED)
		life_fail("connect() to a closed port was not refused");
	want_refused(client, 45010, 7001);
	if (actor_try(client, op_connect_again, fd, (long)"127.0.0.1", p.port) != -EADDRNOTAVAIL)
		life_fail("connect() found a port");
	life_want_failed(0, p.port, client->who, "EADDRNOTAVAIL");
}

/* Each attempt is a connection of its own, with a port of its own; and the second is there for longer than a sweep takes to come. */
static void connects_again(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server"), .addr = "127.0.0.1", .port = 7000, .client_port = 45013 };

	p.listener = actor_do(p.server, op_listen, (long)p.addr, p.port, 16);
	p.client_fd = actor_do(p.client, op_socket, 0, 0, 0);
	life_sysctl("ip_local_port_range", "45012 45012");
	if (actor_try(p.client, op_connect_again, p.client_fd, (long)p.addr, 7001) != -ECONNREFUSED)
		life_fail("connect() to a closed port was not refused");
	want_refused(p.client, 45012, 7001);
	life_sysctl("ip_local_port_range", "45013 45013");
	actor_do(p.client, op_connect_again, p.client_fd, (long)p.addr, p.port);
	p.server_fd = actor_do(p.server, op_accept, p.listener, 0, 0);
	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	want_server(&p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
	life_pass(6000);
	pair_close_client(&p);
	pair_wait_server(&p, "CLOSE_WAIT");
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
}

static void must_find_no_route(struct actor *client, const char *address, const char *fact)
{
	long err = actor_try(client, op_connect, (long)address, 7001, 0);

	if (err != -ENETUNREACH)
		life_fail("connect() without a route gave %ld", err);
	life_want_failed(0, 7001, client->who, "ENETUNREACH")->fact = fact;
}

static void no_route(void)
{
	struct actor *client = actor_new("client");

	must_find_no_route(client, "10.77.0.1", "no_route");
	must_find_no_route(client, "2001:db8::1", "no_route_ipv6");
	must_find_no_route(client, "::ffff:10.77.0.1", "no_route");
	must_be_refused(client, 45020, 7001);
}

const struct life lives_connect[] = {
	{ .name = "refused", .make = refused },
	{ .name = "refused_by_reset", .make = refused_by_reset },
	{ .name = "refused_by_icmp", .make = refused_by_icmp },
	{ .name = "host_unreachable", .make = host_unreachable },
	{ .name = "net_unreachable", .make = net_unreachable },
	{ .name = "syn_timeout", .make = syn_timeout },
	{ .name = "close_in_syn_sent", .make = close_in_syn_sent },
	{ .name = "disconnect_in_syn_sent", .make = disconnect_in_syn_sent },
	{ .name = "shutdown_in_syn_sent", .make = shutdown_in_syn_sent },
	{ .name = "exit_in_syn_sent", .make = exit_in_syn_sent },
	{ .name = "failed_twice", .make = failed_twice },
	{ .name = "connects_again", .make = connects_again },
	{ .name = "no_route", .make = no_route },
	{ 0 },
};
