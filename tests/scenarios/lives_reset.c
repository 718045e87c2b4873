// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Ends by reset, abort and refusal between two sockets of this kernel. Whether an abort that also sends an RST
 * is called "aborted" or "reset_sent" is not fixed for SO_LINGER 0 and its like: either is taken.
 */
#include "actor.h"
#include "lives.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>

#define ABORT "aborted|reset_sent"

/* The server's end is reset by the client's while it is in `state`. */
static void want_server_reset(const struct pair *p, const char *path)
{
	want_server(p, path, "remote", "reset_received")->closer = nobody;
}

static void close_wait_reset(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", ABORT);
	want_server_reset(&p, ACCEPTED "CLOSE_WAIT>CLOSE");
	actor_do(p.client, op_shutdown_write, p.client_fd, 0, 0);
	pair_wait_client(&p, "FIN_WAIT2");
	pair_wait_server(&p, "CLOSE_WAIT");
	actor_do(p.client, op_linger_zero, p.client_fd, 0, 0);
	pair_close_client(&p);
	pair_wait_server(&p, "");
}

static void unread_established(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "CLOSE", "local", "reset_sent");
	want_server_reset(&p, ACCEPTED "CLOSE");
	actor_do(p.server, op_send, p.server_fd, 10, 0);
	actor_do(p.client, op_wait_readable, p.client_fd, 0, 0);
	pair_close_client(&p);
	pair_wait_server(&p, "");
}

/* Two truths at once: the reset of CLOSE_WAIT by its own process, and its arrival at a small FIN_WAIT2. */
static void unread_close_wait(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "CLOSE_WAIT>CLOSE", "remote", "reset_sent");
	want_server(&p, ACCEPTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", "killed");
	actor_do(p.server, op_send, p.server_fd, 10, 0);
	pair_close_server_small(&p);
	pair_wait_client(&p, "CLOSE_WAIT");
	pair_close_client(&p);
	pair_wait_server(&p, "");
}

static void linger0_established(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "CLOSE", "local", ABORT);
	want_server_reset(&p, ACCEPTED "CLOSE");
	actor_do(p.client, op_linger_zero, p.client_fd, 0, 0);
	pair_close_client(&p);
	pair_wait_server(&p, "");
}

static void linger0_close_wait(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "CLOSE_WAIT>CLOSE", "remote", ABORT);
	want_server(&p, ACCEPTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", "killed");
	pair_close_server_small(&p);
	pair_wait_client(&p, "CLOSE_WAIT");
	actor_do(p.client, op_linger_zero, p.client_fd, 0, 0);
	pair_close_client(&p);
	pair_wait_server(&p, "");
}

static void linger0_fin_wait2(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", "reset_sent");
	want_server_reset(&p, ACCEPTED "CLOSE_WAIT>CLOSE");
	actor_do(p.client, op_shutdown_write, p.client_fd, 0, 0);
	pair_wait_client(&p, "FIN_WAIT2");
	actor_do(p.client, op_linger_zero, p.client_fd, 0, 0);
	pair_close_client(&p);
	pair_wait_server(&p, "");
}

static void reset_in_fin_wait2(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", "reset_received");
	want_server(&p, ACCEPTED "CLOSE_WAIT>CLOSE", "remote", ABORT);
	actor_do(p.client, op_shutdown_write, p.client_fd, 0, 0);
	pair_wait_client(&p, "FIN_WAIT2");
	pair_wait_server(&p, "CLOSE_WAIT");
	actor_do(p.server, op_linger_zero, p.server_fd, 0, 0);
	pair_close_server(&p);
	pair_wait_client(&p, "");
}

static void linger2_negative(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", ABORT);
	want_server_reset(&p, ACCEPTED "CLOSE_WAIT>CLOSE");
	actor_do(p.client, op_tcp_option, p.client_fd, TCP_LINGER2, -1);
	pair_close_client(&p);
	pair_wait_server(&p, "");
}

static void linger2_negative_in_fin_wait2(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", ABORT);
	want_server_reset(&p, ACCEPTED "CLOSE_WAIT>CLOSE");
	actor_do(p.client, op_tcp_option, p.client_fd, TCP_LINGER2, -1);
	actor_do(p.client, op_shutdown_write, p.client_fd, 0, 0);
	pair_wait_client(&p, "FIN_WAIT2");
	pair_close_client(&p);
	pair_wait_server(&p, "");
}

static void data_on_small_socket(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", "killed");
	want_server_reset(&p, ACCEPTED "CLOSE_WAIT>CLOSE");
	pair_close_client_small(&p);
	actor_do(p.server, op_send, p.server_fd, 10, 0);
	pair_wait_client(&p, "");
	pair_wait_server(&p, "");
}

