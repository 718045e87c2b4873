// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The accept queue: connections that no one accepted, or late. Until accept() they belong to the process
 * that listens.
 */
#include "actor.h"
#include "lives.h"

static struct pair pair_queued(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("listener") };

	pair_connect(&p);
	return p;
}

static struct want *want_queued(const struct pair *p, const char *path, const char *closed_by,
				const char *end)
{
	struct want *w = want_server(p, path, closed_by, end);

	w->attribution = "listener";
	w->in_queue = 1;
	w->closer = anyone;
	return w;
}

static void never_accepted(void)
{
	struct pair p = pair_queued();

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2|CLOSE", "local", "expired");
	want_queued(&p, ACCEPTED "CLOSE_WAIT", "remote", "null")->closer = nobody;
	pair_close_client_small(&p);
	pair_wait_server(&p, "CLOSE_WAIT");
}

static void listener_closed(void)
{
	struct pair p = pair_queued();

	want_client(&p, CONNECTED "CLOSE", "remote", "reset_received")->closer = nobody;
	want_queued(&p, ACCEPTED "CLOSE", "local", "aborted|reset_sent");
	actor_do(p.server, op_close, p.listener, 0, 0);
	pair_wait_client(&p, "");
}

static void listener_closed_close_wait(void)
{
	struct pair p = pair_queued();

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", "killed");
	want_queued(&p, ACCEPTED "CLOSE_WAIT>CLOSE", "remote", "aborted|reset_sent");
	pair_close_client_small(&p);
	pair_wait_server(&p, "CLOSE_WAIT");
	actor_do(p.server, op_close, p.listener, 0, 0);
	pair_wait_client(&p, "");
}

static void reset_in_queue(void)
{
	struct pair p = pair_queued();

	want_client(&p, CONNECTED "CLOSE", "local", "aborted|reset_sent");
	want_queued(&p, ACCEPTED "CLOSE", "remote", "reset_received")->closer = nobody;
	actor_do(p.client, op_linger_zero, p.client_fd, 0, 0);
	pair_close_client(&p);
	pair_wait_server(&p, "");
}

/* CLOSE_WAIT is entered in the queue, and only then a worker accepts. */
static void accepted_late(void)
{
	struct pair p = pair_queued();
	struct actor *worker = actor_fork(p.server, "worker");
	struct want *w;

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	w = want_server(&p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
	w->in_queue = 1;
	w->owner = w->closer = worker->who;
	pair_close_client(&p);
	pair_wait_server(&p, "CLOSE_WAIT");
	p.server_fd = actor_do(worker, op_accept, p.listener, 0, 0);
	actor_do(worker, op_recv, p.server_fd, 0, 0);
	actor_do(worker, op_close, p.server_fd, 0, 0);
	pair_wait_client(&p, "TIME_WAIT");
}

const struct life lives_queue[] = {
	{ .name = "never_accepted", .make = never_accepted },
	{ .name = "listener_closed", .make = listener_closed },
	{ .name = "listener_closed_close_wait", .make = listener_closed_close_wait },
	{ .name = "reset_in_queue", .make = reset_in_queue },
	{ .name = "accepted_late", .make = accepted_late },
	{ 0 },
};
