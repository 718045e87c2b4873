// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Giving up privileges, in children that say by their exit status what they still could do. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/capabilities.h"
#include "attach/host.h"
#include "attach/privileges.h"
#include "attach/seccomp.h"

/* Runs it in a child; its result, 0 to 63, or 64 where it died. */
static int in_child(int (*act)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child)
		_exit(act());
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 64;
}

static bool is_refused(long result)
{
	return result < 0 && errno == EPERM;
}

static long bpf_command(int command)
{
	return syscall(SYS_bpf, command, NULL, 0);
}

static int refused_calls(void)
{
	char *const none[] = { NULL };

	if (seccomp_confine(0, 0))
		return 1;
	return is_refused(execve("/bin/true", none, none)) && is_refused(socket(AF_INET, SOCK_STREAM, 0)) &&
			       is_refused(socket(AF_UNIX, SOCK_STREAM, 0)) && is_refused(kill(getppid(), 0)) &&
			       is_refused(open("/dev/null", O_WRONLY)) && is_refused(open("/tmp/x", O_RDONLY | O_CREAT, 0600)) &&
			       is_refused(bpf_command(BPF_MAP_LOOKUP_ELEM)) && is_refused(ptrace(PTRACE_TRACEME, 0, 0, 0)) &&
			       is_refused(syscall(SYS_setns, -1, 0)) && is_refused(fork()) && is_refused(unlink("/nowhere")) ?
		       0 :
		       2;
}

/* A socket's file is removed at the end: in its folder, and nowhere else, and no folder. */
static int removes_in_one_folder(void)
{
	int folder = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC), other = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0 || other < 0 || seccomp_confine(0, folder))
		return 1;
	if (unlinkat(folder, "there is no such file", 0) != -1 || errno != ENOENT)
		return 2;
	return is_refused(unlinkat(other, "there is no such file", 0)) && is_refused(unlinkat(folder, "none", AT_REMOVEDIR)) &&
			       is_refused(unlinkat(AT_FDCWD, "there is no such file", 0)) && is_refused(unlink("/tmp/there is no such file")) &&
			       is_refused(open("/tmp/x", O_RDONLY | O_CREAT, 0600)) ?
		       0 :
		       3;
}

static int allowed_calls(void)
{
	int fd;

	if (seccomp_confine(SECCOMP_BPF | SECCOMP_FILES | SECCOMP_NAMESPACES, 0))
		return 1;
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) || socket(AF_NETLINK, SOCK_DGRAM, 0) < 0)
		return 2;
	if (syscall(SYS_setns, -1, 0) != -1 || errno != EBADF)
		return 3;
	if (ioctl(-1, PERF_EVENT_IOC_DISABLE, 0) != -1 || errno != EBADF)
		return 5;
	return is_refused(bpf_command(BPF_PROG_LOAD)) && is_refused(bpf_command(BPF_MAP_CREATE)) &&
			       is_refused(bpf_command(BPF_RAW_TRACEPOINT_OPEN)) && is_refused(socket(AF_INET, SOCK_STREAM, 0)) ?
		       0 :
		       4;
}

static int capabilities_given_up(void)
{
	struct capability_sets sets;

	if (capabilities_limit(CAPABILITY(CAP_DAC_READ_SEARCH)) || capabilities_read(&sets))
		return 1;
	if (sets.permitted & ~CAPABILITY(CAP_DAC_READ_SEARCH) || sets.effective != sets.permitted)
		return 2;
	if (capabilities_raise(CAPABILITY(CAP_SYS_ADMIN)) || capabilities_read(&sets))
		return 3;
	return sets.effective & CAPABILITY(CAP_SYS_ADMIN) ? 4 : 0;
}

/* Another user, with the right to read everything, as an executable file gives it. */
static int become_capable_user(void)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setresuid(65532, 65532, 65532))
		return -1;
	return capabilities_raise(CAPABILITY(CAP_DAC_READ_SEARCH));
}

static bool may_read_shadow(void)
{
	int fd = open("/etc/shadow", O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int rights_are_suspended(void)
{
	uint64_t suspended;
	bool could;

	if (become_capable_user() || !may_read_shadow())
		return 1;
	suspended = capabilities_suspend();
	could = may_read_shadow();
	capabilities_resume(suspended);
	if (could || !may_read_shadow())
		return 2;
	privileges_drop(PRIVILEGE_FILES, 0); /* a filter does not come between */
	suspended = capabilities_suspend();
	could = may_read_shadow();
	capabilities_resume(suspended);
	return could || !may_read_shadow() ? 3 : 0;
}

static int all_dropped(void)
{
	privileges_drop(0, 0);
	return is_refused(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)) && is_refused(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, NULL)) ? 0 : 1;
}

static void seccomp_refuses(void **state)
{
	(void)state;
	assert_int_equal(in_child(refused_calls), 0);
	assert_int_equal(in_child(removes_in_one_folder), 0);
}

static void seccomp_allows(void **state)
{
	(void)state;
	assert_int_equal(in_child(allowed_calls), 0);
}

static void capabilities_go_for_good(void **state)
{
	(void)state;
	assert_int_equal(in_child(capabilities_given_up), 0);
}

static void privileges_go(void **state)
{
	(void)state;
	assert_int_equal(in_child(all_dropped), 0);
}

static void callers_paths_are_opened_without_our_rights(void **state)
{
	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(in_child(rights_are_suspended), 0);
}

