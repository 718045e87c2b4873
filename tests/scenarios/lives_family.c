// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The same life in other clothes: IPv6, IPv4 through an IPv6 socket, two namespaces with equal addresses and
 * ports at once, accept and close through io_uring.
 */
#include "actor.h"
#include "lives.h"
#include "uring.h"

#include <string.h>

/* The client closes first, the server follows. */
static void live_on(const struct pair *p)
{
	pair_close_client(p);
	pair_wait_server(p, "CLOSE_WAIT");
	pair_close_server(p);
	pair_wait_client(p, "TIME_WAIT");
}

static void want_usual(const struct pair *p, const char *addr)
{
	want_client(p, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired")->local_addr =
		addr;
	want_server(p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null")->local_addr = addr;
}

static void address_life(const char *listen_on, const char *connect_to, const char *shown, int port)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server"), .port = 7000,
			  .addr = connect_to, .client_port = port };

	p.listener = actor_try(p.server, op_listen, (long)listen_on, p.port, 16);
	if (p.listener < 0)
		life_skip("no socket on %s: %s", listen_on, strerror(-p.listener));
	pair_open(&p);
	want_usual(&p, shown);
	live_on(&p);
}

static void ipv6(void)
{
	address_life("::1", "::1", "::1", 0);
}

static void mapped_both(void)
{
	address_life("::", "::ffff:127.0.0.1", "127.0.0.1", 0);
}

static void mapped_server(void)
{
	address_life("::", "127.0.0.1", "127.0.0.1", 0);
}

static void other_loopback_address(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server"),
			  .addr = "127.0.0.9" };

	pair_open(&p);
	want_usual(&p, NULL);
	live_on(&p);
}

/* Played in two namespaces at once. */
static void twin(void)
{
	address_life("127.0.0.1", "127.0.0.1", "127.0.0.1", 45100);
}

static struct pair uring_pair(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server") };
	long err = actor_try(p.client, op_uring_probe, 0, 0, 0);

	if (err < 0)
		life_skip("io_uring: %s", strerror(-err));
	return p;
}

static void uring_accept_by(struct pair *p)
{
	pair_connect(p);
	p->server_fd = actor_do(p->server, op_uring_accept, p->listener, 0, 0);
	actor_do(p->client, op_send, p->client_fd, 1, 0);
	actor_do(p->server, op_recv, p->server_fd, 1, 0);
	want_usual(p, "127.0.0.1");
	live_on(p);
}

static void uring_accept(void)
{
	struct pair p = uring_pair();

	uring_accept_by(&p);
}

/* A worker accepts through the ring from a listener that its parent opened. */
static void uring_prefork(void)
{
	struct pair p = uring_pair();

	p.listener = actor_do(p.server, op_listen, (long)"127.0.0.1", 7000, 16);
	p.server = actor_fork(p.server, "worker");
	uring_accept_by(&p);
}

static void uring_close(void)
{
	struct pair p = uring_pair();

	pair_open(&p);
	want_usual(&p, "127.0.0.1");
	actor_do(p.client, op_uring_close, p.client_fd, 0, 0);
	pair_wait_server(&p, "CLOSE_WAIT");
	actor_do(p.server, op_uring_close, p.server_fd, 0, 0);
	pair_wait_client(&p, "TIME_WAIT");
}

const struct life lives_family[] = {
	{ .name = "ipv6", .make = ipv6 },
	{ .name = "mapped_both", .make = mapped_both },
	{ .name = "mapped_server", .make = mapped_server },
	{ .name = "other_loopback_address", .make = other_loopback_address },
	{ .name = "twin_a", .make = twin },
	{ .name = "twin_b", .make = twin },
	{ .name = "uring_accept", .make = uring_accept },
	{ .name = "uring_prefork", .make = uring_prefork },
	{ .name = "uring_close", .make = uring_close },
	{ 0 },
};
