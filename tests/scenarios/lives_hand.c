// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What only a peer made by hand can cause: the FIN and its ACK in one segment, crossing FINs, segments for
 * states that two kernels pass too fast, and silence (time-outs).
 */
#include "actor.h"
#include "lives.h"
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>

struct scene {
	struct actor *client;
	struct peer peer;
	int fd, port;
};

static void scene_open_port(struct scene *s, int port)
{
	s->client = s->client ? s->client : actor_new("client");
	peer_open(&s->peer);
	s->peer.port = port;
	actor_begin(s->client, op_connect, (long)PEER_ADDR, port, 0);
	peer_shake(&s->peer);
	s->fd = actor_end(s->client);
	if (s->fd < 0)
		life_fail("the hand-made handshake failed: %d", s->fd);
	s->port = s->peer.kernel_port;
}

static void scene_open(struct scene *s)
{
	*s = (struct scene){ 0 };
	scene_open_port(s, PEER_PORT);
}

static struct want *scene_want(const struct scene *s, const char *path, const char *closed_by,
			       const char *end)
{
	return life_want(&(struct want){
		.local_addr = PEER_KERNEL_ADDR, .local_port = s->port, .remote_port = s->peer.port, .path = path,
		.closed_by = closed_by, .end = end, .side = "active", .service_port = s->peer.port,
		.attribution = "observed", .owner = s->client->who, .closer = s->client->who,
		.in_queue = 0 });
}

static void scene_wait(const struct scene *s, const char *state)
{
	life_wait_state(s->port, s->peer.port, state);
}

/* The kernel's end closes, and its FIN has arrived at the peer, which has not answered yet. */
static void scene_close(struct scene *s)
{
	actor_do(s->client, op_close, s->fd, 0, 0);
	peer_wait(&s->peer, FIN);
}

