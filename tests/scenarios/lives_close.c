// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Orderly ends: who sends the first FIN, shutdown before close, half-close, a leak in CLOSE_WAIT. Both ends
 * are sockets of this kernel.
 */
#include "actor.h"
#include "lives.h"

static void want_active_client(const struct pair *p)
{
	want_client(p, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	want_server(p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
}

static void client_first(void)
{
	struct pair p = pair_new();

	want_active_client(&p);
	pair_close_client(&p);
	pair_wait_client(&p, "FIN_WAIT2");
	pair_wait_server(&p, "CLOSE_WAIT");
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
}

static void server_first(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
	want_server(&p, ACCEPTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	pair_close_server(&p);
	pair_wait_client(&p, "CLOSE_WAIT");
	pair_close_client(&p);
	pair_wait_server(&p, "TIME_WAIT");
}

static void no_data(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server") };

	pair_open_silent(&p);
	want_active_client(&p);
	pair_close_client(&p);
	pair_wait_server(&p, "CLOSE_WAIT");
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
}

static void shutdown_then_close(void)
{
	struct pair p = pair_new();

	want_active_client(&p);
	actor_do(p.client, op_shutdown_write, p.client_fd, 0, 0);
	actor_do(p.server, op_recv, p.server_fd, 0, 0);
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
	pair_close_client(&p);
}

static void half_close_data(void)
{
	struct pair p = pair_new();

	want_active_client(&p);
	actor_do(p.client, op_shutdown_write, p.client_fd, 0, 0);
	pair_wait_server(&p, "CLOSE_WAIT");
	actor_begin(p.server, op_send, p.server_fd, 300000, 0);
	if (actor_do(p.client, op_recv, p.client_fd, 300000, 0) != 300000 || actor_end(p.server) != 300000)
		life_fail("data did not flow back");
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
	pair_close_client(&p);
}

static void close_in_fin_wait2(void)
{
	struct pair p = pair_new();

	want_active_client(&p);
	pair_close_client_small(&p);
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
}

/*
 * A plain close() ends in a timewait socket, unless the ACK met a socket that close() still had locked (its backlog):
 * then the kernel keeps a full orphan, and what follows differs. The server's RST ends that one before the skip.
 */
static void must_be_small(const struct pair *p)
{
	pair_wait_client(p, "FIN_WAIT2");
	if (life_small_comes(p->client_port, p->port, "FIN_WAIT2", 2000))
		return;
	actor_do(p->server, op_linger_zero, p->server_fd, 0, 0);
	pair_close_server(p);
	pair_wait_client(p, "");
	life_skip("the kernel keeps FIN_WAIT2 in a full orphan: the ACK met a socket that close() still had locked");
}

static void close_wait_leak(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2|CLOSE", "local", "expired");
	want_server(&p, ACCEPTED "CLOSE_WAIT", "remote", "null")->closer = nobody;
	pair_close_client(&p);
	must_be_small(&p);
	pair_wait_server(&p, "CLOSE_WAIT");
}

static void shutdown_in_close_wait(void)
{
	struct pair p = pair_new();

	want_active_client(&p);
	pair_close_client(&p);
	pair_wait_server(&p, "CLOSE_WAIT");
	actor_do(p.server, op_shutdown_write, p.server_fd, 0, 0);
	pair_wait_server(&p, "");
	pair_wait_client(&p, "TIME_WAIT");
	pair_close_server(&p);
}

static void shutdown_by_one_close_by_other(void)
{
	struct pair p = pair_new();
	struct actor *worker = actor_fork(p.client, "worker");

	want_active_client(&p);
	actor_do(p.client, op_shutdown_write, p.client_fd, 0, 0);
	pair_wait_client(&p, "FIN_WAIT2");
	pair_close_client(&p);
	actor_do(worker, op_close, p.client_fd, 0, 0);
	life_wait_small(p.client_port, p.port, "FIN_WAIT2");
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
}

const struct life lives_close[] = {
	{ .name = "client_first", .make = client_first },
	{ .name = "server_first", .make = server_first },
	{ .name = "no_data", .make = no_data },
	{ .name = "shutdown_then_close", .make = shutdown_then_close },
	{ .name = "half_close_data", .make = half_close_data },
	{ .name = "close_in_fin_wait2", .make = close_in_fin_wait2 },
	{ .name = "close_wait_leak", .make = close_wait_leak },
	{ .name = "shutdown_in_close_wait", .make = shutdown_in_close_wait },
	{ .name = "shutdown_then_worker_closes", .make = shutdown_by_one_close_by_other },
	{ 0 },
};
