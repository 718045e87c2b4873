// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The processes of a life. Each serves calls (a function and three numbers) from its director over a socket
 * pair; pairs are made before the first fork so that an actor's own child can be reached too.
 */
#define _GNU_SOURCE 1
#include "actor.h"

#include "clock.h"

#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS 12
#define CALL_MS 30000

struct call {
	operation op;
	long x, y, z;
};

/* Of the director that this process plays in. */
static struct slot {
	int director_end, actor_end;
	struct actor actor;
} slots[SLOTS];
static int slots_used;

static struct slot *slot_take(const char *comm)
{
	struct slot *s = &slots[slots_used];
	int ends[2];

	if (!slots_used) {
		for (int i = 0; i < SLOTS; i++) {
			if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
				life_fail("socketpair: %s", strerror(errno));
			slots[i].director_end = ends[0];
			slots[i].actor_end = ends[1];
		}
	}
	if (slots_used == SLOTS)
		life_fail("more actors than SLOTS");
	s->actor.slot = slots_used++;
	snprintf(s->actor.who.comm, sizeof(s->actor.who.comm), "%s", comm);
	return s;
}

/* So that the end of the director is the end of the file for those whom it did not fork. */
static void forget_director(void)
{
	for (int i = 0; i < SLOTS; i++) {
		if (slots[i].director_end >= 0)
			close(slots[i].director_end);
		slots[i].director_end = -1; /* an actor's child must not close what has the number then */
	}
}

