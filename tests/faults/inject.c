// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Preloaded: makes one call of a kind fail. INJECT=KIND:N, the N-th one from 1 on; 0: none. Where INJECT_COUNT names a file, there are
 * written at the end: the number of calls of the kind, then the number of the first call from each place, and of the last one from it,
 * a line each. A place is what of the program leads to the call, with the library's function that it called. Kinds: memory, open, read,
 * write, sync, rename, remove, folder, mmap, socket, wait, bpf (no memory), right (bpf, not permitted), process.
 * Memory comes from whoever is next, which may be AddressSanitizer.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PLACES 65536
#define DEPTH 48

struct place {
	uint64_t hash; /* 0: none */
	unsigned long first, last;
};

static struct place places[PLACES];
static uintptr_t program_begin, program_end;

static char kind[16];
static unsigned long at, calls;
static int rests; /* what is called now is not of the program's making */
static pid_t counting;
static long count_fd = -1; /* a filter over system calls lets none be opened later */
static long (*syscall_of_libc)(long number, ...);
static FILE *(*next_fopen)(const char *path, const char *mode);
static pid_t (*next_fork)(void);
static int (*next_mkstemp)(char *path);
static int (*next_export)(const void *filter, int fd);
static void *(*next_malloc)(size_t size);
static void *(*next_calloc)(size_t count, size_t size);
static void *(*next_realloc)(void *old, size_t size);

/* Whoever is loaded with us may call before we begin. */
static long (*find_syscall(void))(long number, ...)
{
	if (!syscall_of_libc)
		syscall_of_libc = dlsym(RTLD_NEXT, "syscall");
	return syscall_of_libc;
}

#define next_syscall (find_syscall())

/* Where the program itself lies. */
static void find_program(void)
{
	const ElfW(Phdr) *header = (const void *)getauxval(AT_PHDR);
	unsigned long i, count = getauxval(AT_PHNUM), end = 0;

	for (i = 0; i < count; i++) {
		if (header[i].p_type == PT_PHDR)
			program_begin = (uintptr_t)header - header[i].p_vaddr;
		if (header[i].p_type == PT_LOAD)
			end = header[i].p_vaddr + header[i].p_memsz;
	}
	program_end = program_begin + end;
}

