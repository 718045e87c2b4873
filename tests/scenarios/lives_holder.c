// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Who has a socket while it waits in CLOSE_WAIT. Descriptors change hands in every way that there is, and after each step the
 * life waits until tcpdwell has told who has it now. The director knows, because it told each process what to do.
 */
#define _GNU_SOURCE 1
#include "actor.h"
#include "lives.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void told(const struct pair *p, struct who who, int holders, int fd, bool in_queue)
{
	life_wait_holder(&(struct want_holder){ p->port, p->client_port, who, holders, fd, in_queue });
}

static void told_held(const struct pair *p, const struct actor *holder, int holders, int fd)
{
	told(p, holder->who, holders, fd, false);
}

static void told_queued(const struct pair *p, const struct actor *listener)
{
	told(p, listener->who, 0, -1, true);
}

/*
 * The client sends its FIN and keeps its descriptor: a small FIN_WAIT2 would not wait for as long as a life may. Its end and the
 * server's are written down; the owner and the closer are p->server until that is changed.
 */
static struct want *client_ends(const struct pair *p)
{
	want_client(p, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE", "local", "expired");
	actor_do(p->client, op_shutdown_write, p->client_fd, 0, 0);
	pair_wait_server(p, "CLOSE_WAIT");
	return want_server(p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
}

static void last_closes(const struct pair *p, struct actor *last, int fd)
{
	actor_do(last, op_close, fd, 0, 0);
	pair_wait_client(p, "TIME_WAIT");
}

/* A busy prefork server: the peer is gone before a worker accepts. */
static void holder_prefork(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("master") };
	struct actor *worker;
	struct want *w;

	p.listener = actor_do(p.server, op_listen, (long)"127.0.0.1", 7000, 16);
	worker = actor_fork(p.server, "worker");
	pair_connect(&p);
	w = client_ends(&p);
	w->in_queue = 1;
	w->owner = w->closer = worker->who;
	told_queued(&p, p.server);
	p.server_fd = actor_do(worker, op_accept, p.listener, 0, 0);
	told_held(&p, worker, 1, p.server_fd);
	last_closes(&p, worker, p.server_fd);
}

/* As in daemons: who listened is gone, its child has the listener and never accepts. */
static void holder_daemon(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("starter") };
	struct actor *daemon;
	struct want *w;

	p.listener = actor_do(p.server, op_listen, (long)"127.0.0.1", 7000, 16);
	daemon = actor_fork(p.server, "daemon");
	pair_connect(&p);
	w = client_ends(&p);
	w->path = ACCEPTED "CLOSE_WAIT";
	w->in_queue = 1;
	w->attribution = "listener";
	w->closer = nobody;
	life_truth()->want[0].path = CONNECTED "FIN_WAIT1>FIN_WAIT2";
	life_truth()->want[0].end = "null";
	told_queued(&p, p.server);
	actor_exit(p.server);
	told_queued(&p, daemon);
}

/* A connection for each of several processes, as in ssh or postgres: the child works, the parent lets go. */
static void holder_fork(void)
{
	struct pair p = pair_new();
	struct actor *child = actor_fork(p.server, "child");

	client_ends(&p)->closer = child->who;
	told_held(&p, p.server, 2, p.server_fd);
	pair_close_server(&p);
	told_held(&p, child, 1, p.server_fd);
	last_closes(&p, child, p.server_fd);
}

/* A child that was forked for something else keeps what its parent closes. */
static void holder_kept_by_child(void)
{
	struct pair p = pair_new();
	struct want *w = client_ends(&p);
	struct actor *child;

	told_held(&p, p.server, 1, p.server_fd);
	child = actor_fork(p.server, "bgsave");
	w->closer = child->who;
	told_held(&p, p.server, 2, p.server_fd);
	pair_close_server(&p);
	told_held(&p, child, 1, p.server_fd);
	actor_exit(child);
	pair_wait_client(&p, "TIME_WAIT");
}

/* The owner is gone, of two siblings one goes too. */
static void holder_sibling(void)
{
	struct pair p = pair_new();
	struct actor *first = actor_fork(p.server, "first");
	struct actor *second = actor_fork(p.server, "second");
	struct actor *lower = first->who.pid < second->who.pid ? first : second;
	struct actor *other = lower == first ? second : first;

	client_ends(&p)->closer = other->who;
	told_held(&p, p.server, 3, p.server_fd);
	actor_exit(p.server);
	told_held(&p, lower, 2, p.server_fd);
	actor_kill(lower);
	told_held(&p, other, 1, p.server_fd);
	last_closes(&p, other, p.server_fd);
}

