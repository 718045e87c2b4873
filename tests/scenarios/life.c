// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Directors: one process for each life, in its own network namespace and process group. What a director
 * learns goes to the harness through shared memory; the harness lets it go on through a pipe.
 */
#define _GNU_SOURCE 1
#include "life.h"

#include "clock.h"
#include "net.h"
#include "rows.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATE_WAIT_MS 30000
#define HOLDER_WAIT_MS 60000 /* looks may be far apart on an emulated machine */
#define MAX_ROWS 256

const struct who nobody = { .pid = 0 };
const struct who anyone = { .pid = -1 };

/* A director plays one life, so this is the process's own. */
static struct truth *own;

static void stage_set(struct truth *truth, enum stage stage)
{
	__atomic_store_n(&truth->stage, stage, __ATOMIC_RELEASE);
}

static enum stage stage_get(const struct truth *truth)
{
	return __atomic_load_n(&truth->stage, __ATOMIC_ACQUIRE);
}

static void rest(void) __attribute__((noreturn));

static void rest(void)
{
	stage_set(own, STAGE_DONE);
	for (;;)
		pause();
}

void life_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(own->fail, sizeof(own->fail), format, args);
	va_end(args);
	rest();
}

void life_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(own->skip, sizeof(own->skip), format, args);
	va_end(args);
	rest();
}

struct truth *life_truth(void)
{
	return own;
}

struct want *life_want(const struct want *want)
{
	if (own->wants == MAX_WANTS)
		life_fail("more expectations than MAX_WANTS");
	own->want[own->wants] = *want;
	return &own->want[own->wants++];
}

struct want_failed *life_want_failed(int local_port, int remote_port, struct who owner, const char *error)
{
	if (own->wants_failed == MAX_WANTS_FAILED)
		life_fail("more expectations than MAX_WANTS_FAILED");
	own->want_failed[own->wants_failed] = (struct want_failed){ local_port, remote_port, owner, error, NULL };
	return &own->want_failed[own->wants_failed++];
}

void life_sysctl(const char *name, const char *value)
{
	int err = net_sysctl(name, value);

	if (err)
		life_skip("sysctl %s=%s: %s", name, value, strerror(-err));
}

static int netns_join(int pid)
{
	char path[64];
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = setns(fd, CLONE_NEWNET) ? -errno : 0;
	close(fd);
	return err;
}

void life_machine_sysctl(const char *name, const char *value, char *old)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int err = netns_join(getppid());

	if (!err && old)
		err = net_sysctl_read(name, old, 32);
	if (!err)
		err = net_sysctl(name, value);
	if (setns(home, CLONE_NEWNET) || close(home))
		life_fail("no way back into the namespace: %s", strerror(errno));
	if (err)
		life_skip("sysctl %s=%s: %s", name, value, strerror(-err));
}

static const struct row *row_find(const struct row *rows, int n, int local_port, int remote_port)
{
	for (int i = 0; i < n; i++)
		if (rows[i].local_port == local_port && rows[i].remote_port == remote_port)
			return &rows[i];
	return NULL;
}

/* *row is what the kernel showed last, its state 0 for nothing. */
static bool row_comes(int local_port, int remote_port, const char *state, bool small, int ms, struct row *row)
{
	struct row rows[MAX_ROWS];
	int pause = 1;

	for (long end = clock_ms() + ms; clock_ms() < end; poll(NULL, 0, pause)) {
		int n = rows_read(getpid(), rows, MAX_ROWS);
		const struct row *found = row_find(rows, n, local_port, remote_port);

		pause += pause < 30 ? pause : 0; /* 2, 4, … 32 ms */
		*row = found ? *found : (struct row){ .state = 0 };
		if (!found ? !*state : !strcmp(state_name(found->state), state) && (!small || found->small))
			return true;
	}
	return false;
}

static void wait_row(int local_port, int remote_port, const char *state, bool small)
{
	struct row row;

	if (row_comes(local_port, remote_port, state, small, STATE_WAIT_MS, &row))
		return;
	/* A RST is sent once. */
	if (!*state && net_is_bad()) {
		own->unfinished = true;
		life_skip("%d>%d stays in %s: the network lost what should have ended it", local_port, remote_port, state_name(row.state));
	}
	life_fail("the kernel shows %d>%d in %s%s, not in %s", local_port, remote_port,
		  row.state ? state_name(row.state) : "no state", row.small ? " (small)" : "",
		  *state ? state : "no state");
}

