// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The instructions of classic BPF that filters are made of. */
#include "attach/seccomp_sound.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/descriptor.h"

#define ROOM_BYTES (256 << 10)

struct program {
	struct sock_filter code[BPF_MAXINSNS];
	size_t count;
};

static bool jumps(const struct sock_filter *at, uint32_t a)
{
	switch (BPF_OP(at->code)) {
	case BPF_JEQ:
		return a == at->k;
	case BPF_JGT:
		return a > at->k;
	case BPF_JGE:
		return a >= at->k;
	default:
		return a & at->k;
	}
}

/* What the kernel would answer; SECCOMP_RET_KILL_PROCESS where the program makes no sense. */
static uint32_t answer(const struct program *program, const struct seccomp_data *data)
{
	uint32_t a = 0;
	size_t i;

	for (i = 0; i < program->count; i++) {
		const struct sock_filter *at = &program->code[i];

		switch (BPF_CLASS(at->code)) {
		case BPF_LD:
			if (at->code != (BPF_LD | BPF_W | BPF_ABS) || at->k > sizeof(*data) - sizeof(a))
				return SECCOMP_RET_KILL_PROCESS;
			memcpy(&a, (const char *)data + at->k, sizeof(a));
			break;
		case BPF_ALU:
			if (at->code != (BPF_ALU | BPF_AND | BPF_K))
				return SECCOMP_RET_KILL_PROCESS;
			a &= at->k;
			break;
		case BPF_JMP:
			i += BPF_OP(at->code) == BPF_JA ? at->k : jumps(at, a) ? at->jt : at->jf;
			break;
		case BPF_RET:
			return at->k;
		default:
			return SECCOMP_RET_KILL_PROCESS;
		}
	}
	return SECCOMP_RET_KILL_PROCESS;
}

static bool allows(const struct program *program, int call)
{
	const struct seccomp_data data = { .nr = call, .arch = seccomp_arch_native() };

	return answer(program, &data) == SECCOMP_RET_ALLOW;
}

/* Numbers below 0 stand for calls that this architecture lacks. */
static int judge(const struct program *program, const int *calls, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (calls[i] >= 0 && !allows(program, calls[i]))
			return -ENOMEM;
	return allows(program, SCMP_SYS(execve)) ? -ENOMEM : 0;
}

/* libseccomp frees twice where it finds no memory in the middle of this: it does not begin then. */
static bool has_room(void)
{
	void *volatile room = malloc(ROOM_BYTES); /* or the compiler leaves it out */
	bool has = room;

	free(room);
	return has;
}

static int export(scmp_filter_ctx filter, struct program *program)
{
	int fd, err;
	ssize_t size;

	if (!has_room())
		return -ENOMEM;
	fd = descriptor_in_memory("filter");
	if (fd < 0)
		return fd;
	err = seccomp_export_bpf(filter, fd);
	size = err ? err : pread(fd, program->code, sizeof(program->code), 0);
	close(fd);
	if (size < 0)
		return err ?: -errno;
	program->count = size / sizeof(program->code[0]);
	return 0;
}

/* A kernel before 4.14 does not log what is refused. */
static int load(struct program *program)
{
	struct sock_fprog words = { .len = program->count, .filter = program->code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	if (!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &words))
		return 0;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &words) ? -errno : 0;
}

int seccomp_load_sound(scmp_filter_ctx filter, const int *calls, size_t count)
{
	static struct program program;
	int err = export(filter, &program);

	return err ?: judge(&program, calls, count) ?: load(&program);
}
