// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Feature probe: what the kernel has, what this process may do. First step of attach/. */
#include "attach/kernel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "abi.h"
#include "attach/types.h"
#include "util/log.h"

#define INITIAL_PID_NAMESPACE 0xeffffffcU /* PROC_PID_INIT_INO */
#define INITIAL_USER_NAMESPACE 0xeffffffdU /* PROC_USER_INIT_INO */
#define NO_SUCH_COMMAND 0x7fff /* of bpf() */

static void read_lockdown(struct kernel *kernel)
{
	char text[128] = "", *begin, *end;
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");

	if (!file)
		return;
	if (fgets(text, sizeof(text), file)) {
		begin = strchr(text, '[');
		end = begin ? strchr(begin, ']') : NULL;
		if (end)
			snprintf(kernel->lockdown, sizeof(kernel->lockdown), "%.*s", (int)(end - begin - 1), begin + 1);
	}
	fclose(file);
}

static int read_status(struct kernel *kernel)
{
	char line[256];
	FILE *file = fopen("/proc/self/status", "re");

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		sscanf(line, "Seccomp: %d", &kernel->seccomp);
	fclose(file);
	return 0;
}

int kernel_type(const struct kernel *kernel, const char *name, uint32_t kind)
{
	int id = kernel->types ? types_find(kernel->types, name, kind) : 0;

	return id > 0 ? id : 0;
}

static bool has_struct(const struct kernel *kernel, const char *name)
{
	return kernel_type(kernel, name, BTF_KIND_STRUCT) != 0;
}

static int probe_privileges(struct kernel *kernel)
{
	struct stat st;

	kernel->knows_cap_bpf = prctl(PR_CAPBSET_READ, CAP_BPF, 0, 0, 0) >= 0;
	kernel->no_new_privileges = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	kernel->in_user_namespace = !stat("/proc/self/ns/user", &st) && st.st_ino != INITIAL_USER_NAMESPACE;
	kernel->counts_locked_memory = has_struct(kernel, "bpf_map_memory");
	read_lockdown(kernel);
	return capabilities_read(&kernel->capabilities) ?: read_status(kernel);
}

/* Loads, for a moment, a program of one compare-and-exchange. */
static bool try_atomics(void)
{
	static const struct bpf_insn exchange[] = {
		{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1 },
		{ .code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = BPF_REG_10, .src_reg = BPF_REG_1, .off = -8,
		  .imm = BPF_CMPXCHG },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int program = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "probe", "GPL", exchange,
				    sizeof(exchange) / sizeof(exchange[0]), NULL);

	if (program < 0)
		return false;
	close(program);
	return true;
}

/* The guard that tracepoints are called under since they can be preempted leaves its type in BTF. */
static void probe_preemption(struct kernel *kernel)
{
	if (!kernel_type(kernel, "class_srcu_fast_notrace_t", BTF_KIND_TYPEDEF))
		return;
	kernel->preempt_enable = kernel_type(kernel, "bpf_preempt_enable", BTF_KIND_FUNC);
	if (kernel->preempt_enable)
		kernel->preempt_disable = kernel_type(kernel, "bpf_preempt_disable", BTF_KIND_FUNC);
}

/* Loads, for a moment, a program that reads the first word of a struct, or of no type in particular (0). */
static bool try_cast(const struct kernel *kernel, int type)
{
	const struct bpf_insn read[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = type },
		{ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_KFUNC_CALL, .imm = kernel->rdonly_cast },
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_0, .src_reg = BPF_REG_0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int program = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "probe", "GPL", read, sizeof(read) / sizeof(read[0]), NULL);

	if (program < 0)
		return false;
	close(program);
	return true;
}

static void probe_casts(struct kernel *kernel)
{
	kernel->rdonly_cast = kernel_type(kernel, "bpf_rdonly_cast", BTF_KIND_FUNC);
	if (!kernel->rdonly_cast)
		return;
	if (try_cast(kernel, 0))
		kernel->casts = CASTS_UNTYPED;
	else if (try_cast(kernel, kernel_type(kernel, "sock_common", BTF_KIND_STRUCT)))
		kernel->casts = CASTS_TYPED;
}

