// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Feature probe: what the kernel has, what this process may do. First step of attach/. */
#include "attach/kernel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define INITIAL_PID_NAMESPACE 0xeffffffcU /* PROC_PID_INIT_INO */
#define CAPABILITY_PERFMON 38
#define CAPABILITY_BPF 39

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
	unsigned long long capabilities;
	char line[256];
	FILE *file = fopen("/proc/self/status", "re");

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "CapEff: %llx", &capabilities) == 1)
			kernel->capabilities = capabilities;
		sscanf(line, "Seccomp: %d", &kernel->seccomp);
	}
	fclose(file);
	return 0;
}

int kernel_probe(struct kernel *kernel)
{
	struct utsname name;

	memset(kernel, 0, sizeof(*kernel));
	uname(&name);
	snprintf(kernel->release, sizeof(kernel->release), "%s", name.release);
	kernel->btf = btf__load_vmlinux_btf();
	if (libbpf_get_error(kernel->btf))
		kernel->btf = NULL;
	kernel->has_kprobes = !access("/sys/bus/event_source/devices/kprobe/type", R_OK);
	kernel->has_memory_allocator =
		kernel->btf && btf__find_by_name_kind(kernel->btf, "bpf_mem_alloc", BTF_KIND_STRUCT) > 0;
	/* The guard that tracepoints are called under since then leaves its type in BTF. */
	kernel->preempts_tracepoints =
		kernel->btf && btf__find_by_name_kind(kernel->btf, "class_srcu_fast_notrace_t", BTF_KIND_TYPEDEF) > 0;
	read_lockdown(kernel);
	return read_status(kernel);
}

void kernel_release(struct kernel *kernel)
{
	btf__free(kernel->btf);
	kernel->btf = NULL;
}

bool kernel_has_function(const struct kernel *kernel, const char *name)
{
	return kernel->btf && btf__find_by_name_kind(kernel->btf, name, BTF_KIND_FUNC) > 0;
}

bool kernel_has_symbol(const char *name)
{
	char line[512], symbol[256], type;
	bool found = false;
	FILE *file = fopen("/proc/kallsyms", "re");

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%*x %c %255s", &type, symbol) == 2 && (type == 't' || type == 'T') &&
			!strcmp(symbol, name);
	fclose(file);
	return found;
}

int kernel_try_fentry(const struct kernel *kernel, const char *function)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FENTRY);
	int program, link, err = 0;

	options.attach_btf_id = kernel->btf ? btf__find_by_name_kind(kernel->btf, function, BTF_KIND_FUNC) : -ENOENT;
	if ((int)options.attach_btf_id < 0)
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

uint32_t kernel_tick_ns(void)
{
	struct timespec resolution;

	/* The coarse clock advances by one jiffy. */
	if (clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) || resolution.tv_sec)
		return 4000000;
	return resolution.tv_nsec;
}

uint32_t kernel_sockets(void)
{
	unsigned int time_wait = 0, allocated = 0;
	char line[256];
	FILE *file = fopen("/proc/net/sockstat", "re");

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		sscanf(line, "TCP: inuse %*u orphan %*u tw %u alloc %u", &time_wait, &allocated);
	fclose(file);
	return time_wait + allocated;
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
	return kernel->capabilities & 1ULL << number;
}

const struct capability *kernel_missing_capability(const struct kernel *kernel)
{
	static const struct capability needed[] = {
		{ CAPABILITY_BPF, "CAP_BPF" },
		{ CAPABILITY_PERFMON, "CAP_PERFMON" },
	};
	size_t i;

	if (kernel_has_capability(kernel, CAP_SYS_ADMIN))
		return NULL;
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!kernel_has_capability(kernel, needed[i].number))
			return &needed[i];
	return NULL;
}
