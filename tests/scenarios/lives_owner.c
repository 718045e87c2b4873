// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Who opened and who closed: workers that inherit, execute, receive or lose a descriptor. In every life the
 * charged process is known because the director told it what to do.
 */
#define _GNU_SOURCE 1
#include "actor.h"
#include "lives.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static long op_close_in_thread(long fd, long unused1, long unused2);
static long op_dup2_over(long fd, long unused1, long unused2);

/* The server ends the connection first, through whatever the life does next; the client follows. */
static struct want *want_server_first(const struct pair *p)
{
	want_client(p, CONNECTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
	return want_server(p, ACCEPTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
}

static void client_follows(const struct pair *p)
{
	pair_wait_client(p, "CLOSE_WAIT");
	pair_close_client(p);
	pair_wait_server(p, "TIME_WAIT");
}

static void fork_worker(void)
{
	struct pair p = pair_new();
	struct actor *worker = actor_fork(p.server, "worker");

	want_server_first(&p)->closer = worker->who;
	pair_close_server(&p);
	actor_do(worker, op_close, p.server_fd, 0, 0);
	client_follows(&p);
}

/* As a worker of a passive close: CLOSE_WAIT is the accepter's, LAST_ACK the worker's doing. */
static void fork_worker_passive(void)
{
	struct pair p = pair_new();
	struct actor *worker = actor_fork(p.server, "worker");

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	want_server(&p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null")->closer = worker->who;
	pair_close_server(&p);
	pair_close_client(&p);
	pair_wait_server(&p, "CLOSE_WAIT");
	actor_do(worker, op_close, p.server_fd, 0, 0);
	pair_wait_client(&p, "TIME_WAIT");
}

/* The descriptor closes on exec, when the process already has its new name. */
static void exec_worker(void)
{
	struct pair p = pair_new();
	struct actor *worker = actor_fork(p.server, "worker");
	struct who executed = worker->who;

	strcpy(executed.comm, "exe");
	want_server_first(&p)->closer = executed;
	pair_close_server(&p);
	actor_exec(worker);
	client_follows(&p);
}

static void prefork_accept(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("master") };
	struct actor *worker;
	struct want *w;

	p.listener = actor_do(p.server, op_listen, (long)"127.0.0.1", 7000, 16);
	worker = actor_fork(p.server, "worker");
	p.server = worker;
	pair_open(&p);
	w = want_server_first(&p);
	w->owner = w->closer = worker->who;
	pair_close_server(&p);
	client_follows(&p);
}

/* Accepted without a byte read or written before it is closed. */
static void silent_accept(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("master") };
	struct actor *worker;

	p.listener = actor_do(p.server, op_listen, (long)"127.0.0.1", 7000, 16);
	worker = actor_fork(p.server, "worker");
	p.server = worker;
	pair_open_silent(&p);
	want_server_first(&p);
	pair_close_server(&p);
	client_follows(&p);
}

static void descriptor_passed(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("accepter") };
	long channel = actor_do(p.server, op_socketpair, 0, 0, 0);
	struct actor *receiver = actor_fork(p.server, "receiver");
	int fd;

	pair_open(&p);
	want_server_first(&p)->closer = receiver->who;
	actor_do(p.server, op_send_fd, channel & 0xffff, p.server_fd, 0);
	pair_close_server(&p);
	fd = actor_do(receiver, op_receive_fd, channel >> 16, 0, 0);
	actor_do(receiver, op_close, fd, 0, 0);
	client_follows(&p);
}

static void thread_closes(void)
{
	struct pair p = pair_new();

	want_server_first(&p);
	actor_do(p.server, op_close_in_thread, p.server_fd, 0, 0);
	client_follows(&p);
}

static void dup2_over(void)
{
	struct pair p = pair_new();

	want_server_first(&p);
	actor_do(p.server, op_dup2_over, p.server_fd, 0, 0);
	client_follows(&p);
}

static void exit_open(void)
{
	struct pair p = pair_new();

	want_server_first(&p);
	actor_exit(p.server);
	client_follows(&p);
}

static void kill_open(void)
{
	struct pair p = pair_new();

	want_server_first(&p);
	actor_kill(p.server);
	client_follows(&p);
}

static void client_killed(void)
{
	struct pair p = pair_new();

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	want_server(&p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
	actor_kill(p.client);
	pair_wait_server(&p, "CLOSE_WAIT");
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
}

/* A connection that its parent opened and a worker alone uses: the owner stays the one who connected. */
static void inherited_connection(void)
{
	struct pair p = pair_new();
	struct actor *worker = actor_fork(p.client, "worker");

	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired")->closer =
		worker->who;
	want_server(&p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
	actor_exit(p.client);
	actor_do(worker, op_send, p.client_fd, 1, 0);
	actor_do(p.server, op_recv, p.server_fd, 1, 0);
	actor_do(worker, op_close, p.client_fd, 0, 0);
	pair_wait_server(&p, "CLOSE_WAIT");
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
}

/* Names that could break a line of output or JSON are carried as they are. */
static void hostile_name(void)
{
	struct pair p = { .client = actor_new("a\"b\\c\td\ne"), .server = actor_new("\xc3\xa9t\xc3\xa9 {}") };

	pair_open(&p);
	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	want_server(&p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
	pair_close_client(&p);
	pair_wait_server(&p, "CLOSE_WAIT");
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
}

static void pid_namespace(void)
{
	struct actor *outer = actor_new("outer");
	struct actor *inner = actor_fork_pidns(outer, "inner");
	struct pair p = { .client = inner, .server = actor_new("server") };

	pair_open(&p);
	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	want_server(&p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
	pair_close_client(&p);
	pair_wait_server(&p, "CLOSE_WAIT");
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
}

static void *thread_close(void *fd)
{
	return (void *)(long)close((int)(long)fd);
}

static long op_close_in_thread(long fd, long unused1, long unused2)
{
	pthread_t thread;
	void *answer = NULL;

	(void)unused1, (void)unused2;
	if (pthread_create(&thread, NULL, thread_close, (void *)fd))
		return -EAGAIN;
	pthread_join(thread, &answer);
	return (long)answer;
}

static long op_dup2_over(long fd, long unused1, long unused2)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)unused1, (void)unused2;
	return dup2(null, fd) < 0 ? -errno : 0;
}

const struct life lives_owner[] = {
	{ .name = "fork_worker", .make = fork_worker },
	{ .name = "fork_worker_passive", .make = fork_worker_passive },
	{ .name = "exec_worker", .make = exec_worker },
	{ .name = "prefork_accept", .make = prefork_accept },
	{ .name = "silent_accept", .make = silent_accept },
	{ .name = "descriptor_passed", .make = descriptor_passed },
	{ .name = "thread_closes", .make = thread_closes },
	{ .name = "dup2_over", .make = dup2_over },
	{ .name = "exit_open", .make = exit_open },
	{ .name = "kill_open", .make = kill_open },
	{ .name = "client_killed", .make = client_killed },
	{ .name = "inherited_connection", .make = inherited_connection },
	{ .name = "hostile_name", .make = hostile_name },
	{ .name = "pid_namespace", .make = pid_namespace },
	{ 0 },
};
