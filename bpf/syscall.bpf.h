/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* System calls as their end shows them, and the sockets that their arguments and results name. */
#ifndef TCPDWELL_SYSCALL_BPF_H
#define TCPDWELL_SYSCALL_BPF_H

#include <bpf/bpf_tracing.h>
#include "snapshot.bpf.h"

#if defined(__TARGET_ARCH_x86)
#define SYSCALL_BIND 49
#define SYSCALL_LISTEN 50
#define SYSCALL_ACCEPT 43
#define SYSCALL_ACCEPT4 288
#define SYSCALL_OF_32_BIT_ACCEPT4 364
#define SYSCALL_OF_32_BIT_SOCKETCALL 102
#define SOCKETCALL_ACCEPT 5
#define SOCKETCALL_ACCEPT4 18
#define syscall_number(regs) BPF_CORE_READ(regs, orig_ax)
#define syscall_first(regs) BPF_CORE_READ(regs, di)
#define syscall_second(regs) BPF_CORE_READ(regs, si)

struct thread_info___syscall {
	__u32 status;
} __attribute__((preserve_access_index));

struct task_struct___syscall {
	struct thread_info___syscall thread_info;
} __attribute__((preserve_access_index));

/* A 32-bit call has numbers of its own; 64-bit programs can make one too (int 0x80). */
static __always_inline bool syscall_is_32_bit(struct pt_regs *regs)
{
	const __u32 compat = 2; /* TS_COMPAT */

	return BPF_CORE_READ((const struct task_struct___syscall *)compat_current_task(), thread_info.status) & compat;
}

static __always_inline bool is_32_bit_accept(struct pt_regs *regs, __u64 number)
{
	__u32 call;

	if (number != SYSCALL_OF_32_BIT_SOCKETCALL)
		return number == SYSCALL_OF_32_BIT_ACCEPT4;
	call = BPF_CORE_READ(regs, bx);
	return call == SOCKETCALL_ACCEPT || call == SOCKETCALL_ACCEPT4;
}
#elif defined(__TARGET_ARCH_arm64)
#define SYSCALL_BIND 200
#define SYSCALL_LISTEN 201
#define SYSCALL_ACCEPT 202
#define SYSCALL_ACCEPT4 242
#define SYSCALL_OF_32_BIT_ACCEPT 285
#define SYSCALL_OF_32_BIT_ACCEPT4 366
struct pt_regs___syscall {
	__u64 orig_x0;
	__s32 syscallno;
} __attribute__((preserve_access_index));
#define syscall_number(regs) BPF_CORE_READ((const struct pt_regs___syscall *)(regs), syscallno)
#define syscall_first(regs) BPF_CORE_READ((const struct pt_regs___syscall *)(regs), orig_x0)
#define syscall_second(regs) BPF_CORE_READ((const struct user_pt_regs *)(regs), regs[1])

/* A 32-bit program's call has numbers of its own. */
static __always_inline bool syscall_is_32_bit(struct pt_regs *regs)
{
	const __u64 mode_32_bit = 1 << 4; /* PSR_MODE32_BIT */

	return BPF_CORE_READ((const struct user_pt_regs *)regs, pstate) & mode_32_bit;
}

static __always_inline bool is_32_bit_accept(struct pt_regs *regs, __u64 number)
{
	return number == SYSCALL_OF_32_BIT_ACCEPT || number == SYSCALL_OF_32_BIT_ACCEPT4;
}
#endif

/* Of a 64-bit program, or of a 32-bit one: what is accept() there is something else here. */
static __always_inline bool is_accept(struct pt_regs *regs)
{
	__u64 number = syscall_number(regs);

	if (number == SYSCALL_ACCEPT || number == SYSCALL_ACCEPT4)
		return !syscall_is_32_bit(regs);
	return is_32_bit_accept(regs, number) && syscall_is_32_bit(regs);
}

static __always_inline struct sock *sock_of_descriptor(__u64 fd)
{
	struct task_struct *task = compat_current_task();
	struct fdtable *table = READ(task, files, fdt);
	struct file **files, *file = NULL;

	if (fd >= READ(table, max_fds))
		return NULL;
	files = READ(table, fd);
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	return file ? sock_of_file(file) : NULL;
}

#endif
