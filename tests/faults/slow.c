// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Preloaded: a slow disk. Each page that a database reads or writes takes 20 ms, as each wait for the disk does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define DELAY_NS 20000000L

/* No signal makes a disk faster. */
static void delay(void)
{
	struct timespec left = { .tv_nsec = DELAY_NS };
	int saved = errno;

	while (nanosleep(&left, &left) && errno == EINTR)
		;
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
