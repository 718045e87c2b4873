/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The only place that knows how kernels differ. Differences are told by the presence of a field, type or enumerator,
 * never by a version number; each names the release that changed it.
 */
#ifndef TCPDWELL_COMPAT_BPF_H
#define TCPDWELL_COMPAT_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "config.bpf.h"

#define PF_KTHREAD 0x00200000

/*
 * Reads a field. Pointers that the verifier knows (arguments of tp_btf, fentry and iterators, and what is reached from
 * them) are `trusted` and read by a plain load; others by a probe read. `trusted` is a constant where this is used.
 */
#define FIELD(trusted, pointer, field) \
	((trusted) ? (pointer)->field : BPF_CORE_READ(pointer, field))

/* bpf_get_current_task_btf(), whose result can be read by plain loads, exists from 5.11 on. */
#define CURRENT_IS_TRUSTED bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)

static __always_inline struct task_struct *compat_current_task(void)
{
	if (CURRENT_IS_TRUSTED)
		return (struct task_struct *)bpf_get_current_task_btf();
	return (struct task_struct *)bpf_get_current_task();
}

/*
 * Since 7.x tracepoint programs can be preempted, as fentry programs always could; and while one waits, the kernel skips it for
 * all other events of the processor. There each holds preemption off while it works. The two kernel functions are called by
 * numbers for which attach/tracer.c puts in the kernel's own: libbpf would search every module for them on kernels that lack
 * them, and that takes CAP_SYS_ADMIN.
 */
#define call_by_number(number) asm volatile("call %0" ::"i"(number) : "r0", "r1", "r2", "r3", "r4", "r5", "memory")

static __always_inline void compat_preempt_disable(void)
{
	if (programs_preempted)
		call_by_number(CALL_PREEMPT_DISABLE);
}

static __always_inline void compat_preempt_enable(void)
{
	if (programs_preempted)
		call_by_number(CALL_PREEMPT_ENABLE);
}

/* kernfs_node.parent became __parent in 6.15. */
static __always_inline struct kernfs_node *compat_kernfs_parent(struct kernfs_node *node)
{
	struct kernfs_node___6_15 *newer = (void *)node;

	if (bpf_core_field_exists(newer->__parent))
		return BPF_CORE_READ(newer, __parent);
	return BPF_CORE_READ(node, parent);
}

/* sock_cgroup_data was a tagged word before 5.15: bit 0 = holds a class id, bit 1 = no reference. */
static __always_inline struct cgroup *compat_socket_cgroup(const struct sock *sk)
{
	const struct sock_cgroup_data___5_10 *old;
	__u64 word;

	if (bpf_core_field_exists(struct sock_cgroup_data, cgroup))
		return BPF_CORE_READ(sk, sk_cgrp_data.cgroup);
	old = (void *)sk + bpf_core_field_offset(struct sock, sk_cgrp_data);
	word = BPF_CORE_READ(old, val);
	return word & 1 ? NULL : (void *)(word & ~3ULL);
}

/* netns_ipv4.tcp_death_row is embedded, but was a pointer in some kernels between 5.18 and 6.0. */
static __always_inline struct inet_timewait_death_row *compat_death_row(const struct net *net)
{
	void *row = (void *)net + bpf_core_field_offset(struct net, ipv4.tcp_death_row);

	if (bpf_core_field_size(struct net, ipv4.tcp_death_row) != sizeof(void *))
		return row;
	if (bpf_probe_read_kernel(&row, sizeof(row), row))
		return NULL;
	return row;
}

/* sysctl_tcp_tw_reuse became a byte in 5.11; both machines we run on are little-endian. */
static __always_inline __u8 compat_tw_reuse(const struct net *net)
{
	__u8 reuse = 0;

	bpf_probe_read_kernel(&reuse, sizeof(reuse), (void *)net + bpf_core_field_offset(struct net, ipv4.sysctl_tcp_tw_reuse));
	return reuse;
}

/* Timewait sockets of a namespace: tw_refcount (one more than there are) from 5.17 on, tw_count before. */
static __always_inline int compat_timewait_sockets(struct inet_timewait_death_row *row)
{
	struct inet_timewait_death_row___5_10 *old = (void *)row;

	if (bpf_core_field_exists(row->tw_refcount))
		return BPF_CORE_READ(row, tw_refcount.refs.counter) - 1;
	return BPF_CORE_READ(old, tw_count.counter);
}

#endif
