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
 * Kernel memory that the verifier knows nothing of. A probe read is a call of 10 ns and more. bpf_rdonly_cast() makes of any
 * address a pointer that is read by a plain load; what can't be read gives 0, as with a probe read. It takes the BTF id of a
 * struct (6.2), and no longer asks for one (0; in 6.18). attach/instructions.c puts in what the kernel has.
 */
static __always_inline __u64 compat_casts(void)
{
	__u64 casts;

	asm("%0 = %1" : "=r"(casts) : "i"(CONSTANT_CASTS));
	return casts;
}

static __always_inline void *compat_cast(const void *address, __u64 btf_id)
{
	register __u64 r1 asm("r1") = (__u64)address;
	register __u64 r2 asm("r2") = btf_id;
	register __u64 r0 asm("r0");

	asm volatile("call %3" : "=r"(r0), "+r"(r1), "+r"(r2) : "i"(CALL_RDONLY_CAST) : "r3", "r4", "r5");
	return (void *)r0;
}

/* The type of a value, which has no qualifiers. */
#define VALUE_TYPE(expression) typeof(({ expression; }))
#define IS_POINTER(expression) (__builtin_classify_type(expression) == 5)

/* The BTF id where one is asked for, else 0: without a branch, of which there would be hundreds. */
static __always_inline __u64 compat_cast_type(__u64 btf_id)
{
	asm("%0 &= %1" : "+r"(btf_id) : "i"(CONSTANT_CAST_TYPES));
	return btf_id;
}

#define CAST_TYPE(pointer) compat_cast_type(bpf_core_type_id_kernel(VALUE_TYPE(*(pointer))))

/* Where there are casts: a pointer that is read by plain loads. */
#define HAS_CASTS (compat_casts() <= CASTS_UNTYPED)
#define CAST(pointer) ((typeof(pointer))compat_cast(pointer, CAST_TYPE(pointer)))

/* A pointer that was loaded from a typed one is no number to the verifier, but negated it is. */
static __always_inline __u64 compat_number(__u64 pointer)
{
	asm volatile("%0 = -%0; %0 = -%0" : "+r"(pointer));
	return pointer;
}

#define READ_1(pointer, field)                                                                         \
	({                                                                                             \
		__auto_type from_ = (pointer);                                                         \
		VALUE_TYPE(from_->field) value_;                                                       \
                                                                                                       \
		if (HAS_CASTS) {                                                                       \
			value_ = CAST(from_)->field;                                                   \
			if (IS_POINTER(value_))                                                        \
				value_ = (typeof(value_))compat_number((__u64)value_);                 \
		} else {                                                                               \
			bpf_core_read(&value_, sizeof(value_), &from_->field);                         \
		}                                                                                      \
		value_;                                                                                \
	})
#define READ_2(pointer, a, b) READ_1(READ_1(pointer, a), b)
#define READ_3(pointer, a, b, c) READ_1(READ_2(pointer, a, b), c)
#define READ_OF(_1, _2, _3, name, ...) name

/* The field at the end of a chain: READ(file, f_inode, i_mode). */
#define READ(pointer, ...) READ_OF(__VA_ARGS__, READ_3, READ_2, READ_1)(pointer, __VA_ARGS__)

/* Eight bytes of what is no field of its own. */
static __always_inline __u64 compat_word(const void *address)
{
	__u64 word = 0;

	if (compat_casts() == CASTS_UNTYPED)
		return *(__u64 *)compat_cast(address, 0);
	bpf_probe_read_kernel(&word, sizeof(word), address);
	return word;
}

/*
 * Reads a field. Pointers that the verifier knows (arguments of tp_btf, fentry and iterators, and what is reached from
 * them) are `trusted` and read by a plain load; others by READ. `trusted` is a constant where this is used.
 */
#define FIELD(trusted, pointer, field) ((trusted) ? (pointer)->field : READ(pointer, field))

/*
 * The same for a field that is itself a pointer to a struct. Where a program loads one from a trusted pointer, newer verifiers look
 * through all of BTF up to four times for what the kernel says of such pointers (6.18: 0.8 ms each time). Of what was cast they don't.
 */
#define LOADS_POINTERS(trusted) ((trusted) && !HAS_CASTS)
#define POINTER_FIELD(trusted, pointer, field) (LOADS_POINTERS(trusted) ? (pointer)->field : READ(pointer, field))

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
		return READ(newer, __parent);
	return READ(node, parent);
}

/* sock_cgroup_data was a tagged word before 5.15: bit 0 = holds a class id, bit 1 = no reference. */
static __always_inline struct cgroup *compat_socket_cgroup(const struct sock *sk)
{
	const struct sock_cgroup_data___5_10 *old;
	__u64 word;

	if (bpf_core_field_exists(struct sock_cgroup_data, cgroup))
		return READ(sk, sk_cgrp_data.cgroup);
	old = (void *)sk + bpf_core_field_offset(struct sock, sk_cgrp_data);
	word = READ(old, val);
	return word & 1 ? NULL : (void *)(word & ~3ULL);
}