int kernel_libbpf_log(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	log_message(3, format, arguments);
	return 0;
}

int kernel_probe(struct kernel *kernel, char *error, size_t error_size)
{
	struct utsname name;
	int err;

	libbpf_set_print(kernel_libbpf_log);
	memset(kernel, 0, sizeof(*kernel));
	uname(&name);
	snprintf(kernel->release, sizeof(kernel->release), "%s", name.release);
	kernel->btf_error = types_read(&kernel->types);
	kernel->has_kprobes = !access("/sys/bus/event_source/devices/kprobe/type", R_OK);
	kernel->has_memory_allocator = has_struct(kernel, "bpf_mem_alloc");
	kernel->has_netns_cookies = kernel->types && types_has_number(kernel->types, "net", "net_cookie", sizeof(uint64_t));
	kernel->has_atomics = try_atomics();
	probe_preemption(kernel);
	probe_casts(kernel);
	err = probe_privileges(kernel);
	if (err)
		snprintf(error, error_size, "/proc can't be read: %s: mount -t proc proc /proc", strerror(-err));
	return err;
}

void kernel_release(struct kernel *kernel)
{
	types_free(kernel->types);
	kernel->types = NULL;
}

int kernel_try_fentry(const struct kernel *kernel, const char *function)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FENTRY);
	int program, link, err = 0;

	options.attach_btf_id = kernel_type(kernel, function, BTF_KIND_FUNC);
	if (!options.attach_btf_id)
		return -ENOENT;
	program = bpf_prog_load(BPF_PROG_TYPE_TRACING, "probe", "GPL", nothing, 2, &options);
	if (program < 0)
		return program;
	link = bpf_raw_tracepoint_open(NULL, program);
	if (link < 0)
		err = link;
	else
		close(link);
	close(program);
	return err;
}

int kernel_try_kprobe(const char *function)
{
	struct perf_event_attr attributes = { .size = sizeof(attributes), .config1 = (uint64_t)(uintptr_t)function };
	FILE *file = fopen("/sys/bus/event_source/devices/kprobe/type", "re");
	int fd, err = -ENOENT;

	if (!file)
		return -errno;
	if (fscanf(file, "%u", &attributes.type) == 1) {
		fd = syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
		err = fd < 0 ? -errno : 0;
		if (fd >= 0)
			close(fd);
	}
	fclose(file);
	return err;
}

/* A kernel that lets us in says EINVAL to a command that there is not. */
int kernel_try_bpf(void)
{
	return syscall(SYS_bpf, NO_SUCH_COMMAND, NULL, 0) < 0 && errno != EINVAL ? -errno : 0;
}

int kernel_unprivileged_bpf_disabled(const char *proc)
{
	char path[256];
	int value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "%s/sys/kernel/unprivileged_bpf_disabled", proc);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%d", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

uint32_t kernel_tick_ns(void)
{
	struct timespec resolution;

	/* The coarse clock advances by one jiffy. */
	if (clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) || resolution.tv_sec)
		return 4000000;
	return resolution.tv_nsec;
}

uint32_t kernel_own_pid_namespace(void)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || st.st_ino == INITIAL_PID_NAMESPACE)
		return 0;
	return st.st_ino;
}

bool kernel_has_capability(const struct kernel *kernel, int number)
{
	return kernel->capabilities.effective & CAPABILITY(number);
}

uint64_t kernel_missing_capabilities(const struct kernel *kernel)
{
	if (kernel_has_capability(kernel, CAP_SYS_ADMIN))
		return 0;
	if (!kernel->knows_cap_bpf)
		return CAPABILITY(CAP_SYS_ADMIN);
	return (CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON)) & ~kernel->capabilities.effective;
}
