/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What decides which local ports connect() and bind() find in a network namespace: its settings, which ports are reserved, and
 * which are blocked since a socket was bound to them. Read on demand by iterators that user/collect/ports.c runs; they are
 * loaded only for commands that ask for it, and hook nothing.
 *
 * Ports are read from the kernel's own table of them, which knows of each socket, whoever has it. Who has it is found through
 * descriptors: sockets that are bound and not connected are in no other list.
 */
#ifndef TCPDWELL_PORTS_BPF_H
#define TCPDWELL_PORTS_BPF_H

#include "compat.bpf.h"
#include "endpoint.bpf.h"
#include "holder.bpf.h"
#include "namespace.bpf.h"

/* Set by the reader: inode of the namespace that is looked at. */
__u32 ports_netns = 0;

/* What all pages of one look share. net 0: there is no such namespace. */
struct {
	__u64 net;
	__u64 table; /* struct inet_bind_hashbucket[] */
	__u64 reserved; /* the bitmap; 0: nothing is reserved */
	__u32 mask, mix;
	__u32 range;
} ports_look;

__noinline int ports_net_note(__u64 address)
{
	if (netns_number((const struct net *)address) != ports_netns)
		return 0;
	ports_look.net = address;
	return 1;
}

__noinline int ports_net_stride(void)
{
	return namespaces_stride(ports_net_note);
}

__noinline int ports_net_strides(void)
{
	return namespaces_strides(ports_net_stride);
}

static __always_inline void settings_print(struct seq_file *seq, const struct net *net)
{
	struct port_page page = {
		.index = PORT_PAGE_SETTINGS,
		.settings = {
			.netns = ports_netns,
			.low = ports_look.range,
			.high = ports_look.range >> 16,
			.tw_reuse = compat_tw_reuse(net),
			.timestamps = compat_timestamps(net),
			.tw_reuse_delay_ms = 1000,
			.fin_timeout_s = (__u64)BPF_CORE_READ(net, ipv4.sysctl_tcp_fin_timeout) * tick_ns / NSEC_PER_SEC,
			.flags = compat_port_ways(),
		},
	};

	if (bpf_core_field_exists(struct netns_ipv4, sysctl_tcp_tw_reuse_delay))
		page.settings.tw_reuse_delay_ms = BPF_CORE_READ(net, ipv4.sysctl_tcp_tw_reuse_delay);
	if (bpf_core_field_exists(struct netns_ipv4, sysctl_ip_local_port_step_width))
		page.settings.step_width = BPF_CORE_READ(net, ipv4.sysctl_ip_local_port_step_width);
	bpf_seq_write(seq, &page, sizeof(page));
}

static __always_inline void ports_look_begin(struct seq_file *seq)
{
	struct inet_hashinfo *table;
	const struct net *net;

	ports_look.net = 0;
	namespaces_walk(ports_net_strides);
	net = (const struct net *)ports_look.net;
	if (!net)
		return;
	table = BPF_CORE_READ(compat_death_row(net), hashinfo);
	ports_look.table = (__u64)BPF_CORE_READ(table, bhash);
	ports_look.mask = BPF_CORE_READ(table, bhash_size) - 1;
	ports_look.mix = BPF_CORE_READ(net, hash_mix);
	ports_look.range = compat_port_range(net);
	ports_look.reserved = (__u64)BPF_CORE_READ(net, ipv4.sysctl_local_reserved_ports);
	settings_print(seq, net);
}

/* The first bytes of a bucket, up to its last field of interest, in one read. */
struct bucket_head {
	__u64 bytes[3];
};
#define BUCKET_HEAD_BYTES (bpf_core_field_offset(struct inet_bind_bucket, fastreuseport) + 1)
#define BUCKET_FIELD(type, head, field) (*(type *)((void *)(head) + bpf_core_field_offset(struct inet_bind_bucket, field)))

#define PORT_TAKEN 1
#define PORT_BLOCKED 2

