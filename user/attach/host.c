// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From an errno and what the kernel told of itself to the sentence that helps. Decided by trying, never by a version number. */
#include "attach/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach/features.h"
#include "attach/privileges.h"

#define POLLING "until then --no-bpf polls what /proc shows"

/* Where they could come from, and why they did not. */
static const char *why_missing(const struct kernel *kernel, uint64_t missing)
{
	if (missing & ~kernel->capabilities.bounding)
		return kernel->knows_cap_bpf ? "withheld from this container or service, add BPF and PERFMON to its capabilities" :
					       "withheld from this container or service, add SYS_ADMIN to its capabilities";
	if (geteuid() && kernel->no_new_privileges)
		return "no_new_privs keeps those of the file away: give them to the process, or run as root";
	if (geteuid())
		return kernel->knows_cap_bpf ? "run as root, or give them to the file: setcap cap_bpf,cap_perfmon=p" :
					       "run as root, or give it to the file: setcap cap_sys_admin=p";
	return "root has been deprived of them";
}

#define BTF_PATH "/sys/kernel/btf/vmlinux"

/* What is wrong with a file that is there: a container's mask over it has nothing in it. */
static const char *why_btf_is_useless(void)
{
	const char *why = "it is not what a kernel shows there";
	struct stat status;
	int fd = open(BTF_PATH, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return strerror(errno);
	if (!fstat(fd, &status) && !status.st_size)
		why = "it is empty, as where a container masks it";
	close(fd);
	return why;
}

static int explain_btf(const struct kernel *kernel, char *error, size_t error_size)
{
	if (kernel->btf_error == -ENOMEM) {
		snprintf(error, error_size, "out of memory: " BTF_PATH " can't be read");
		return -ENOMEM;
	}
	if (!access(BTF_PATH, F_OK))
		snprintf(error, error_size,
			 BTF_PATH " can't be used: %s: show the kernel's own (a container: -v /sys:/sys:ro); " POLLING, why_btf_is_useless());
	else if (access("/sys/kernel", F_OK))
		snprintf(error, error_size,
			 "/sys is not mounted here: " BTF_PATH " is needed: mount -t sysfs sysfs /sys (a container: -v /sys:/sys:ro)");
	else
		snprintf(error, error_size,
			 "this kernel (%s) has no BTF in " BTF_PATH ": boot one built with CONFIG_DEBUG_INFO_BTF=y, as of Debian 11, Ubuntu "
			 "20.10, RHEL 8.2 and newer; " POLLING,
			 kernel->release);
	return -ENOTSUP;
}

int host_check(const struct kernel *kernel, char *error, size_t error_size)
{
	uint64_t missing = kernel_missing_capabilities(kernel);
	char names[64];

	if (missing) {
		privileges_names(missing, names, sizeof(names));
		snprintf(error, error_size, "%s missing: %s; with less, --no-bpf polls what /proc shows", names,
			 why_missing(kernel, missing));
		return -EPERM;
	}
	return kernel->types ? 0 : explain_btf(kernel, error, error_size);
}

/* Before 5.11 what is too much for the limit is EPERM. */
static bool lacks_locked_memory(const struct kernel *kernel)
{
	struct rlimit limit;

	return kernel->counts_locked_memory && !getrlimit(RLIMIT_MEMLOCK, &limit) && limit.rlim_cur != RLIM_INFINITY;
}

/* Why bpf() itself is not let through. */
static const char *why_shut(const struct kernel *kernel, int err)
{
	if (kernel->seccomp)
		return "bpf() is refused by the seccomp profile: allow it there";
	if (err == -ENOSYS)
		return "this kernel has no bpf(): boot one built with CONFIG_BPF_SYSCALL=y; " POLLING;
	return "bpf() is refused by the kernel or a security module";
}

#define REFUSED_BY_MODULE                                                                                                  \
	"a security module refuses BPF programs: allow bpf to this process (SELinux: ausearch -m avc -c tcpdwell; a container: " \
	"--security-opt label=disable)"
#define LOCKED_DOWN                                                                                                        \
	"kernel lockdown (confidentiality) forbids programs that read kernel memory: boot with lockdown=integrity; " POLLING
#define TOO_LITTLE_LOCKED_MEMORY                                                                                           \
	"this kernel counts maps as locked memory, and the limit is too small: give CAP_SYS_RESOURCE, or ulimit -l unlimited " \
	"(systemd: LimitMEMLOCK=infinity)"

/* What keeps everybody out, whatever the program. NULL: nothing that could be found. */
static const char *why_nothing_loads(const struct kernel *kernel)
{
	int shut = kernel_try_bpf(), err;

	if (kernel->in_user_namespace)
		return "bpf() is refused in a user namespace, whatever the capabilities: run in the machine's own (as root, "
		       "Kubernetes: hostUsers: true)";
	if (shut)
		return why_shut(kernel, shut);
	err = features_try_program();
	if (err == -EPERM && lacks_locked_memory(kernel))
		return TOO_LITTLE_LOCKED_MEMORY;
	if (err == -EPERM || err == -EACCES)
		return kernel->seccomp ? "loading BPF programs is refused by the seccomp profile, or a security module: allow it there" :
					 REFUSED_BY_MODULE;
	return NULL;
}

/* What this kernel does not have, or not permit, of what our programs need. */
static const char *why_ours_are_refused(const struct kernel *kernel, int err)
{
	if (features_try_memory_read())
		return LOCKED_DOWN;
	if (err != -EPERM)
		return NULL;
	return lacks_locked_memory(kernel) ? TOO_LITTLE_LOCKED_MEMORY : REFUSED_BY_MODULE;
}

int host_explain(const struct kernel *kernel, int err, char *error, size_t error_size)
{
	const char *why = why_nothing_loads(kernel);
	char missing[96] = "";

	if (err == -ENOMEM) {
		snprintf(error, error_size, "the kernel has no memory for the maps: give --max-sockets a smaller number");
		return err;
	}
	if (!why)
		features_missing(kernel, missing, sizeof(missing));
	if (missing[0]) {
		snprintf(error, error_size, "this kernel (%s) has no BPF %s: boot Linux 5.10 or newer, or one that has them back-ported; "
			 POLLING, kernel->release, missing);
		return -ENOTSUP;
	}
	why = why ?: why_ours_are_refused(kernel, err);
	if (why) {
		snprintf(error, error_size, "%s", why);
		return -EPERM;
	}
	snprintf(error, error_size, "the kernel (%s) refused the BPF programs: %s (-vv shows its log)", kernel->release, strerror(-err));
	return err;
}