static void serve(const struct slot *s)
{
	struct call call;
	long answer;

	prctl(PR_SET_NAME, s->actor.who.comm);
	forget_director();
	while (read(s->actor_end, &call, sizeof(call)) == sizeof(call)) {
		answer = call.op(call.x, call.y, call.z);
		if (write(s->actor_end, &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
	_exit(0);
}

struct actor *actor_new(const char *comm)
{
	struct slot *s = slot_take(comm);
	int pid = fork();

	if (pid < 0)
		life_fail("fork: %s", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGCHLD, SIG_IGN);
		serve(s);
	}
	s->actor.who.pid = s->actor.who.ns_pid = pid;
	return &s->actor;
}

static long op_fork(long slot, long unused1, long unused2)
{
	int pid = fork();

	(void)unused1, (void)unused2;
	if (!pid)
		serve(&slots[slot]);
	return pid < 0 ? -errno : pid;
}

static long op_unshare(long flags, long unused1, long unused2)
{
	(void)unused1, (void)unused2;
	return unshare(flags) ? -errno : 0;
}

/* The comm was written before the parent forked; the parent's copy of the slot table must know it too. */
static long op_name_slot(long slot, long name, long unused)
{
	(void)unused;
	snprintf(slots[slot].actor.who.comm, sizeof(slots[slot].actor.who.comm), "%s", (const char *)name);
	return 0;
}

struct actor *actor_fork(struct actor *parent, const char *comm)
{
	struct slot *s = slot_take(comm);

	actor_do(parent, op_name_slot, s->actor.slot, (long)comm, 0);
	s->actor.who.pid = s->actor.who.ns_pid = actor_do(parent, op_fork, s->actor.slot, 0, 0);
	return &s->actor;
}

/* A pid is free again some time after its process has ended. */
static long op_fork_as(long slot, long pid, long unused)
{
	pid_t wanted = pid;
	struct clone_args args = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&wanted, .set_tid_size = 1 };
	long child;

	(void)unused;
	for (int i = 0; i < 200; i++) {
		child = syscall(SYS_clone3, &args, sizeof(args));
		if (!child)
			serve(&slots[slot]);
		if (child > 0 || errno != EEXIST)
			break;
		poll(NULL, 0, 10);
	}
	return child < 0 ? -errno : child;
}

struct actor *actor_fork_as(struct actor *parent, const char *comm, int pid)
{
	struct slot *s = slot_take(comm);
	long child;

	actor_do(parent, op_name_slot, s->actor.slot, (long)comm, 0);
	child = actor_try(parent, op_fork_as, s->actor.slot, pid, 0);
	if (child < 0)
		life_skip("clone3() with pid %d: %s", pid, strerror(-child));
	s->actor.who.pid = s->actor.who.ns_pid = child;
	return &s->actor;
}

struct actor *actor_fork_pidns(struct actor *parent, const char *comm)
{
	struct actor *a;
	long err = actor_try(parent, op_unshare, CLONE_NEWPID, 0, 0);

	if (err)
		life_skip("unshare(CLONE_NEWPID): %s", strerror(-err));
	a = actor_fork(parent, comm);
	a->who.ns_pid = 1;
	return a;
}

void actor_begin(struct actor *a, operation op, long x, long y, long z)
{
	struct call call = { op, x, y, z };

	if (write(slots[a->slot].director_end, &call, sizeof(call)) != sizeof(call))
		life_fail("%s can't be told: %s", a->who.comm, strerror(errno));
}

long actor_end(struct actor *a)
{
	struct pollfd p = { .fd = slots[a->slot].director_end, .events = POLLIN };
	long answer;

	if (poll(&p, 1, CALL_MS) != 1 || read(p.fd, &answer, sizeof(answer)) != sizeof(answer))
		life_fail("%s did not answer within %d ms", a->who.comm, CALL_MS);
	return answer;
}

long actor_try(struct actor *a, operation op, long x, long y, long z)
{
	actor_begin(a, op, x, y, z);
	return actor_end(a);
}

long actor_do(struct actor *a, operation op, long x, long y, long z)
{
	long answer = actor_try(a, op, x, y, z);

	if (answer < 0)
		life_fail("%s: operation failed: %s", a->who.comm, strerror(-answer));
	return answer;
}

static long op_exit(long unused1, long unused2, long unused3)
{
	(void)unused1, (void)unused2, (void)unused3;
	_exit(0);
}

/* Our own child, or an actor's, which nobody has to wait for. */
static void wait_end(int pid)
{
	long end = clock_ms() + CALL_MS;

	if (waitpid(pid, NULL, 0) == pid)
		return;
	while (!kill(pid, 0) && clock_ms() < end)
		poll(NULL, 0, 2);
}

void actor_exit(struct actor *a)
{
	actor_begin(a, op_exit, 0, 0, 0);
	wait_end(a->who.pid);
}

void actor_kill(struct actor *a)
{
	kill(a->who.pid, SIGKILL);
	wait_end(a->who.pid);
}

void actor_disband(void)
{
	for (int i = 0; i < SLOTS; i++) {
		close(slots[i].director_end);
		close(slots[i].actor_end);
	}
}

static long op_exec(long unused1, long unused2, long unused3)
{
	(void)unused1, (void)unused2, (void)unused3;
	execl("/proc/self/exe", "scenarios", "--hold", NULL);
	return -errno;
}

void actor_exec(struct actor *a)
{
	actor_begin(a, op_exec, 0, 0, 0);
}

int actor_hold(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

void pair_connect(struct pair *p)
{
	if (!p->addr)
		p->addr = "127.0.0.1";
	if (!p->port)
		p->port = 7000;
	if (!p->listener)
		p->listener = actor_do(p->server, op_listen, (long)p->addr, p->port, 16);
	p->client_fd = actor_do(p->client, op_connect, (long)p->addr, p->port, p->client_port);
	p->client_port = actor_do(p->client, op_port, p->client_fd, 0, 0);
	/* The last segment of the handshake may still be on its way. */
	pair_wait_server(p, "ESTABLISHED");
}

void pair_open_silent(struct pair *p)
{
	pair_connect(p);
	p->server_fd = actor_do(p->server, op_accept, p->listener, 0, 0);
}

void pair_open(struct pair *p)
{
	pair_open_silent(p);
	actor_do(p->client, op_send, p->client_fd, 1, 0);
	actor_do(p->server, op_recv, p->server_fd, 1, 0);
	actor_do(p->server, op_send, p->server_fd, 1, 0);
	actor_do(p->client, op_recv, p->client_fd, 1, 0);
}

struct pair pair_new(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server") };

	pair_open(&p);
	return p;
}

void pair_close_client(const struct pair *p)
{
	actor_do(p->client, op_close, p->client_fd, 0, 0);
}

void pair_close_server(const struct pair *p)
{
	actor_do(p->server, op_close, p->server_fd, 0, 0);
}

static void close_small(struct actor *a, int fd, int local_port, int remote_port)
{
	actor_do(a, op_shutdown_write, fd, 0, 0);
	life_wait_state(local_port, remote_port, "FIN_WAIT2");
	actor_do(a, op_close, fd, 0, 0);
	life_wait_small(local_port, remote_port, "FIN_WAIT2");
}

void pair_close_client_small(const struct pair *p)
{
	close_small(p->client, p->client_fd, p->client_port, p->port);
}

void pair_close_server_small(const struct pair *p)
{
	close_small(p->server, p->server_fd, p->port, p->client_port);
}

void pair_wait_client(const struct pair *p, const char *state)
{
	life_wait_state(p->client_port, p->port, state);
}

void pair_wait_server(const struct pair *p, const char *state)
{
	life_wait_state(p->port, p->client_port, state);
}

struct want *want_client(const struct pair *p, const char *path, const char *closed_by, const char *end)
{
	return life_want(&(struct want){
		.local_addr = p->addr, .local_port = p->client_port, .remote_port = p->port,
		.path = path, .closed_by = closed_by, .end = end, .side = "active",
		.service_port = p->port, .attribution = "observed",
		.owner = p->client->who, .closer = p->client->who, .in_queue = 0 });
}

struct want *want_server(const struct pair *p, const char *path, const char *closed_by, const char *end)
{
	return life_want(&(struct want){
		.local_addr = p->addr, .local_port = p->port, .remote_port = p->client_port,
		.path = path, .closed_by = closed_by, .end = end, .side = "passive",
		.service_port = p->port, .attribution = "observed",
		.owner = p->server->who, .closer = p->server->who, .in_queue = 0 });
}
