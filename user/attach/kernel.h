/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the running kernel has and what this process may do. Everything is looked up once; nothing is changed. */
#ifndef TCPDWELL_ATTACH_KERNEL_H
#define TCPDWELL_ATTACH_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;

struct kernel {
	struct btf *btf; /* NULL: no BTF */
	char release[65];
	char lockdown[32]; /* "none", "integrity", "confidentiality", or "" where the kernel has no lockdown */
	int seccomp; /* the Seccomp: line of /proc/self/status; 0 = none */
	uint64_t capabilities; /* effective, bit mask */
	bool has_kprobes; /* the kprobe event source exists */
	bool preempts_tracepoints; /* a tracepoint's programs can be preempted, and are then skipped for others (7.x) */
	bool has_memory_allocator; /* maps may allocate at run time in any program (6.1) */
};

/* Fills *kernel. Negative errno where /proc can't be read; a missing BTF is not an error. */
int kernel_probe(struct kernel *kernel);
void kernel_release(struct kernel *kernel);

/* Is `name` a function that BTF describes? */
bool kernel_has_function(const struct kernel *kernel, const char *name);

/* Is `name` a symbol that a kprobe can be set on (/proc/kallsyms)? */
bool kernel_has_symbol(const char *name);

/* Loads and attaches, for a moment, an empty fentry program on `function`. 0 or negative errno. */
int kernel_try_fentry(const struct kernel *kernel, const char *function);

/* Length of a jiffy in ns. */
uint32_t kernel_tick_ns(void);

/* TCP sockets that the machine has now, those in TIME_WAIT of our own network namespace included; 0 = not known. */
uint32_t kernel_sockets(void);

/* Inode of our own PID namespace, 0 if it is the machine's first one. */
uint32_t kernel_own_pid_namespace(void);

struct capability {
	int number;
	const char *name;
};

/* The capabilities that tracing needs and this process lacks: the first one missing, or NULL. */
const struct capability *kernel_missing_capability(const struct kernel *kernel);
bool kernel_has_capability(const struct kernel *kernel, int number);

#endif
