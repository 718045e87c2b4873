/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the running kernel has and what this process may do. Everything is looked up once; nothing is changed. */
#ifndef TCPDWELL_ATTACH_KERNEL_H
#define TCPDWELL_ATTACH_KERNEL_H

#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/capabilities.h"

struct types;

struct kernel {
	struct types *types; /* its BTF; NULL: it has none */
	int btf_error; /* why: negative errno */
	char release[65];
	char lockdown[32]; /* "none", "integrity", "confidentiality", or "" where the kernel has no lockdown */
	int seccomp; /* the Seccomp: line of /proc/self/status; 0 = none */
	struct capability_sets capabilities;
	bool knows_cap_bpf; /* else (before 5.8) only CAP_SYS_ADMIN lets in */
	bool no_new_privileges; /* an executable file's capabilities don't count */
	bool in_user_namespace; /* not the machine's first: capabilities don't hold for bpf() */
	bool counts_locked_memory; /* maps count against RLIMIT_MEMLOCK (before 5.11) */
	bool has_kprobes; /* the kprobe event source exists */
	/* BTF ids of what keeps tracepoint programs from being preempted; 0: this kernel does not preempt them (before 7.x) */
	int preempt_disable, preempt_enable;
	int rdonly_cast; /* BTF id of bpf_rdonly_cast(), 0: there is none (before 6.2) */
	int casts; /* CASTS_… of bpf/abi.h: what it takes; 0: memory is read by probe reads */
	bool has_atomics; /* BPF programs can exchange and compare-and-exchange (5.12) */
	bool has_netns_cookies; /* our programs can read a number of a network namespace that no other one ever gets (5.12; atomic64_t before) */
	bool has_memory_allocator; /* maps may allocate at run time in any program (6.1) */
};

/* Fills *kernel. Negative errno with a sentence where /proc can't be read; a missing BTF is not an error. */
int kernel_probe(struct kernel *kernel, char *error, size_t error_size);
void kernel_release(struct kernel *kernel);

/* For libbpf_set_print(): its words go to our log. They help a developer, and mislead a user (its hint on EPERM is wrong). */
int kernel_libbpf_log(enum libbpf_print_level level, const char *format, va_list arguments);

/* The BTF id of what has that name and kind (BTF_KIND_…); 0: there is none. */
int kernel_type(const struct kernel *kernel, const char *name, uint32_t kind);

/* Loads and attaches, for a moment, an empty fentry program on `function`. 0 or negative errno; -ENOENT: there is no such function. */
int kernel_try_fentry(const struct kernel *kernel, const char *function);

/*
 * Makes and closes the event of a kprobe on `function`, which seccomp profiles and paranoid kernels refuse. 0 or
 * negative errno; -ENOENT: there is no such function.
 */
int kernel_try_kprobe(const char *function);

/* Is bpf() itself refused to us, whatever we ask of it? 0, or the negative errno that comes back. */
int kernel_try_bpf(void);

/*
 * kernel.unprivileged_bpf_disabled below `proc` ("/proc"): 0 allowed, 1 and 2 not; -1: the kernel has no such setting, or it can't be
 * read. It keeps nobody from tracing who has the capabilities, and lets nobody who has not.
 */
int kernel_unprivileged_bpf_disabled(const char *proc);

/* Length of a jiffy in ns. */
uint32_t kernel_tick_ns(void);

/* Inode of our own PID namespace, 0 if it is the machine's first one. */
uint32_t kernel_own_pid_namespace(void);

/* The capabilities that tracing needs and this process lacks: a mask. */
uint64_t kernel_missing_capabilities(const struct kernel *kernel);
bool kernel_has_capability(const struct kernel *kernel, int number);

#endif