/*
 * A look at all descriptors holds files for a moment, and their last user may close them just then: the kernel ends them in the task of
 * tcpdwell, which is not who closed. A process of that name, and not the owner, is as good as one that looks.
 */
static void holder_ended_by_a_look(void)
{
	struct pair p = pair_new();
	struct actor *look = actor_fork(p.server, "tcpdwell");

	client_ends(&p)->closer = nobody;
	told_held(&p, p.server, 2, p.server_fd);
	pair_close_server(&p);
	told_held(&p, look, 1, p.server_fd);
	last_closes(&p, look, p.server_fd);
}

/* ... but what it opened itself it closes itself. */
static void holder_is_one_that_looks(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("tcpdwell") };

	pair_open(&p);
	client_ends(&p);
	told_held(&p, p.server, 1, p.server_fd);
	last_closes(&p, p.server, p.server_fd);
}

/* Given to a third process, which gives it to a fourth. While it is on its way nobody has it. */
static void holder_passed_twice(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("accepter") };
	long first = actor_do(p.server, op_socketpair, 0, 0, 0), second = actor_do(p.server, op_socketpair, 0, 0, 0);
	struct actor *proxy = actor_fork(p.server, "proxy"), *backend = actor_fork(p.server, "backend");
	int fd;

	pair_open(&p);
	client_ends(&p)->closer = backend->who;
	told_held(&p, p.server, 1, p.server_fd);
	actor_do(p.server, op_send_fd, first & 0xffff, p.server_fd, 0);
	pair_close_server(&p);
	told(&p, nobody, 0, -1, false);
	fd = actor_do(proxy, op_receive_fd, first >> 16, 0, 0);
	told_held(&p, proxy, 1, fd);
	actor_do(proxy, op_send_fd, second & 0xffff, fd, 0);
	told_held(&p, proxy, 1, fd);
	fd = actor_do(backend, op_receive_fd, second >> 16, 0, 0);
	actor_exit(proxy);
	told_held(&p, backend, 1, fd);
	last_closes(&p, backend, fd);
}

/* A listener goes to another process, and what waits in its queue with it. */
static void holder_listener_passed(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("old") };
	long channel = actor_do(p.server, op_socketpair, 0, 0, 0);
	struct actor *receiver = actor_fork(p.server, "new");
	struct want *w;
	int listener;

	pair_connect(&p);
	w = client_ends(&p);
	w->in_queue = 1;
	w->owner = w->closer = receiver->who;
	told_queued(&p, p.server);
	actor_do(p.server, op_send_fd, channel & 0xffff, p.listener, 0);
	listener = actor_do(receiver, op_receive_fd, channel >> 16, 0, 0);
	actor_do(p.server, op_close, p.listener, 0, 0);
	told_queued(&p, receiver);
	p.server_fd = actor_do(receiver, op_accept, listener, 0, 0);
	told_held(&p, receiver, 1, p.server_fd);
	last_closes(&p, receiver, p.server_fd);
}

/* Two processes share an address. Which of them a connection waits for, only the kernel decides; and the process itself can see it. */
#define SHARED_TRIES 12
static void holder_reuseport(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("busy"), .addr = "127.0.0.1", .port = 7000 };
	struct actor *stuck = actor_new("stuck"), *charged;
	int other = actor_do(stuck, op_listen_shared, (long)p.addr, p.port, 16);
	struct want *w;

	p.listener = actor_do(p.server, op_listen_shared, (long)p.addr, p.port, 16);
	for (int i = 0; i < SHARED_TRIES / 2; i++) {
		p.client_port = 0;
		pair_connect(&p);
		w = client_ends(&p);
		w->in_queue = 1;
		w->path = ACCEPTED "CLOSE_WAIT";
		w->attribution = "unknown";
		w->owner = w->closer = nobody;
		life_truth()->want[2 * i].path = CONNECTED "FIN_WAIT1>FIN_WAIT2";
		life_truth()->want[2 * i].end = "null";
		charged = actor_do(stuck, op_is_readable, other, 0, 0) ? stuck : p.server;
		told_queued(&p, charged);
		if (charged == stuck)
			break;
		/* So that only the next one makes it readable. */
		w->path = ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE";
		w->attribution = "observed";
		w->owner = w->closer = p.server->who;
		life_truth()->want[2 * i].path = CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT|CLOSE";
		life_truth()->want[2 * i].end = "expired";
		p.server_fd = actor_do(p.server, op_accept, p.listener, 0, 0);
		last_closes(&p, p.server, p.server_fd);
	}
}

