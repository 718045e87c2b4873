// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sockets from before: they are in their states when tcpdwell starts. Their owners are found in file tables
 * (seeded), and a begin that was not seen has no dwell time.
 */
#include "actor.h"
#include "lives.h"

/* Survives from the part before tcpdwell to the part after it, in the director's process. */
static struct pair kept;

static struct want *seeded(struct want *w)
{
	w->seeded = true;
	w->attribution = "seeded";
	return w;
}

static void open_before(void)
{
	kept = pair_new();
}

static void open_after(void)
{
	seeded(want_client(&kept, "ESTABLISHED>FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired"))
		->attribution = "observed|seeded";
	seeded(want_server(&kept, "ESTABLISHED>CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null"));
	pair_close_client(&kept);
	pair_wait_server(&kept, "CLOSE_WAIT");
	pair_close_server(&kept);
	pair_wait_client(&kept, "TIME_WAIT");
}

static void close_wait_before(void)
{
	kept = pair_new();
	pair_close_client_small(&kept);
	pair_wait_server(&kept, "CLOSE_WAIT");
}

/* The small FIN_WAIT2 has no owner any more, and none can be found. */
static void close_wait_after(void)
{
	struct want *w;

	seeded(want_server(&kept, "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null"))->in_queue = -1;
	w = seeded(want_client(&kept, "FIN_WAIT2>TIME_WAIT|CLOSE", "*", "expired"));
	w->owner = w->closer = nobody;
	w->attribution = "unknown";
	pair_close_server(&kept);
	pair_wait_client(&kept, "TIME_WAIT");
}

static void held_before(void)
{
	kept = pair_new();
	pair_close_client_small(&kept);
	pair_wait_server(&kept, "CLOSE_WAIT");
}

/* Nothing happens to it: only the totals know of it, and the small FIN_WAIT2 at its end. */
static void held_after(void)
{
	struct want *w = seeded(want_client(&kept, "FIN_WAIT2|CLOSE", "*", "expired"));

	w->owner = w->closer = nobody;
	w->attribution = "unknown";
	seeded(want_server(&kept, "CLOSE_WAIT", "*", "*"));
}

static void time_wait_before(void)
{
	kept = pair_new();
	pair_close_client(&kept);
	pair_wait_server(&kept, "CLOSE_WAIT");
	pair_close_server(&kept);
	pair_wait_client(&kept, "TIME_WAIT");
}

static void time_wait_after(void)
{
	struct want *w = seeded(want_client(&kept, "TIME_WAIT|CLOSE", "*", "expired"));

	w->owner = w->closer = nobody;
	w->attribution = "unknown";
}

/* Nothing is left that tells the accepted end from one that was bound to no port and then connected: what can't be proved is null. */
static void listener_closed_before(void)
{
	kept = (struct pair){ .client = actor_new("client"), .server = actor_new("server"), .client_port = 45010 };
	pair_open(&kept);
	actor_do(kept.server, op_close, kept.listener, 0, 0);
}

static void listener_closed_after(void)
{
	struct want *w = seeded(want_client(&kept, "ESTABLISHED>FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired"));

	w->attribution = "observed|seeded";
	w = seeded(want_server(&kept, "ESTABLISHED>CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null"));
	w->side = "null";
	w->service_port = 0;
	pair_close_client(&kept);
	pair_wait_server(&kept, "CLOSE_WAIT");
	pair_close_server(&kept);
	pair_wait_client(&kept, "TIME_WAIT");
}

/* The listener was there before, its child was not: owned by whoever accepts. */
static void listener_before(void)
{
	kept = (struct pair){ .client = actor_new("client"), .server = actor_new("listener"),
			      .addr = "127.0.0.1", .port = 7000 };
	kept.listener = actor_do(kept.server, op_listen, (long)kept.addr, kept.port, 16);
}

static void listener_after(void)
{
	struct pair queued = kept;
	struct want *w;

	pair_open(&kept);
	want_client(&kept, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	want_server(&kept, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
	pair_close_client(&kept);
	pair_wait_server(&kept, "CLOSE_WAIT");
	pair_close_server(&kept);
	pair_wait_client(&kept, "TIME_WAIT");
	pair_connect(&queued);
	want_client(&queued, CONNECTED "FIN_WAIT1>FIN_WAIT2|CLOSE", "local", "expired");
	w = want_server(&queued, ACCEPTED "CLOSE_WAIT", "remote", "null");
	w->attribution = "listener";
	w->in_queue = 1;
	w->closer = nobody;
	pair_close_client_small(&queued);
	pair_wait_server(&queued, "CLOSE_WAIT");
}

/* Accepted before by a worker, from a listener of its parent: the worker alone holds it now. */
static void worker_before(void)
{
	struct actor *master = actor_new("master");

	kept = (struct pair){ .client = actor_new("client"), .server = master };
	kept.listener = actor_do(master, op_listen, (long)"127.0.0.1", 7000, 16);
	kept.server = actor_fork(master, "worker");
	pair_open(&kept);
}

static void queued_before(void)
{
	kept = (struct pair){ .client = actor_new("client"), .server = actor_new("listener") };
	pair_connect(&kept);
}

/* In the queue since before: its listener's, found through the listener. */
static void queued_after(void)
{
	struct want *w;

	seeded(want_client(&kept, "ESTABLISHED>FIN_WAIT1>FIN_WAIT2|CLOSE", "local", "expired"))
		->attribution = "observed|seeded";
	w = seeded(want_server(&kept, "ESTABLISHED>CLOSE_WAIT", "remote", "null"));
	w->attribution = "listener";
	w->in_queue = 1;
	w->closer = nobody;
	pair_close_client_small(&kept);
	pair_wait_server(&kept, "CLOSE_WAIT");
}

const struct life lives_seeded[] = {
	{ .name = "seeded_established", .before = open_before, .make = open_after },
	{ .name = "seeded_close_wait", .before = close_wait_before, .make = close_wait_after },
	{ .name = "seeded_close_wait_held", .before = held_before, .make = held_after },
	{ .name = "seeded_side_unknown", .before = listener_closed_before, .make = listener_closed_after },
	{ .name = "seeded_time_wait", .before = time_wait_before, .make = time_wait_after },
	{ .name = "seeded_listener", .before = listener_before, .make = listener_after },
	{ .name = "seeded_worker", .before = worker_before, .make = open_after },
	{ .name = "seeded_queue", .before = queued_before, .make = queued_after },
	{ 0 },
};