/* netns_ipv4.tcp_death_row is embedded, but was a pointer in some kernels between 5.18 and 6.0. */
static __always_inline struct inet_timewait_death_row *compat_death_row(const struct net *net)
{
	void *row = (void *)net + bpf_core_field_offset(struct net, ipv4.tcp_death_row);

	if (bpf_core_field_size(struct net, ipv4.tcp_death_row) != sizeof(void *))
		return row;
	return (void *)compat_word(row);
}

/* sysctl_tcp_tw_reuse became a byte in 5.11; both machines we run on are little-endian. */
static __always_inline __u8 compat_tw_reuse(const struct net *net)
{
	return READ(net, ipv4.sysctl_tcp_tw_reuse);
}

/* ip_local_port_range: one number from 6.8 on, two before. high << 16 | low. */
static __always_inline __u32 compat_port_range(const struct net *net)
{
	struct local_ports___5_10 *old = (void *)net + bpf_core_field_offset(struct net, ipv4.ip_local_ports);

	if (bpf_core_field_exists(struct local_ports, range))
		return BPF_CORE_READ(net, ipv4.ip_local_ports.range);
	return (__u32)BPF_CORE_READ(old, range[1]) << 16 | (__u16)BPF_CORE_READ(old, range[0]);
}

/* A byte from 5.11 on, before an int, as tcp_tw_reuse. */
static __always_inline __u8 compat_timestamps(const struct net *net)
{
	__u8 timestamps = 0;

	bpf_probe_read_kernel(&timestamps, sizeof(timestamps),
			      (void *)net + bpf_core_field_offset(struct net, ipv4.sysctl_tcp_timestamps));
	return timestamps;
}

/* IP_LOCAL_PORT_RANGE of a socket, last << 16 | first: 0 = none. Came with 6.3 as two numbers, and is one from 6.8 on. */
static __always_inline __u32 compat_own_range(const struct sock *sk)
{
	const struct inet_sock___6_3 *two = (const void *)sk;
	const struct inet_sock *one = (const void *)sk;
	__u32 range = 0;

	if (bpf_core_field_exists(one->local_port_range))
		bpf_core_read(&range, sizeof(range), &one->local_port_range);
	else if (bpf_core_field_exists(two->local_port_range))
		bpf_core_read(&range, sizeof(range), &two->local_port_range);
	return range;
}

/* Is a keepalive timer set? sk_timer was its place until 7.x, which keeps the one of retransmissions there. */
static __always_inline bool compat_keepalive_pending(const struct sock *sk)
{
	const struct inet_connection_sock___7 *newer = (const void *)sk;

	if (bpf_core_field_exists(newer->icsk_keepalive_timer))
		return READ(newer, icsk_keepalive_timer.entry.pprev);
	return READ(sk, sk_timer.entry.pprev);
}

/* Is a table of connections a single namespace's own? */
static __always_inline bool compat_is_own_table(const struct inet_hashinfo *table)
{
	return bpf_core_field_exists(table->pernet) && READ(table, pernet);
}

/* Where a listening socket hangs in the kernel's table of them, as an offset: a node of its own until 5.19. */
static __always_inline __u64 compat_listener_node(void)
{
	if (bpf_core_field_exists(struct inet_connection_sock___5_10, icsk_listen_portaddr_node))
		return bpf_core_field_offset(struct inet_connection_sock___5_10, icsk_listen_portaddr_node);
	return bpf_core_field_offset(struct sock_common, skc_nulls_node);
}

/* How the kernel goes about ports where a field tells it: enum port_settings_flag. */
static __always_inline __u8 compat_port_ways(void)
{
	__u8 flags = 0;

	/* 6.8 changed both: the range's form, and how a socket's own range is tried. */
	if (bpf_core_field_exists(struct local_ports, range))
		flags |= PORTS_OWN_RANGE_WHOLE;
	if (!bpf_core_field_exists(struct netns_ipv4, sysctl_tcp_tw_reuse_delay))
		flags |= PORTS_REUSE_BY_SECOND;
	if (!bpf_core_field_exists(struct inet_timewait_sock, tw_connect_bind))
		flags |= PORTS_BLOCKED_LONG;
	/* Stable releases of all later series look at the state. */
	if (bpf_core_field_size(struct netns_ipv4, sysctl_tcp_tw_reuse) == sizeof(int))
		flags |= PORTS_REUSE_FIN_WAIT2;
	return flags;
}

/* Timewait sockets of a namespace: tw_refcount (one more than there are) from 5.17 on, tw_count before. */
static __always_inline int compat_timewait_sockets(struct inet_timewait_death_row *row)
{
	struct inet_timewait_death_row___5_10 *old = (void *)row;

	if (bpf_core_field_exists(row->tw_refcount))
		return READ(row, tw_refcount.refs.counter) - 1;
	return READ(old, tw_count.counter);
}

#endif