static void fin_ack_together(void)
{
	struct scene s;

	scene_open(&s);
	scene_want(&s, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	scene_close(&s);
	peer_send(&s.peer, FIN | ACK, 0);
	scene_wait(&s, "TIME_WAIT");
}

static void fin_after_ack(void)
{
	struct scene s;

	scene_open(&s);
	scene_want(&s, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	scene_close(&s);
	peer_send(&s.peer, ACK, 0);
	life_wait_small(s.port, s.peer.port, "FIN_WAIT2");
	peer_send(&s.peer, FIN | ACK, 0);
	scene_wait(&s, "TIME_WAIT");
}

/* The peer's FIN does not acknowledge ours: it was on its way already. */
static void simultaneous(void)
{
	struct scene s;

	scene_open(&s);
	scene_want(&s, CONNECTED "FIN_WAIT1>CLOSING>TIME_WAIT|CLOSE", "both", "expired");
	scene_close(&s);
	s.peer.next_receive--;
	peer_send(&s.peer, FIN | ACK, 0);
	scene_wait(&s, "CLOSING");
	s.peer.next_receive++;
	peer_send(&s.peer, ACK, 0);
	scene_wait(&s, "TIME_WAIT");
}

static void reset_in_fin_wait1(void)
{
	struct scene s;

	scene_open(&s);
	scene_want(&s, CONNECTED "FIN_WAIT1>CLOSE", "local", "reset_received");
	scene_close(&s);
	peer_send(&s.peer, RST, 0);
	scene_wait(&s, "");
}

static void reset_on_small_fin_wait2(void)
{
	struct scene s;

	scene_open(&s);
	scene_want(&s, CONNECTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", "killed");
	scene_close(&s);
	peer_send(&s.peer, ACK, 0);
	life_wait_small(s.port, s.peer.port, "FIN_WAIT2");
	peer_send(&s.peer, RST, 0);
	scene_wait(&s, "");
}

static void reset_on_time_wait(void)
{
	struct scene s;

	life_sysctl("tcp_rfc1337", "0");
	scene_open(&s);
	scene_want(&s, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT>CLOSE", "local", "killed");
	scene_close(&s);
	peer_send(&s.peer, FIN | ACK, 0);
	scene_wait(&s, "TIME_WAIT");
	peer_send(&s.peer, RST, 0);
	scene_wait(&s, "");
}

/* A peer that repeats its FIN restarts the clock of TIME_WAIT and is no event. */
static void fin_repeated(void)
{
	struct scene s;

	scene_open(&s);
	scene_want(&s, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	scene_close(&s);
	peer_send(&s.peer, FIN | ACK, 0);
	scene_wait(&s, "TIME_WAIT");
	s.peer.next_send--;
	peer_send(&s.peer, FIN | ACK, 0);
	peer_wait(&s.peer, ACK);
	scene_wait(&s, "TIME_WAIT");
}

static void data_after_close(void)
{
	struct scene s;

	scene_open(&s);
	scene_want(&s, CONNECTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", "reset_sent");
	scene_close(&s);
	peer_send(&s.peer, ACK, 10);
	scene_wait(&s, "");
}

static void overflow_by_ack(void)
{
	struct scene s;

	life_sysctl("tcp_max_tw_buckets", "0");
	scene_open(&s);
	scene_want(&s, CONNECTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", "overflow");
	scene_close(&s);
	peer_send(&s.peer, ACK, 0);
	scene_wait(&s, "");
}

static void fin_wait1_timeout(void)
{
	struct scene s;

	life_sysctl("tcp_orphan_retries", "1");
	scene_open(&s);
	scene_want(&s, CONNECTED "FIN_WAIT1>CLOSE", "local", "timeout");
	scene_close(&s);
	scene_wait(&s, "");
}

static void last_ack_timeout(void)
{
	struct scene s;

	life_sysctl("tcp_orphan_retries", "1");
	scene_open(&s);
	scene_want(&s, CONNECTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "timeout");
	peer_send(&s.peer, FIN | ACK, 0);
	scene_wait(&s, "CLOSE_WAIT");
	scene_close(&s);
	scene_wait(&s, "");
}

static void established_timeout(void)
{
	struct scene s;

	scene_open(&s);
	scene_want(&s, CONNECTED "CLOSE", "null", "timeout")->closer = nobody;
	actor_do(s.client, op_tcp_option, s.fd, TCP_USER_TIMEOUT, 400);
	actor_do(s.client, op_send, s.fd, 10, 0);
	scene_wait(&s, "");
}

/* The owner has exited while its FIN is not acknowledged: TIME_WAIT comes when it is long gone. */
static void owner_gone(void)
{
	struct scene s;

	scene_open(&s);
	scene_want(&s, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	scene_close(&s);
	actor_exit(s.client);
	peer_send(&s.peer, FIN | ACK, 0);
	scene_wait(&s, "TIME_WAIT");
}

/* An orphan that the kernel gave up, or that is reset now. */
static void want_orphan(struct scene *s)
{
	bool given_up = life_state_comes(s->port, s->peer.port, "", 10);

	scene_want(s, CONNECTED "FIN_WAIT1>CLOSE", "local",
		   given_up ? "aborted|reset_sent|timeout" : "reset_received");
	if (!given_up)
		peer_send(&s->peer, RST, 0);
	scene_wait(s, "");
}

/*
 * Too many orphans: the second close is aborted when the kernel has counted the first, at once or by its
 * retransmission timer. Newer kernels count in a cache that a deferrable timer fills, older ones roughly.
 */
static void orphans_zero(void)
{
	struct scene first = { 0 }, second = { 0 };
	char old[32];
	bool aborted;

	scene_open_port(&first, PEER_PORT);
	second.client = first.client;
	second.peer = first.peer;
	second.peer.port = PEER_PORT + 1;
	actor_begin(second.client, op_connect, (long)PEER_ADDR, PEER_PORT + 1, 0);
	peer_shake(&second.peer);
	second.fd = actor_end(second.client);
	second.port = second.peer.kernel_port;
	life_machine_sysctl("tcp_max_orphans", "0", old);
	actor_try(first.client, op_close, first.fd, 0, 0);
	life_pass(250);
	actor_try(second.client, op_close, second.fd, 0, 0);
	aborted = life_state_comes(second.port, second.peer.port, "", 5000);
	life_machine_sysctl("tcp_max_orphans", old, NULL);
	if (!aborted)
		life_skip("this kernel did not count two orphans as too many within 5 s");
	want_orphan(&first);
	want_orphan(&second);
}

const struct life lives_hand[] = {
	{ .name = "fin_ack_together", .make = fin_ack_together },
	{ .name = "fin_after_ack", .make = fin_after_ack },
	{ .name = "simultaneous_close", .make = simultaneous },
	{ .name = "reset_in_fin_wait1", .make = reset_in_fin_wait1 },
	{ .name = "reset_on_small_fin_wait2", .make = reset_on_small_fin_wait2 },
	{ .name = "reset_on_time_wait", .make = reset_on_time_wait },
	{ .name = "fin_repeated", .make = fin_repeated },
	{ .name = "data_after_close", .make = data_after_close },
	{ .name = "overflow_by_ack", .make = overflow_by_ack },
	{ .name = "fin_wait1_timeout", .make = fin_wait1_timeout },
	{ .name = "last_ack_timeout", .make = last_ack_timeout },
	{ .name = "established_timeout", .make = established_timeout },
	{ .name = "owner_gone", .make = owner_gone },
	{ .name = "orphans_zero", .make = orphans_zero, .flags = LIFE_MACHINE_WIDE },
	{ 0 },
};