/* The descriptor stays open over exec, and the process gets another name. */
static void holder_exec(void)
{
	struct pair p = pair_new();
	struct want *w = client_ends(&p);
	struct who executed = p.server->who;

	strcpy(executed.comm, "exe");
	w->closer = executed;
	told_held(&p, p.server, 1, p.server_fd);
	actor_do(p.server, op_keep_on_exec, p.server_fd, 0, 0);
	actor_exec(p.server);
	told(&p, executed, 1, p.server_fd, false);
	actor_kill(p.server);
	pair_wait_client(&p, "TIME_WAIT");
}

/* It closes on exec, but another process has it too. */
static void holder_exec_closes(void)
{
	struct pair p = pair_new();
	struct actor *child = actor_fork(p.server, "child");

	client_ends(&p)->closer = child->who;
	told_held(&p, p.server, 2, p.server_fd);
	actor_exec(p.server);
	told_held(&p, child, 1, p.server_fd);
	last_closes(&p, child, p.server_fd);
}

static long op_rename(long name, long unused1, long unused2)
{
	(void)unused1, (void)unused2;
	return prctl(PR_SET_NAME, (const char *)name) ? -errno : 0;
}

static void holder_renamed(void)
{
	struct pair p = pair_new();
	struct want *w = client_ends(&p);

	told_held(&p, p.server, 1, p.server_fd);
	actor_do(p.server, op_rename, (long)"renamed", 0, 0);
	strcpy(p.server->who.comm, "renamed");
	told_held(&p, p.server, 1, p.server_fd);
	w->closer = p.server->who;
	last_closes(&p, p.server, p.server_fd);
}

static void *thread_sleep(void *name)
{
	prctl(PR_SET_NAME, (const char *)name);
	for (;;)
		pause();
	return NULL;
}

static long op_thread(long name, long unused1, long unused2)
{
	pthread_t thread;

	(void)unused1, (void)unused2;
	return -pthread_create(&thread, NULL, thread_sleep, (void *)name);
}

static void *thread_accept(void *listener)
{
	prctl(PR_SET_NAME, "io-thread");
	return (void *)op_accept((long)listener, 0, 0);
}

static long op_accept_in_thread(long listener, long unused1, long unused2)
{
	pthread_t thread;
	void *fd = NULL;

	(void)unused1, (void)unused2;
	if (pthread_create(&thread, NULL, thread_accept, (void *)listener))
		return -EAGAIN;
	pthread_join(thread, &fd);
	return (long)fd;
}

/* Threads have names of their own, and share the descriptor: it is one process's, and that one's name counts. */
static void holder_threads(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server") };
	struct want *w;

	actor_do(p.server, op_thread, (long)"aaa", 0, 0);
	pair_connect(&p);
	w = client_ends(&p);
	w->in_queue = 1;
	told_queued(&p, p.server);
	p.server_fd = actor_do(p.server, op_accept_in_thread, p.listener, 0, 0);
	actor_do(p.server, op_thread, (long)"zzz", 0, 0);
	told_held(&p, p.server, 1, p.server_fd);
	last_closes(&p, p.server, p.server_fd);
}

static long op_leader_ends(long unused1, long unused2, long unused3)
{
	(void)unused1, (void)unused2, (void)unused3;
	return syscall(SYS_exit, 0);
}

/* The process's first thread has ended, another lives on with the descriptors. */
static void holder_leader_ends(void)
{
	struct pair p = pair_new();

	client_ends(&p);
	actor_do(p.server, op_thread, (long)"left", 0, 0);
	told_held(&p, p.server, 1, p.server_fd);
	actor_begin(p.server, op_leader_ends, 0, 0, 0);
	told_held(&p, p.server, 1, p.server_fd);
	actor_kill(p.server);
	pair_wait_client(&p, "TIME_WAIT");
}

