// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Preloaded: makes one call of a kind fail. INJECT=KIND:N, the N-th one from 1 on; 0: none. Where INJECT_COUNT names a file, the number
 * of calls of the kind is written there at the end. Kinds: memory, open, read, write, mmap, socket, bpf, fork.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static char kind[16];
static unsigned long at, calls;
static long count_fd = -1; /* a filter over system calls lets none be opened later */
static long (*next_syscall)(long number, ...);
static FILE *(*next_fopen)(const char *path, const char *mode);
static pid_t (*next_fork)(void);

__attribute__((constructor)) static void begin(void)
{
	const char *wish = getenv("INJECT"), *colon = wish ? strchr(wish, ':') : NULL;

	next_syscall = dlsym(RTLD_NEXT, "syscall");
	next_fopen = dlsym(RTLD_NEXT, "fopen");
	next_fork = dlsym(RTLD_NEXT, "fork");
	if (getenv("INJECT_COUNT"))
		count_fd = next_syscall(SYS_openat, AT_FDCWD, getenv("INJECT_COUNT"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (!colon || colon - wish >= (long)sizeof(kind))
		return;
	at = strtoul(colon + 1, NULL, 10);
	memcpy(kind, wish, colon - wish);
}

__attribute__((destructor)) static void end(void)
{
	char text[32];

	kind[0] = '\0';
	if (count_fd >= 0)
		next_syscall(SYS_pwrite64, count_fd, text, (long)snprintf(text, sizeof(text), "%lu\n", calls), 0L);
}

static int fails(const char *what, int error)
{
	if (strcmp(what, kind) || ++calls != at)
		return 0;
	errno = error;
	return 1;
}

void *malloc(size_t size)
{
	return fails("memory", ENOMEM) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails("memory", ENOMEM) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails("memory", ENOMEM) ? NULL : __libc_realloc(old, size);
}

static int open_any(int folder, const char *path, int flags, unsigned int mode)
{
	return fails("open", EMFILE) ? -1 : next_syscall(SYS_openat, folder, path, flags, mode);
}

#define OPEN(name, first, folder)                                      \
	int name(first const char *path, int flags, ...)               \
	{                                                              \
		va_list list;                                          \
		unsigned int mode;                                     \
                                                                       \
		va_start(list, flags);                                 \
		mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, unsigned int) : 0; \
		va_end(list);                                          \
		return open_any(folder, path, flags, mode);            \
	}

#define NOTHING
#define FOLDER int fd,
OPEN(open, NOTHING, AT_FDCWD)
OPEN(open64, NOTHING, AT_FDCWD)
OPEN(openat, FOLDER, fd)
OPEN(openat64, FOLDER, fd)

FILE *fopen(const char *path, const char *mode)
{
	return fails("open", EMFILE) ? NULL : next_fopen(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
	return fopen(path, mode);
}

ssize_t read(int fd, void *data, size_t size)
{
	return fails("read", EIO) ? -1 : next_syscall(SYS_read, fd, data, size);
}

ssize_t write(int fd, const void *data, size_t size)
{
	return fd != STDERR_FILENO && fails("write", ENOSPC) ? -1 : next_syscall(SYS_write, fd, data, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	return fd != STDERR_FILENO && fails("write", ENOSPC) ? -1 : next_syscall(SYS_writev, fd, parts, count);
}

void *mmap(void *place, size_t size, int protection, int flags, int fd, off_t offset)
{
	return fails("mmap", ENOMEM) ? MAP_FAILED : (void *)next_syscall(SYS_mmap, place, size, protection, flags, fd, offset);
}

int socket(int domain, int type, int protocol)
{
	return fails("socket", EMFILE) ? -1 : next_syscall(SYS_socket, domain, type, protocol);
}

pid_t fork(void)
{
	return fails("fork", EAGAIN) ? -1 : next_fork();
}

long syscall(long number, ...)
{
	long words[6];
	va_list list;
	int i;

	va_start(list, number);
	for (i = 0; i < 6; i++)
		words[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_bpf && fails("bpf", ENOMEM))
		return -1;
	return next_syscall(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}
