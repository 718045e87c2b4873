// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The list of system calls, by what they are for. Names that an architecture lacks are passed over. New libraries call what
 * old ones did not (newfstatat, clock_nanosleep, …), so the list has the variants of each call that is needed.
 */
#include "attach/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/nsfs.h>
#include <linux/perf_event.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "attach/seccomp_sound.h"

static const int calls[] = {
	/* files and directories, for reading */
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(stat), SCMP_SYS(lstat),
	SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(access),
	SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64),
	SCMP_SYS(open_by_handle_at), SCMP_SYS(name_to_handle_at), SCMP_SYS(getcwd), SCMP_SYS(fcntl), SCMP_SYS(fadvise64),
	SCMP_SYS(inotify_init1), SCMP_SYS(inotify_add_watch), SCMP_SYS(inotify_rm_watch),
	/* descriptors that are open */
	SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pwrite64), SCMP_SYS(ftruncate), SCMP_SYS(fsync), SCMP_SYS(fdatasync),
	/* memory */
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
	/* time and waiting */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(setitimer), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6),
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2),
	SCMP_SYS(futex), SCMP_SYS(sched_yield),
	/* signals, and the end */
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigpending), SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall), SCMP_SYS(wait4), SCMP_SYS(waitid), SCMP_SYS(exit), SCMP_SYS(exit_group),
	/* facts about ourselves */
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getpgrp), SCMP_SYS(getpgid), SCMP_SYS(getuid),
	SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getrandom),
	SCMP_SYS(getcpu), SCMP_SYS(getrusage), SCMP_SYS(getrlimit), SCMP_SYS(sched_getaffinity), SCMP_SYS(membarrier),
	SCMP_SYS(rseq), SCMP_SYS(set_robust_list),
	/* of the capabilities that are left, to go without them while a path of the caller's is opened */
	SCMP_SYS(capget), SCMP_SYS(capset),
	/* the kernel's list of sockets; socket() itself makes no other kind */
	SCMP_SYS(bind), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(getsockname),
	SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
};

/* A terminal's modes and size, and what kind of namespace a descriptor is. TIOCSTI, which types for the user, is not here. */
static const unsigned long requests[] = { TCGETS, TCSETS, TCSETSW, TCSETSF, TCFLSH, TCXONC, TIOCGWINSZ, TIOCGPGRP, FIONREAD,
					  NS_GET_NSTYPE };

static const int bpf_commands[] = {
	BPF_LINK_CREATE, BPF_ITER_CREATE, BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM, BPF_MAP_GET_NEXT_KEY,
	BPF_MAP_LOOKUP_BATCH, BPF_MAP_LOOKUP_AND_DELETE_BATCH, BPF_OBJ_GET_INFO_BY_FD, BPF_LINK_DETACH,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ALLOW(filter, call, ...) seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(call), __VA_ARGS__)

static int allow_calls(scmp_filter_ctx filter)
{
	size_t i;
	int err = 0;

	for (i = 0; i < COUNT(calls) && !err; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
	for (i = 0; i < COUNT(requests) && !err; i++)
		err = ALLOW(filter, ioctl, 1, SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, requests[i]));
	return err;
}

/* Sockets only to ask the kernel, signals only to ourselves (Ctrl-Z on a terminal), limits only to be read. */
static int allow_narrowly(scmp_filter_ctx filter)
{
	return ALLOW(filter, socket, 1, SCMP_A0(SCMP_CMP_EQ, AF_NETLINK)) ?:
	       ALLOW(filter, kill, 1, SCMP_A0(SCMP_CMP_EQ, getpid())) ?:
	       ALLOW(filter, kill, 1, SCMP_A0(SCMP_CMP_EQ, 0)) ?:
	       ALLOW(filter, tgkill, 1, SCMP_A0(SCMP_CMP_EQ, getpid())) ?:
	       ALLOW(filter, prlimit64, 1, SCMP_A2(SCMP_CMP_EQ, 0));
}