/*
 * No small socket may be made: the end that closed first is gone at once, the other's FIN is refused. The small socket
 * is due in close(), for sure; where the ACK makes it due, see overflow_by_ack.
 */
static void overflow(const char *buckets, struct pair p)
{
	life_sysctl("tcp_max_tw_buckets", buckets);
	pair_open(&p);
	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", "overflow");
	actor_do(p.client, op_shutdown_write, p.client_fd, 0, 0);
	pair_wait_client(&p, "FIN_WAIT2");
	pair_close_client(&p);
	pair_wait_client(&p, "");
	/* On a slow machine the FIN was repeated, and the answer to that has met no one: reset already. */
	if (life_state_comes(p.port, p.client_port, "", 1)) {
		want_server_reset(&p, ACCEPTED "CLOSE_WAIT>CLOSE");
		return;
	}
	want_server(&p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "reset_received");
	pair_close_server(&p);
	pair_wait_server(&p, "");
}

static void overflow_zero(void)
{
	overflow("0", (struct pair){ .client = actor_new("client"), .server = actor_new("server") });
}

static void overflow_second(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	want_server(&p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
	pair_close_client(&p);
	pair_wait_server(&p, "CLOSE_WAIT");
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
	overflow("1", (struct pair){ .client = p.client, .server = p.server, .listener = p.listener });
}

static void disconnect_established(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "CLOSE", "local", ABORT);
	want_server_reset(&p, ACCEPTED "CLOSE");
	actor_do(p.client, op_disconnect, p.client_fd, 0, 0);
	pair_wait_server(&p, "");
}

static void disconnect_close_wait(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", "killed");
	want_server(&p, ACCEPTED "CLOSE_WAIT>CLOSE", "remote", ABORT);
	pair_close_client_small(&p);
	pair_wait_server(&p, "CLOSE_WAIT");
	actor_do(p.server, op_disconnect, p.server_fd, 0, 0);
	pair_wait_client(&p, "");
}

static void destroy(const struct pair *p, int state)
{
	long err = actor_try(p->client, op_sock_destroy, p->client_port, p->port, state);

	if (err == -EOPNOTSUPP || err == -EPROTONOSUPPORT || err == -ENOENT || err == -EINVAL)
		life_skip("SOCK_DESTROY of this state: %s", strerror(-err));
	if (err)
		life_fail("SOCK_DESTROY: %s", strerror(-err));
}

static void destroyed_established(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "CLOSE", "null", "aborted")->closer = anyone;
	want_server_reset(&p, ACCEPTED "CLOSE");
	destroy(&p, TCP_ESTABLISHED);
	pair_wait_server(&p, "");
}

static void destroyed_fin_wait2(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>CLOSE", "local", "aborted");
	want_server_reset(&p, ACCEPTED "CLOSE_WAIT>CLOSE");
	actor_do(p.client, op_shutdown_write, p.client_fd, 0, 0);
	pair_wait_client(&p, "FIN_WAIT2");
	pair_wait_server(&p, "CLOSE_WAIT");
	destroy(&p, TCP_FIN_WAIT2);
	pair_wait_server(&p, "");
}

static void destroyed_time_wait(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT>CLOSE", "local", "killed");
	want_server(&p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
	pair_close_client(&p);
	pair_wait_server(&p, "CLOSE_WAIT");
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
	destroy(&p, TCP_TIME_WAIT);
	pair_wait_client(&p, "");
}

const struct life lives_reset[] = {
	{ .name = "close_wait_reset", .make = close_wait_reset },
	{ .name = "unread_established", .make = unread_established },
	{ .name = "unread_close_wait", .make = unread_close_wait },
	{ .name = "linger0_established", .make = linger0_established },
	{ .name = "linger0_close_wait", .make = linger0_close_wait },
	{ .name = "linger0_fin_wait2", .make = linger0_fin_wait2 },
	{ .name = "reset_in_fin_wait2", .make = reset_in_fin_wait2 },
	{ .name = "linger2_negative", .make = linger2_negative },
	{ .name = "linger2_negative_in_fin_wait2", .make = linger2_negative_in_fin_wait2 },
	{ .name = "data_on_small_socket", .make = data_on_small_socket },
	{ .name = "overflow_zero", .make = overflow_zero },
	{ .name = "overflow_second", .make = overflow_second },
	{ .name = "disconnect_established", .make = disconnect_established },
	{ .name = "disconnect_close_wait", .make = disconnect_close_wait },
	{ .name = "destroyed_established", .make = destroyed_established },
	{ .name = "destroyed_fin_wait2", .make = destroyed_fin_wait2 },
	{ .name = "destroyed_time_wait", .make = destroyed_time_wait },
	{ 0 },
};