/* Two descriptors of one process are one holder, by the lower of them. */
static void holder_dup(void)
{
	struct pair p = pair_new();
	int fd;

	client_ends(&p);
	told_held(&p, p.server, 1, p.server_fd);
	fd = actor_do(p.server, op_dup, p.server_fd, 0, 0);
	actor_do(p.server, op_close, p.server_fd, 0, 0);
	told_held(&p, p.server, 1, fd);
	last_closes(&p, p.server, fd);
}

static long op_shared_child(long fd, long unused1, long unused2)
{
	int pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);

	(void)fd, (void)unused1, (void)unused2;
	if (pid)
		return pid < 0 ? -errno : pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "shares");
	for (;;)
		pause();
}

/* Two processes with one table of descriptors. */
static void holder_shared_table(void)
{
	struct pair p = pair_new();
	struct actor child = { .slot = -1 };

	client_ends(&p);
	child.who.pid = child.who.ns_pid = actor_do(p.server, op_shared_child, p.server_fd, 0, 0);
	told_held(&p, p.server, 2, p.server_fd);
	actor_kill(&child);
	told_held(&p, p.server, 1, p.server_fd);
	last_closes(&p, p.server, p.server_fd);
}

static void holder_pid_namespace(void)
{
	struct pair p = pair_new();
	struct actor *inner = actor_fork_pidns(p.server, "inner");

	client_ends(&p)->closer = inner->who;
	told_held(&p, p.server, 2, p.server_fd);
	pair_close_server(&p);
	told_held(&p, inner, 1, p.server_fd);
	last_closes(&p, inner, p.server_fd);
}

/* The owner's number is another process's by now, which is not the owner. */
static void holder_pid_reused(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("master") };
	long channel = actor_do(p.server, op_socketpair, 0, 0, 0);
	struct actor *owner, *reborn, *lower;
	struct want *w;
	int fd;

	p.listener = actor_do(p.server, op_listen, (long)"127.0.0.1", 7000, 16);
	owner = actor_fork(p.server, "owner");
	pair_connect(&p);
	p.server_fd = actor_do(owner, op_accept, p.listener, 0, 0);
	w = client_ends(&p);
	w->owner = owner->who;
	told_held(&p, owner, 1, p.server_fd);
	actor_do(owner, op_send_fd, channel >> 16, p.server_fd, 0);
	fd = actor_do(p.server, op_receive_fd, channel & 0xffff, 0, 0);
	told_held(&p, owner, 2, p.server_fd);
	actor_exit(owner);
	told_held(&p, p.server, 1, fd);
	reborn = actor_fork_as(p.server, "reborn", owner->who.pid);
	w->closer = reborn->who;
	lower = reborn->who.pid < p.server->who.pid ? reborn : p.server;
	told_held(&p, lower, 2, fd);
	actor_do(p.server, op_close, fd, 0, 0);
	told_held(&p, reborn, 1, fd);
	last_closes(&p, reborn, fd);
}

const struct life lives_holder[] = {
	{ .name = "holder_prefork", .make = holder_prefork },
	{ .name = "holder_daemon", .make = holder_daemon },
	{ .name = "holder_fork", .make = holder_fork },
	{ .name = "holder_kept_by_child", .make = holder_kept_by_child },
	{ .name = "holder_sibling", .make = holder_sibling },
	{ .name = "holder_ended_by_a_look", .make = holder_ended_by_a_look },
	{ .name = "holder_is_one_that_looks", .make = holder_is_one_that_looks },
	{ .name = "holder_passed_twice", .make = holder_passed_twice },
	{ .name = "holder_listener_passed", .make = holder_listener_passed },
	{ .name = "holder_reuseport", .make = holder_reuseport },
	{ .name = "holder_exec", .make = holder_exec },
	{ .name = "holder_exec_closes", .make = holder_exec_closes },
	{ .name = "holder_renamed", .make = holder_renamed },
	{ .name = "holder_threads", .make = holder_threads },
	{ .name = "holder_leader_ends", .make = holder_leader_ends },
	{ .name = "holder_dup", .make = holder_dup },
	{ .name = "holder_shared_table", .make = holder_shared_table },
	{ .name = "holder_pid_namespace", .make = holder_pid_namespace },
	{ .name = "holder_pid_reused", .make = holder_pid_reused },
	{ 0 },
};