/* Ports that share a chain differ in namespace, or by the table's size. Read without the lock: a node may go meanwhile. */
#define BUCKETS_MAX 16

static __always_inline void bucket_head_read(struct bucket_head *head, const struct inet_bind_bucket *bucket)
{
	int i;

	if (compat_casts() != CASTS_UNTYPED) {
		bpf_probe_read_kernel(head, BUCKET_HEAD_BYTES, bucket);
		return;
	}
	for (i = 0; i < 3; i++)
		head->bytes[i] = compat_word((const __u64 *)bucket + i);
}

__noinline __u32 port_look(__u32 port)
{
	__u64 slot = (port + ports_look.mix) & ports_look.mask;
	struct inet_bind_hashbucket *chain = (void *)ports_look.table + slot * bpf_core_type_size(struct inet_bind_hashbucket);
	struct hlist_node *node = READ(chain, chain.first);
	struct inet_bind_bucket *bucket;
	struct bucket_head head = {};
	int i;

	for (i = 0; i < BUCKETS_MAX; i++) {
		if (!node)
			return 0;
		bucket = (void *)node - bpf_core_field_offset(struct inet_bind_bucket, node);
		bucket_head_read(&head, bucket);
		if (BUCKET_FIELD(__u16, &head, port) == port && BUCKET_FIELD(__u64, &head, ib_net) == ports_look.net &&
		    !BUCKET_FIELD(__u32, &head, l3mdev)) {
			if (BUCKET_FIELD(__s8, &head, fastreuse) >= 0 || BUCKET_FIELD(__s8, &head, fastreuseport) >= 0)
				return PORT_TAKEN | PORT_BLOCKED;
			return PORT_TAKEN;
		}
		node = READ(node, next);
	}
	count(COUNTER_WALK_CUT);
	return 0;
}

static __always_inline void port_page_fill(struct port_page *page)
{
	const void *reserved = (const void *)ports_look.reserved + page->index * sizeof(__u64);
	__u32 found;
	int i;

	if (ports_look.reserved)
		bpf_probe_read_kernel(&page->reserved, sizeof(page->reserved), reserved);
	for (i = 0; i < 64; i++) {
		found = port_look(page->index * 64 + i);
		page->taken |= (__u64)(found & PORT_TAKEN) << i;
		page->blocked |= (__u64)((found & PORT_BLOCKED) >> 1) << i;
	}
}

static __always_inline bool page_is_asked_for(__u32 index)
{
	__u32 low = (__u16)ports_look.range, high = ports_look.range >> 16;

	return index >= PORTS_WIDE_LOW / 64 || (index >= low / 64 && index <= high / 64);
}

/* iter/bpf_map_elem over port_pages, in the order of its indexes: the first begins the look. */
static __always_inline void port_page_print(struct seq_file *seq, __u32 index)
{
	struct port_page page = { .index = index };

	if (!index)
		ports_look_begin(seq);
	if (!ports_look.net || !page_is_asked_for(index))
		return;
	port_page_fill(&page);
	bpf_seq_write(seq, &page, sizeof(page));
}

/* iter/task_file */
static __always_inline void bound_print(struct seq_file *seq, struct task_struct *task, struct file *file)
{
	struct bound_record record = {};
	struct sock *sk = sock_of_file(file);
	struct endpoint endpoint = {};

	if (!sk)
		return;
	record.state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (record.state != TCP_LISTEN && record.state != TCP_CLOSE)
		return;
	record.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	if (!record.port || !BPF_CORE_READ((struct inet_connection_sock *)sk, icsk_bind_hash) || is_shown_by_leader(task))
		return;
	endpoint_of_socket(false, &endpoint, sk);
	record.netns = endpoint.netns;
	__builtin_memcpy(record.addr, endpoint.local_addr, sizeof(record.addr));
	process_of_task(false, &record.process, task);
	bpf_seq_write(seq, &record, sizeof(record));
}

#endif