static int allow_opening(scmp_filter_ctx filter, bool for_writing)
{
	if (for_writing)
		return ALLOW(filter, openat, 0) ?: ALLOW(filter, open, 0) ?: ALLOW(filter, unlink, 0) ?:
		       ALLOW(filter, unlinkat, 0);
	return ALLOW(filter, openat, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)) ?:
	       ALLOW(filter, open, 1, SCMP_A1(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
}

/* What a history does. Root's SQLite gives a log that it makes anew to the owner of the database: to ourselves alone. */
static int allow_renaming(scmp_filter_ctx filter)
{
	return ALLOW(filter, rename, 0) ?: ALLOW(filter, renameat, 0) ?: ALLOW(filter, renameat2, 0) ?: ALLOW(filter, fchmodat, 0) ?:
	       ALLOW(filter, mkdirat, 0) ?:
	       ALLOW(filter, fchown, 2, SCMP_A1(SCMP_CMP_EQ, geteuid()), SCMP_A2(SCMP_CMP_EQ, getegid()));
}

/* A kprobe is a perf event, which libbpf switches off before it closes it. */
static int allow_bpf(scmp_filter_ctx filter)
{
	int err = ALLOW(filter, ioctl, 1, SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, PERF_EVENT_IOC_DISABLE));
	size_t i;

	for (i = 0; i < COUNT(bpf_commands) && !err; i++)
		err = ALLOW(filter, bpf, 1, SCMP_A0(SCMP_CMP_EQ, bpf_commands[i]));
	return err;
}

static int fill(scmp_filter_ctx filter, unsigned int needs, int removes_in)
{
	int err = allow_calls(filter) ?: allow_narrowly(filter) ?: allow_opening(filter, needs & SECCOMP_FILES);

	if (!err && needs & SECCOMP_BPF)
		err = allow_bpf(filter);
	if (!err && needs & SECCOMP_NAMESPACES)
		err = ALLOW(filter, setns, 0);
	if (!err && needs & SECCOMP_RENAME)
		err = allow_renaming(filter);
	if (!err && removes_in > 0 && !(needs & SECCOMP_FILES)) /* these may remove any */
		err = ALLOW(filter, unlinkat, 2, SCMP_A0(SCMP_CMP_EQ, removes_in), SCMP_A2(SCMP_CMP_EQ, 0));
	return err;
}

static int load(scmp_filter_ctx filter, const int *wanted, size_t count)
{
	int err = seccomp_load_sound(filter, wanted, count);

	return err == -EINVAL || err == -ENOSYS ? -EOPNOTSUPP : err;
}

/* For tests: a call that the list lacks ends the process, so that none goes unnoticed. It can only make a run stricter. */
static uint32_t refusal(void)
{
	const char *wish = getenv("TCPDWELL_SECCOMP");

	return wish && !strcmp(wish, "kill") ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM);
}

static scmp_filter_ctx filter_new(void)
{
	scmp_filter_ctx filter = seccomp_init(refusal());

	return filter;
}

int seccomp_confine(unsigned int needs, int removes_in)
{
	scmp_filter_ctx filter = filter_new();
	int err;

	if (!filter)
		return -ENOMEM;
	err = fill(filter, needs, removes_in) ?: load(filter, calls, COUNT(calls));
	seccomp_release(filter);
	return err;
}

static const int server_calls[] = {
	/* clients */
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(write),
	SCMP_SYS(writev), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(close), SCMP_SYS(shutdown), SCMP_SYS(fcntl),
	SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
	/* time and waiting */
	SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(poll), SCMP_SYS(ppoll),
	SCMP_SYS(timerfd_settime), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(futex),
	/* memory, and the end */
	SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(mprotect), SCMP_SYS(getrandom),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall), SCMP_SYS(getpid),
	SCMP_SYS(gettid), SCMP_SYS(exit), SCMP_SYS(exit_group),
};

int seccomp_confine_server(void)
{
	scmp_filter_ctx filter = filter_new();
	int err = 0;
	size_t i;

	if (!filter)
		return -ENOMEM;
	for (i = 0; i < COUNT(server_calls) && !err; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, server_calls[i], 0);
	if (!err)
		err = ALLOW(filter, ioctl, 1, SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, FIONREAD)) ?:
		      ALLOW(filter, tgkill, 1, SCMP_A0(SCMP_CMP_EQ, getpid()));
	err = err ?: load(filter, server_calls, COUNT(server_calls));
	seccomp_release(filter);
	return err;
}