bool life_state_comes(int local_port, int remote_port, const char *state, int ms)
{
	struct row row;

	return row_comes(local_port, remote_port, state, false, ms, &row);
}

bool life_small_comes(int local_port, int remote_port, const char *state, int ms)
{
	struct row row;

	return row_comes(local_port, remote_port, state, true, ms, &row);
}

void life_wait_state(int local_port, int remote_port, const char *state)
{
	wait_row(local_port, remote_port, state, false);
}

void life_wait_small(int local_port, int remote_port, const char *state)
{
	wait_row(local_port, remote_port, state, true);
}

void life_wait_holder(const struct want_holder *want)
{
	int asked = own->holders_asked + 1;

	own->holder = *want;
	__atomic_store_n(&own->holders_asked, asked, __ATOMIC_RELEASE);
	for (long end = clock_ms() + HOLDER_WAIT_MS; clock_ms() < end; poll(NULL, 0, 5))
		if (__atomic_load_n(&own->holders_told, __ATOMIC_ACQUIRE) == asked)
			return;
	life_fail("question %d: %d>%d expected holder %d/%s of %d, fd %d%s; last: %s", asked, want->local_port, want->remote_port,
		  want->who.pid, want->who.comm, want->holders, want->fd, want->in_queue ? ", in the queue" : "",
		  own->holder_last);
}

const struct want_holder *director_asks(const struct director *d)
{
	const struct truth *truth = d->truth;

	if (__atomic_load_n(&truth->holders_asked, __ATOMIC_ACQUIRE) == truth->holders_told)
		return NULL;
	return &truth->holder;
}

void director_answer(struct director *d)
{
	__atomic_store_n(&d->truth->holders_told, d->truth->holders_told + 1, __ATOMIC_RELEASE);
}

void life_pass(int ms)
{
	poll(NULL, 0, ms);
}

static void direct(const struct life *life, int go)
{
	char byte;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "director");
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	if (unshare(CLONE_NEWNET) || net_lo_up())
		life_fail("no network namespace: %s", strerror(errno));
	/*
	 * On a slow machine a FIN is repeated; the ACK for the second one meets no socket any more, and the RST
	 * that it gets would end TIME_WAIT. A kernel can be told to ignore it there.
	 */
	net_sysctl("tcp_rfc1337", "1");
	own->netns = net_inode(getpid());
	stage_set(own, STAGE_READY);
	if (read(go, &byte, 1) != 1)
		_exit(1);
	if (life->before)
		life->before();
	stage_set(own, STAGE_BEFORE);
	if (read(go, &byte, 1) != 1)
		_exit(1);
	if (life->make)
		life->make();
	rest();
}

int director_start(struct director *d, const struct life *life)
{
	int pipes[2];

	d->life = life;
	d->truth = mmap(NULL, sizeof(*d->truth), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (d->truth == MAP_FAILED || pipe(pipes))
		return -errno;
	d->truth->dies = life->flags & LIFE_NETNS_DIES;
	d->go = pipes[1];
	fflush(stdout);
	d->pid = fork();
	if (d->pid < 0)
		return -errno;
	if (!d->pid) {
		own = d->truth;
		close(pipes[1]);
		direct(life, pipes[0]);
		_exit(0);
	}
	setpgid(d->pid, d->pid);
	close(pipes[0]);
	return 0;
}

void director_go(struct director *d)
{
	if (write(d->go, "g", 1) != 1)
		snprintf(d->truth->fail, sizeof(d->truth->fail), "its director is gone");
}

bool director_done(struct director *d)
{
	if (stage_get(d->truth) < STAGE_DONE && waitpid(d->pid, NULL, WNOHANG) == d->pid) {
		snprintf(d->truth->fail, sizeof(d->truth->fail), "its director died");
		stage_set(d->truth, STAGE_DONE);
	}
	return stage_get(d->truth) == STAGE_DONE;
}

bool director_wait(struct director *d, enum stage stage, int ms)
{
	for (long end = clock_ms() + ms; clock_ms() < end && stage_get(d->truth) < stage; poll(NULL, 0, 2))
		director_done(d);
	if (stage_get(d->truth) < stage && !*d->truth->fail)
		snprintf(d->truth->fail, sizeof(d->truth->fail), "not finished within %d ms", ms);
	return stage_get(d->truth) >= stage;
}

void director_free(struct director *d)
{
	if (!d->pid)
		return;
	kill(-d->pid, SIGKILL);
	waitpid(d->pid, NULL, 0);
	close(d->go);
	munmap(d->truth, sizeof(*d->truth));
	d->pid = 0;
}
