// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Ports run out: a connect() that finds none, and one whose bound source is busy towards that destination.
 * Each must be a line of its own with the process that failed.
 */
#include "actor.h"
#include "lives.h"

#include <errno.h>
#include <string.h>

#define RANGE 4

static void want_open(const struct pair *p)
{
	struct want *server;

	want_client(p, "CLOSE>SYN_SENT>ESTABLISHED", "null", "null")->closer = nobody;
	server = want_server(p, "LISTEN>SYN_RECV>ESTABLISHED", "null", "null");
	server->closer = nobody;
	server->attribution = "listener"; /* its last line comes before accept() */
}

static void must_fail(struct actor *a, const char *addr, int port, int source_port)
{
	long err = actor_try(a, op_connect, (long)addr, port, source_port);

	if (err != -EADDRNOTAVAIL)
		life_fail("connect() gave %ld instead of EADDRNOTAVAIL", err);
	life_want_failed(source_port, port, a->who, "EADDRNOTAVAIL");
}

static void fill_range(struct pair *p)
{
	life_sysctl("ip_local_port_range", "40000 40003");
	for (int i = 0; i < RANGE; i++) {
		p->client_port = 0;
		pair_open(p);
		want_open(p);
	}
}

/* The range is full towards this destination for everyone, and not towards another. */
static void ports_exhausted(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server") };
	struct pair other = { .client = actor_new("unlucky"), .server = p.server, .port = 7002 };

	fill_range(&p);
	must_fail(p.client, p.addr, p.port, 0);
	must_fail(other.client, p.addr, p.port, 0);
	pair_open(&other);
	want_open(&other);
}

static void ports_exhausted_ipv6(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server"), .addr = "::1" };

	fill_range(&p);
	must_fail(p.client, p.addr, p.port, 0);
}

static void source_busy(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server"),
			  .client_port = 45200 };
	struct actor *late = actor_new("late");

	pair_open(&p);
	want_open(&p);
	must_fail(late, p.addr, p.port, 45200);
}

/* A program that connects to a free port, which its own end happens to get: both ends are one socket, and it has connected. */
static void self_connect(void)
{
	struct pair p = { .client = actor_new("client"), .addr = "127.0.0.1", .port = 45300, .client_port = 45300 };

	p.client_fd = actor_do(p.client, op_connect, (long)p.addr, p.port, p.client_port);
	want_client(&p, "CLOSE>SYN_SENT>SYN_RECV>ESTABLISHED>FIN_WAIT1>CLOSING>TIME_WAIT|CLOSE", "both", "expired");
	actor_do(p.client, op_send, p.client_fd, 1, 0);
	actor_do(p.client, op_recv, p.client_fd, 1, 0);
	pair_close_client(&p);
	pair_wait_client(&p, "TIME_WAIT");
}

const struct life lives_ports[] = {
	{ .name = "self_connect", .make = self_connect },
	{ .name = "ports_exhausted", .make = ports_exhausted },
	{ .name = "ports_exhausted_ipv6", .make = ports_exhausted_ipv6 },
	{ .name = "source_busy", .make = source_busy },
	{ 0 },
};