__attribute__((constructor)) static void begin(void)
{
	const char *wish = getenv("INJECT"), *colon = wish ? strchr(wish, ':') : NULL;

	next_fopen = dlsym(RTLD_NEXT, "fopen");
	next_fork = dlsym(RTLD_NEXT, "fork");
	next_mkstemp = dlsym(RTLD_NEXT, "mkstemp");
	next_export = dlsym(RTLD_NEXT, "seccomp_export_bpf");
	if (getenv("INJECT_COUNT")) {
		void *first[2];

		counting = getpid();
		find_program();
		backtrace(first, 2); /* it loads a library the first time */
		count_fd = next_syscall(SYS_openat, AT_FDCWD, getenv("INJECT_COUNT"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	}
	if (!colon || colon - wish >= (long)sizeof(kind))
		return;
	at = strtoul(colon + 1, NULL, 10);
	memcpy(kind, wish, colon - wish);
}

__attribute__((destructor)) static void end(void)
{
	char text[64];
	size_t i;

	kind[0] = '\0';
	if (count_fd < 0 || getpid() != counting)
		return;
	next_syscall(SYS_write, count_fd, text, (long)snprintf(text, sizeof(text), "%lu\n", calls));
	for (i = 0; i < PLACES; i++)
		if (places[i].hash)
			next_syscall(SYS_write, count_fd, text, (long)snprintf(text, sizeof(text), "%lu %lu\n", places[i].first, places[i].last));
}

/* Of the frames outside of the program only the one that it called counts: what happens deeper in a library is the library's. */
static uint64_t hash_of_place(void)
{
	void *frames[DEPTH], *outer = NULL;
	uint64_t hash = 1469598103934665603ULL;
	int i, count = backtrace(frames, DEPTH);

	for (i = 0; i < count; i++) {
		if ((uintptr_t)frames[i] < program_begin || (uintptr_t)frames[i] >= program_end) {
			outer = frames[i];
			continue;
		}
		if (outer)
			hash = (hash ^ (uintptr_t)outer) * 1099511628211ULL;
		outer = NULL;
		hash = (hash ^ (uintptr_t)frames[i]) * 1099511628211ULL;
	}
	return hash | 1;
}

static void remember_place(void)
{
	uint64_t hash;
	size_t i, tries;

	rests++;
	hash = hash_of_place();
	rests--;
	for (i = (hash >> 20) % PLACES, tries = 0; places[i].hash && places[i].hash != hash && tries < PLACES; tries++)
		i = (i + 1) % PLACES;
	if (!places[i].hash)
		places[i] = (struct place){ .hash = hash, .first = calls };
	places[i].last = calls;
}

static int fails(const char *what, int error)
{
	if (rests || strcmp(what, kind))
		return 0;
	calls++;
	if (count_fd >= 0)
		remember_place();
	if (calls != at)
		return 0;
	errno = error;
	return 1;
}

void *malloc(size_t size)
{
	if (!next_malloc)
		next_malloc = dlsym(RTLD_NEXT, "malloc");
	return fails("memory", ENOMEM) ? NULL : next_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	if (!next_calloc)
		next_calloc = dlsym(RTLD_NEXT, "calloc");
	return fails("memory", ENOMEM) ? NULL : next_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	if (!next_realloc)
		next_realloc = dlsym(RTLD_NEXT, "realloc");
	return fails("memory", ENOMEM) ? NULL : next_realloc(old, size);
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
	return fails("process", EAGAIN) ? -1 : next_fork();
}

/* A system call that is one parameter list, a kind and an error. WORDS are as the kernel takes them. */
#define CALL(name, parameters, kind, error, ...)                          \
	int name parameters                                                \
	{                                                                  \
		return fails(kind, error) ? -1 : next_syscall(__VA_ARGS__); \
	}

CALL(fsync, (int fd), "sync", EIO, SYS_fsync, fd)
CALL(fdatasync, (int fd), "sync", EIO, SYS_fdatasync, fd)
CALL(ftruncate, (int fd, off_t size), "sync", ENOSPC, SYS_ftruncate, fd, size)
CALL(ftruncate64, (int fd, off_t size), "sync", ENOSPC, SYS_ftruncate, fd, size)
CALL(rename, (const char *from, const char *to), "rename", EROFS, SYS_renameat, AT_FDCWD, from, AT_FDCWD, to)
CALL(renameat2, (int from_fd, const char *from, int to_fd, const char *to, unsigned int flags), "rename", EROFS, SYS_renameat2,
     from_fd, from, to_fd, to, flags)
CALL(unlink, (const char *path), "remove", EROFS, SYS_unlinkat, AT_FDCWD, path, 0)
CALL(unlinkat, (int fd, const char *path, int flags), "remove", EROFS, SYS_unlinkat, fd, path, flags)
CALL(rmdir, (const char *path), "remove", EROFS, SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR)
CALL(mkdir, (const char *path, mode_t mode), "folder", ENOSPC, SYS_mkdirat, AT_FDCWD, path, mode)
CALL(mkdirat, (int fd, const char *path, mode_t mode), "folder", ENOSPC, SYS_mkdirat, fd, path, mode)
CALL(flock, (int fd, int what), "sync", ENOLCK, SYS_flock, fd, what)
CALL(memfd_create, (const char *name, unsigned int flags), "process", EMFILE, SYS_memfd_create, name, flags)
CALL(pipe2, (int fds[2], int flags), "process", EMFILE, SYS_pipe2, fds, flags)
CALL(socketpair, (int domain, int type, int protocol, int fds[2]), "process", EMFILE, SYS_socketpair, domain, type, protocol, fds)
CALL(dup2, (int from, int to), "process", EBUSY, SYS_dup2, from, to)
CALL(epoll_create1, (int flags), "wait", EMFILE, SYS_epoll_create1, flags)
CALL(epoll_ctl, (int epoll, int what, int fd, struct epoll_event *event), "wait", ENOSPC, SYS_epoll_ctl, epoll, what, fd, event)
CALL(bind, (int fd, const struct sockaddr *address, socklen_t size), "socket", EADDRINUSE, SYS_bind, fd, address, size)
CALL(listen, (int fd, int backlog), "socket", EADDRINUSE, SYS_listen, fd, backlog)
CALL(connect, (int fd, const struct sockaddr *address, socklen_t size), "socket", ECONNREFUSED, SYS_connect, fd, address, size)

/* libseccomp 2.5.4 frees twice, or never ends, where it finds no memory in here: the program makes sure before that there is some. */
int seccomp_export_bpf(const void *filter, int fd)
{
	int result;

	rests++;
	result = next_export(filter, fd);
	rests--;
	return result;
}

/* AddressSanitizer asks for it where a process ends, and dies when the filter refuses. The program itself never does. */
int sigaltstack(const stack_t *stack, stack_t *old)
{
	(void)stack;
	if (old)
		*old = (stack_t){ .ss_flags = SS_DISABLE };
	return 0;
}

int mkstemp(char *path)
{
	return fails("open", EMFILE) ? -1 : next_mkstemp(path);
}

ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
	return fails("read", EIO) ? -1 : next_syscall(SYS_pread64, fd, data, size, offset);
}

ssize_t pread64(int fd, void *data, size_t size, off64_t offset)
{
	return pread(fd, data, size, offset);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
	return fails("write", ENOSPC) ? -1 : next_syscall(SYS_pwrite64, fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
	return pwrite(fd, data, size, offset);
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
	return fails("read", ENOBUFS) ? -1 : next_syscall(SYS_recvfrom, fd, data, size, flags, 0L, 0L);
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
	return fails("write", ENOBUFS) ? -1 : next_syscall(SYS_sendto, fd, data, size, flags, 0L, 0L);
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
	if (number == SYS_bpf && (fails("bpf", ENOMEM) || fails("right", EPERM)))
		return -1;
	return next_syscall(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}
