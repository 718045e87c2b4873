// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From an errno and what the kernel told of itself to the sentence that helps; and the way down from root. */
#include "attach/privileges.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#include "attach/seccomp.h"
#include "util/log.h"

#define TRACING (CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON))

/* Names of cgroups by handle; other users' descriptors and namespaces in /proc. */
#define READING (CAPABILITY(CAP_DAC_READ_SEARCH) | CAPABILITY(CAP_SYS_PTRACE))

#define USED (TRACING | READING | CAPABILITY(CAP_SYS_ADMIN) | CAPABILITY(CAP_SYS_RESOURCE) | CAPABILITY(CAP_DAC_OVERRIDE))

/*
 * What an executable file gives to another user than root serves tracing, never his paths: with the rights to pass over permissions
 * he could read (report FILE) and write (record -o) what he may not. The right to read other users' descriptors in /proc is raised
 * when all paths that he named are open, by privileges_drop().
 */
void privileges_raise(void)
{
	capabilities_raise(geteuid() ? USED & ~(CAPABILITY(CAP_DAC_OVERRIDE) | CAPABILITY(CAP_DAC_READ_SEARCH)) : USED);
}

static uint64_t capabilities_kept(unsigned int privileges, uint64_t effective)
{
	uint64_t kept = READING;

	if (privileges & PRIVILEGE_BPF)
		kept |= effective & CAPABILITY(CAP_BPF) ? CAPABILITY(CAP_BPF) : CAPABILITY(CAP_SYS_ADMIN);
	if (privileges & PRIVILEGE_NAMESPACES)
		kept |= CAPABILITY(CAP_SYS_ADMIN);
	if (privileges & PRIVILEGE_FILES) /* the next file of a recording, in a user's folder */
		kept |= CAPABILITY(CAP_DAC_OVERRIDE);
	return kept & effective;
}

static unsigned int seccomp_needs(unsigned int privileges)
{
	return (privileges & PRIVILEGE_BPF ? SECCOMP_BPF : 0) | (privileges & PRIVILEGE_NAMESPACES ? SECCOMP_NAMESPACES : 0) |
	       (privileges & PRIVILEGE_FILES ? SECCOMP_FILES : 0);
}

void privileges_drop(unsigned int privileges)
{
	struct capability_sets sets;
	uint64_t kept = 0;
	char names[160];
	int err;

	if (!(privileges & (PRIVILEGE_FILES | PRIVILEGE_PATHS)))
		capabilities_raise(CAPABILITY(CAP_DAC_READ_SEARCH));
	err = capabilities_read(&sets);
	if (!err) {
		kept = capabilities_kept(privileges, sets.effective);
		err = capabilities_limit(kept);
	}
	if (err)
		log_warn("capabilities could not be given up: %s", strerror(-err));
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	err = seccomp_confine(seccomp_needs(privileges));
	privileges_names(kept, names, sizeof(names));
	if (err)
		log_info("capabilities kept: %s; system calls are not filtered: %s", names, strerror(-err));
	else
		log_info("capabilities kept: %s; system calls are filtered", names);
}

void privileges_names(uint64_t capabilities, char *text, size_t size)
{
	size_t used = 0;
	int number;

	snprintf(text, size, "none");
	for (number = 0; number < 64 && used < size; number++) {
		if (!(capabilities & CAPABILITY(number)) || !capability_name(number))
			continue;
		capabilities &= ~CAPABILITY(number);
		used += snprintf(text + used, size - used, "%s%s", used ? capabilities ? ", " : " and " : "",
				 capability_name(number));
	}
}

/* Where they could come from, and why they did not. */
static const char *why_missing(const struct kernel *kernel, uint64_t missing)
{
	if (missing & ~kernel->capabilities.bounding)
		return "withheld from this container or service, add BPF and PERFMON to its capabilities";
	if (geteuid() && kernel->no_new_privileges)
		return "no_new_privs keeps those of the file away: give them to the process, or run as root";
	if (geteuid())
		return "run as root, or give them to the file: setcap cap_bpf,cap_perfmon=p";
	return "root has been deprived of them";
}

static int explain_btf(const struct kernel *kernel, char *error, size_t error_size)
{
	static const char path[] = "/sys/kernel/btf/vmlinux";

	if (!access(path, F_OK))
		snprintf(error, error_size, "%s can't be used: %s", path, strerror(-kernel->btf_error));
	else if (access("/sys/kernel", F_OK))
		snprintf(error, error_size, "/sys is not mounted here: %s is needed", path);
	else
		snprintf(error, error_size,
			 "this kernel (%s) has no BTF in %s: a kernel built with CONFIG_DEBUG_INFO_BTF=y is needed", kernel->release,
			 path);
	return -ENOTSUP;
}

int privileges_check(const struct kernel *kernel, char *error, size_t error_size)
{
	uint64_t missing = kernel_missing_capabilities(kernel);
	char names[64];

	if (missing) {
		privileges_names(missing, names, sizeof(names));
		snprintf(error, error_size, "%s missing: %s; with less, --no-bpf polls what /proc shows", names,
			 why_missing(kernel, missing));
		return -EPERM;
	}
	return kernel->btf ? 0 : explain_btf(kernel, error, error_size);
}

/* Before 5.11 what is too much for the limit is EPERM. */
static bool lacks_locked_memory(const struct kernel *kernel)
{
	struct rlimit limit;

	return kernel->counts_locked_memory && !getrlimit(RLIMIT_MEMLOCK, &limit) && limit.rlim_cur != RLIM_INFINITY;
}

static const char *why_refused(const struct kernel *kernel)
{
	if (kernel->in_user_namespace)
		return "bpf() is refused in a user namespace, whatever the capabilities: run in the machine's own (as root, "
		       "Kubernetes: hostUsers: true)";
	if (kernel_try_bpf())
		return kernel->seccomp ? "bpf() is refused by the seccomp profile: allow it there" :
					 "bpf() is refused by the kernel or a security module";
	if (!strcmp(kernel->lockdown, "confidentiality"))
		return "kernel lockdown (confidentiality) forbids programs that read kernel memory: boot with lockdown=integrity";
	if (lacks_locked_memory(kernel))
		return "this kernel counts maps as locked memory, and the limit is too small: give CAP_SYS_RESOURCE, or "
		       "ulimit -l unlimited (systemd: LimitMEMLOCK=infinity)";
	return "loading BPF programs is refused (EPERM) by a security module";
}

void privileges_explain(const struct kernel *kernel, int err, char *error, size_t error_size)
{
	if (err == -EPERM || err == -ENOSYS)
		snprintf(error, error_size, "%s", why_refused(kernel));
	else if (err == -ENOMEM)
		snprintf(error, error_size, "the kernel has no memory for the maps: give --max-sockets a smaller number");
	else
		snprintf(error, error_size, "the kernel (%s) refused the BPF programs: %s (-vv shows its log)", kernel->release,
			 strerror(-err));
}
