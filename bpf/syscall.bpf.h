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
#define syscall_number(regs) BPF_CORE_READ(regs, orig_ax)
#define syscall_first(regs) BPF_CORE_READ(regs, di)
#define syscall_second(regs) BPF_CORE_READ(regs, si)
#elif defined(__TARGET_ARCH_arm64)
#define SYSCALL_BIND 200
#define SYSCALL_LISTEN 201
#define SYSCALL_ACCEPT 202
#define SYSCALL_ACCEPT4 242
struct pt_regs___syscall {
	__u64 orig_x0;
	__s32 syscallno;
} __attribute__((preserve_access_index));
#define syscall_number(regs) BPF_CORE_READ((const struct pt_regs___syscall *)(regs), syscallno)
#define syscall_first(regs) BPF_CORE_READ((const struct pt_regs___syscall *)(regs), orig_x0)
#define syscall_second(regs) BPF_CORE_READ((const struct user_pt_regs *)(regs), regs[1])
#endif

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
