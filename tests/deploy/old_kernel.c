// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Preloaded into a dynamic tcpdwell: bpf() answers as a kernel would that lacks what LACKS names ("ringbuf,tracing,iter,kfunc"), as
 * a security module ("module") or as lockdown ("memory") would. These are the kernel's own answers; the rest is passed on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

static bool lacks(const char *what)
{
	const char *list = getenv("LACKS");

	return list && strstr(list, what);
}

static bool is_memory_read(const struct bpf_insn *call)
{
	return !call->src_reg && (call->imm == BPF_FUNC_probe_read_kernel || call->imm == BPF_FUNC_probe_read_kernel_str);
}

/* Does the program call what is refused: a kernel function, a helper that reads kernel memory? */
static bool calls_refused(const union bpf_attr *attr)
{
	const struct bpf_insn *insn = (const struct bpf_insn *)(unsigned long)attr->insns, *end = insn + attr->insn_cnt;

	for (; insn < end; insn++) {
		if (insn->code != (BPF_JMP | BPF_CALL))
			continue;
		if ((lacks("memory") && is_memory_read(insn)) || (lacks("kfunc") && insn->src_reg == BPF_PSEUDO_KFUNC_CALL))
			return true;
	}
	return false;
}

static int answer(long command, const union bpf_attr *attr)
{
	if (command == BPF_MAP_CREATE)
		return lacks("ringbuf") && attr->map_type == BPF_MAP_TYPE_RINGBUF ? EINVAL : 0;
	if (command != BPF_PROG_LOAD)
		return 0;
	if (lacks("module"))
		return EACCES;
	if (calls_refused(attr))
		return EINVAL;
	if (attr->prog_type != BPF_PROG_TYPE_TRACING)
		return 0;
	if (lacks("tracing"))
		return EINVAL;
	return lacks("iter") && attr->expected_attach_type == BPF_TRACE_ITER ? EINVAL : 0;
}

long syscall(long number, ...)
{
	static long (*next)(long, ...);
	long a[6];
	va_list arguments;
	int i, refusal;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "syscall");
	va_start(arguments, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(arguments, long);
	va_end(arguments);
	refusal = number == SYS_bpf && a[1] ? answer(a[0], (const union bpf_attr *)a[1]) : 0;
	if (refusal) {
		errno = refusal;
		return -1;
	}
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
