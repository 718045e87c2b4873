// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From an errno and what the kernel told of itself to the sentence that helps. */
#include "attach/privileges.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

int privileges_check(const struct kernel *kernel, char *error, size_t error_size)
{
	const struct capability *missing = kernel_missing_capability(kernel);

	if (missing) {
		snprintf(error, error_size,
			 "%s is missing: run as root, or give the process CAP_BPF and CAP_PERFMON (CAP_SYS_ADMIN on kernels "
			 "before 5.8)",
			 missing->name);
		return -EPERM;
	}
	if (!kernel->btf) {
		snprintf(error, error_size,
			 "this kernel (%s) has no BTF in /sys/kernel/btf/vmlinux: a kernel built with CONFIG_DEBUG_INFO_BTF=y "
			 "is needed",
			 kernel->release);
		return -ENOTSUP;
	}
	return 0;
}

void privileges_explain(const struct kernel *kernel, int err, char *error, size_t error_size)
{
	if (err == -EPERM && !strcmp(kernel->lockdown, "confidentiality"))
		snprintf(error, error_size,
			 "kernel lockdown (confidentiality) forbids programs that read kernel memory: boot with lockdown=integrity");
	else if (err == -EPERM && kernel->seccomp)
		snprintf(error, error_size,
			 "bpf() is refused, probably by the seccomp profile (Seccomp: %d in /proc/self/status): allow bpf() there",
			 kernel->seccomp);
	else if (err == -EPERM)
		snprintf(error, error_size, "bpf() is refused (EPERM): a security module or a user namespace forbids it");
	else if (err == -ENOMEM)
		snprintf(error, error_size, "the kernel has no memory for the maps: give --max-sockets a smaller number");
	else
		snprintf(error, error_size, "the kernel (%s) refused the BPF programs: %s (-vv shows its log)", kernel->release,
			 strerror(-err));
}
