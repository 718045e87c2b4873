// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What befalls a timewait socket: FIN_WAIT2 that expires in one, its reuse by a new SYN or by tcp_tw_reuse,
 * the death of its namespace.
 */
#define _GNU_SOURCE 1
#include "actor.h"
#include "lives.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REUSE_AFTER_MS 2200 /* tcp_tw_reuse asks for a full second, on older kernels by the second's tick */

/* Expires after one second without ever being TIME_WAIT; the other end's FIN is refused then. */
static void linger2_one(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", "expired");
	want_server(&p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "reset_received");
	actor_do(p.client, op_tcp_option, p.client_fd, TCP_LINGER2, 1);
	actor_do(p.client, op_shutdown_write, p.client_fd, 0, 0);
	pair_wait_client(&p, "FIN_WAIT2"); /* for a small socket, see pair_close_client_small */
	pair_close_client(&p);
	pair_wait_client(&p, "");
	pair_close_server(&p);
	pair_wait_server(&p, "");
}

/* Beyond 60 s the kernel keeps a full orphan for the rest, here 6 s, and only then a small socket, again 6 s. */
static void linger2_long(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	want_server(&p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
	actor_do(p.client, op_tcp_option, p.client_fd, TCP_LINGER2, 66);
	pair_close_client(&p);
	pair_wait_client(&p, "FIN_WAIT2");
	life_wait_small(p.client_port, p.port, "FIN_WAIT2");
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
}

/* Both ends of the first life, the client's in TIME_WAIT unless the server closed first. */
static void first_life(struct pair *p, bool client_first, const char *end)
{
	const char *waits = CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT>CLOSE";

	pair_open(p);
	if (client_first) {
		want_client(p, waits, "local", end);
		want_server(p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
		pair_close_client(p);
		pair_wait_server(p, "CLOSE_WAIT");
		pair_close_server(p);
		pair_wait_client(p, "TIME_WAIT");
		pair_wait_server(p, ""); /* the next connection takes its ports */
		return;
	}
	want_client(p, CONNECTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
	want_server(p, ACCEPTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT>CLOSE", "local", end);
	pair_close_server(p);
	pair_wait_client(p, "CLOSE_WAIT");
	pair_close_client(p);
	pair_wait_server(p, "TIME_WAIT");
	pair_wait_client(p, "");
}

static void second_life(struct pair *p)
{
	pair_open(p);
	want_client(p, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	want_server(p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
	pair_close_client(p);
	pair_wait_server(p, "CLOSE_WAIT");
	pair_close_server(p);
	pair_wait_client(p, "TIME_WAIT");
}

/* The client comes again from the same port while the server's end is in TIME_WAIT. */
static void syn_reuse(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server"),
			  .client_port = 45001 };

	first_life(&p, false, "reused");
	life_pass(20); /* a newer timestamp is what lets the SYN through */
	second_life(&p);
}

static void tw_reuse(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server"),
			  .client_port = 45002 };

	life_sysctl("tcp_tw_reuse", "1");
	first_life(&p, true, "reused");
	life_pass(REUSE_AFTER_MS);
	second_life(&p);
}

/* The same without a bound port: a range of one port leaves connect() no other choice. */
static void tw_reuse_ephemeral(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server") };

	life_sysctl("tcp_tw_reuse", "1");
	life_sysctl("ip_local_port_range", "45004 45004");
	first_life(&p, true, "reused");
	life_pass(REUSE_AFTER_MS);
	p.client_port = 0;
	second_life(&p);
}

/*
 * A reset ends the client's small socket, and a connection between the same ends follows at once: nothing was reused, whatever
 * tcp_tw_reuse says, as it never ends FIN_WAIT2. (5.10 did.)
 */
static void killed_before(struct pair *p, const char *tw_reuse)
{
	life_sysctl("tcp_tw_reuse", tw_reuse);
	pair_open(p);
	want_client(p, CONNECTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", "killed");
	want_server(p, ACCEPTED "CLOSE_WAIT>CLOSE", "remote", "aborted|reset_sent");
	pair_close_client_small(p);
	pair_wait_server(p, "CLOSE_WAIT");
	actor_do(p->server, op_linger_zero, p->server_fd, 0, 0);
	pair_close_server(p);
	pair_wait_client(p, "");
	pair_wait_server(p, "");
	second_life(p);
}

static void killed_not_reused(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server"), .client_port = 45005 };

	killed_before(&p, "0");
}

static void killed_not_reused_ephemeral(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server") };

	life_sysctl("ip_local_port_range", "45006 45006");
	killed_before(&p, "0");
}

static void killed_where_reuse_is_allowed(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server"), .client_port = 45007 };

	killed_before(&p, "1");
}

/* Every process leaves the namespace: it dies with a TIME_WAIT inside. */
static void netns_dies(void)
{
	struct pair p = pair_new();
	char path[64];
	int home;

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT>CLOSE", "local", "killed");
	want_server(&p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
	pair_close_client(&p);
	pair_wait_server(&p, "CLOSE_WAIT");
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
	actor_exit(p.client);
	actor_exit(p.server);
	actor_disband();
	snprintf(path, sizeof(path), "/proc/%d/ns/net", getppid());
	home = open(path, O_RDONLY | O_CLOEXEC);
	if (home < 0 || setns(home, CLONE_NEWNET))
		life_fail("can't leave the namespace: %s", strerror(errno));
	close(home);
}

const struct life lives_small[] = {
	{ .name = "linger2_one", .make = linger2_one },
	{ .name = "linger2_long", .make = linger2_long },
	{ .name = "syn_reuse", .make = syn_reuse },
	{ .name = "tw_reuse", .make = tw_reuse },
	{ .name = "tw_reuse_ephemeral", .make = tw_reuse_ephemeral },
	{ .name = "killed_not_reused", .make = killed_not_reused },
	{ .name = "killed_not_reused_ephemeral", .make = killed_not_reused_ephemeral },
	{ .name = "killed_where_reuse_is_allowed", .make = killed_where_reuse_is_allowed },
	{ .name = "netns_dies", .make = netns_dies, .flags = LIFE_NETNS_DIES },
	{ 0 },
};