static void names_are_listed(void **state)
{
	char text[160];

	(void)state;
	privileges_names(0, text, sizeof(text));
	assert_string_equal(text, "none");
	privileges_names(CAPABILITY(CAP_BPF), text, sizeof(text));
	assert_string_equal(text, "CAP_BPF");
	privileges_names(CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON), text, sizeof(text));
	assert_string_equal(text, "CAP_PERFMON and CAP_BPF");
	privileges_names(CAPABILITY(CAP_BPF) | CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_SYS_ADMIN), text, sizeof(text));
	assert_string_equal(text, "CAP_SYS_PTRACE, CAP_SYS_ADMIN and CAP_BPF");
}

static struct kernel kernel_with(uint64_t effective, uint64_t bounding)
{
	return (struct kernel){ .knows_cap_bpf = true, .capabilities = { .effective = effective, .permitted = effective, .bounding = bounding } };
}

static void missing_is_named(void **state)
{
	uint64_t both = CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON);
	struct kernel kernel = kernel_with(CAPABILITY(CAP_BPF), both);
	char error[512];

	(void)state;
	assert_int_equal(host_check(&kernel, error, sizeof(error)), -EPERM);
	assert_int_equal(strncmp(error, "CAP_PERFMON missing:", 20), 0);
	assert_non_null(strstr(error, "--no-bpf"));
	kernel = kernel_with(0, 0);
	assert_int_equal(host_check(&kernel, error, sizeof(error)), -EPERM);
	assert_int_equal(strncmp(error, "CAP_PERFMON and CAP_BPF missing: withheld", 41), 0);
	kernel = kernel_with(both, both);
	assert_int_equal(host_check(&kernel, error, sizeof(error)), -ENOTSUP); /* no BTF */
	kernel = kernel_with(CAPABILITY(CAP_SYS_ADMIN), both);
	assert_int_equal(host_check(&kernel, error, sizeof(error)), -ENOTSUP);
}

/* Before 5.8 there are no smaller capabilities, whatever the kernel is called. */
static void one_capability_where_there_are_no_smaller_ones(void **state)
{
	struct kernel kernel = kernel_with(0, CAPABILITY(CAP_SYS_ADMIN));
	char error[512];

	(void)state;
	kernel.knows_cap_bpf = false;
	assert_int_equal(host_check(&kernel, error, sizeof(error)), -EPERM);
	assert_int_equal(strncmp(error, "CAP_SYS_ADMIN missing:", 22), 0);
	kernel.capabilities.bounding = 0;
	assert_int_equal(host_check(&kernel, error, sizeof(error)), -EPERM);
	assert_non_null(strstr(error, "add SYS_ADMIN"));
	kernel = kernel_with(CAPABILITY(CAP_SYS_ADMIN), 0);
	kernel.knows_cap_bpf = false;
	assert_int_equal(host_check(&kernel, error, sizeof(error)), -ENOTSUP); /* no BTF */
}

static void sysctl_is_read(void **state)
{
	static const struct {
		const char *text;
		int value;
	} cases[] = { { "0\n", 0 }, { "1\n", 1 }, { "2\n", 2 }, { "", -1 }, { "off\n", -1 } };
	char proc[UNIT_PATH], folder[128], path[192];
	FILE *file;
	size_t i;

	(void)state;
	unit_make_folder(proc);
	assert_int_equal(kernel_unprivileged_bpf_disabled(proc), -1);
	snprintf(folder, sizeof(folder), "%s/sys", proc);
	assert_int_equal(mkdir(folder, 0700), 0);
	snprintf(folder, sizeof(folder), "%s/sys/kernel", proc);
	assert_int_equal(mkdir(folder, 0700), 0);
	snprintf(path, sizeof(path), "%s/unprivileged_bpf_disabled", folder);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(cases[i].text, file);
		fclose(file);
		assert_int_equal(kernel_unprivileged_bpf_disabled(proc), cases[i].value);
	}
	unit_remove_folder(proc);
}

static void refusal_is_explained(void **state)
{
	struct kernel kernel = { .in_user_namespace = true };
	char error[512];

	(void)state;
	host_explain(&kernel, -EPERM, error, sizeof(error));
	assert_non_null(strstr(error, "user namespace"));
	host_explain(&kernel, -ENOMEM, error, sizeof(error));
	assert_non_null(strstr(error, "--max-sockets"));
}

static int killed_call(void)
{
	setenv("TCPDWELL_SECCOMP", "kill", 1);
	if (seccomp_confine(SECCOMP_BPF | SECCOMP_FILES | SECCOMP_NAMESPACES, 0))
		return 1;
	getpid();
	socket(AF_INET, SOCK_STREAM, 0);
	return 2;
}

/* So that a test with this setting shows something. */
static void seccomp_kills(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (!child)
		_exit(killed_call());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seccomp_refuses),	   cmocka_unit_test(seccomp_allows),
		cmocka_unit_test(seccomp_kills),
		cmocka_unit_test(capabilities_go_for_good), cmocka_unit_test(privileges_go),
		cmocka_unit_test(callers_paths_are_opened_without_our_rights),
		cmocka_unit_test(names_are_listed),	   cmocka_unit_test(missing_is_named),
		cmocka_unit_test(refusal_is_explained),	   cmocka_unit_test(sysctl_is_read),
		cmocka_unit_test(one_capability_where_there_are_no_smaller_ones),
	};

	unsetenv("TCPDWELL_SECCOMP");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
