// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Preloaded: a slow disk. Each page that a database reads or writes takes 20 ms, as each wait for the disk does. Where SLOW_HANGS names a
 * file, none of them ends any more once that is there; and once a second signals come late, as they do on a busy machine.
 * Where there is SLOW_SERVER, the server of metrics takes 120 ms to end, and says so. Where there is SLOW_LOOKS, each pass over what is
 * there takes 250 ms more of a processor, as where there are very many sockets.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define DELAY_NS 20000000L
#define LATE_NS 200000000L
#define TIMELY_NS 800000000L
#define SERVER_NS 120000000L
#define LOOK_NS 250000000L

/* No signal makes a disk faster. */
static void wait_for(long ns)
{
	struct timespec left = { .tv_nsec = ns };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

static void be_late(void)
{
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	wait_for(LATE_NS);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void delay(void)
{
	const char *hangs = getenv("SLOW_HANGS");
	int saved = errno;

	while (hangs && !access(hangs, F_OK)) {
		be_late();
		wait_for(TIMELY_NS);
	}
	wait_for(DELAY_NS);
	errno = saved;
}

#define SLOW(type, name, parameters, arguments)                                  \
	type name parameters                                                     \
	{                                                                        \
		static type(*next) parameters;                                   \
                                                                                 \
		if (!next)                                                       \
			next = (type(*) parameters)dlsym(RTLD_NEXT, #name);      \
		delay();                                                         \
		return next arguments;                                           \
	}

SLOW(ssize_t, pread64, (int fd, void *bytes, size_t size, off64_t at), (fd, bytes, size, at))
SLOW(ssize_t, pwrite64, (int fd, const void *bytes, size_t size, off64_t at), (fd, bytes, size, at))
SLOW(int, fsync, (int fd), (fd))
SLOW(int, fdatasync, (int fd), (fd))

struct event_base;

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* It may not sleep, by its filter of system calls. */
int event_base_dispatch(struct event_base *base)
{
	int (*next)(struct event_base *) = (int (*)(struct event_base *))dlsym(RTLD_NEXT, "event_base_dispatch");
	const int result = next(base);
	const long long end_ns = now_ns() + SERVER_NS;
	static const char text[] = "the server has ended\n";

	while (getenv("SLOW_SERVER") && now_ns() < end_ns)
		;
	if (getenv("SLOW_SERVER") && write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		return -1;
	return result;
}

int bpf_iter_create(int link)
{
	int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, "bpf_iter_create");
	const long long end_ns = now_ns() + LOOK_NS;

	while (getenv("SLOW_LOOKS") && now_ns() < end_ns)
		;
	return next(link);
}
