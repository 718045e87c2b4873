/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All maps. For each: who inserts, who deletes. Sizes and BPF_F_NO_PREALLOC are set by user/attach/tracer.c.
 *
 * Connections are kept by the kernel's object and not in socket storage: that costs more, does not work in every kind of
 * program nor on 5.10, and can't be walked to be reconciled. bpf/store.bpf.h says what goes into slots and what into the hash
 * maps, whose memory follows the number of their entries (kernels before 6.1 get preallocated ones: their run-time allocation
 * is unsafe in kprobes).
 */
#ifndef TCPDWELL_MAPS_BPF_H
#define TCPDWELL_MAPS_BPF_H

#include <bpf/bpf_helpers.h>
#include "abi.h"
#include "atomic.bpf.h"

#define SLOTS(name, value_type)                \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);      \
		__uint(max_entries, 1);                \
		__type(key, __u32);                    \
		__type(value, value_type);             \
	} name SEC(".maps")

/* Full sockets, by address of struct sock. In: transitions, seeding. Out: -> CLOSE, reconciliation. Slots first, then: */
SLOTS(socket_buckets, struct bucket);
SLOTS(socket_slots, struct connection);
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct connection);
} connection_by_socket SEC(".maps");

/*
 * Timewait sockets, by endpoint: there is one at most, and a new connection between the same ends ends it.
 * In: -> CLOSE that left a timewait socket, seeding. Out: expiry, kill, a new connection, reconciliation. Slots first, then:
 */
SLOTS(time_wait_buckets, struct time_wait_bucket);
SLOTS(time_wait_slots, struct connection);
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct endpoint);
	__type(value, struct connection);
} time_wait_by_endpoint SEC(".maps");

/*
 * Connections whose end was not seen and whose socket is another's by now, by id. In: a new connection on the same socket.
 * Out: reconciliation, which looks for what became of them.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct connection);
} lost_connection_by_id SEC(".maps");

/* In: -> LISTEN, seeding. Out: LISTEN -> CLOSE of the last socket. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct listener_key);
	__type(value, struct listener);
} listener_by_address SEC(".maps");

/* In: processes seen to act on sockets, all of them at start and when one is looked for. Out: least recently used. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct registered_process);
} process_by_credentials SEC(".maps");

/*
 * Cgroups whose names were sent, by id; 1 = the filters on names do not let it pass. In: the first process seen in it; the 1:
 * the reader. Out: least recently used, and then it is named and looked at again.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u8);
} cgroup_by_id SEC(".maps");

/* What inet_csk_get_port() was called with, by thread. In: its kprobe. Out: its kretprobe, which may be missed. */
struct bind_call {
	const struct sock *sk;
	__u64 port;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, struct bind_call);
} bind_call_by_thread SEC(".maps");

/* Since when connections wait in accept queues, by address of struct sock. In: ESTABLISHED. Out: accept(), the end of the wait. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u64);
} accept_wait_since SEC(".maps");

/* An element for each page of ports: what bpf/ports.bpf.h goes by. They hold nothing. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u8);
} port_pages SEC(".maps");

/* An element for each share of the kernel's tables of sockets: what bpf/table.bpf.h goes by. They hold nothing. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TABLE_PAGES);
	__type(key, __u32);
	__type(value, __u8);
} table_pages SEC(".maps");

/* Records for the reader. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} records SEC(".maps");

/* enum counter. Only grow. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTER_KINDS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

/* The last event of a softirq that its program had, of each processor: bpf/softirq.bpf.h. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} softirq_event SEC(".maps");

/* Members of the filters' sets. Written by the user side before attaching. */
#define FILTER_SET(name, key_type, value_type)       \
	struct {                                         \
		__uint(type, BPF_MAP_TYPE_HASH);             \
		__uint(max_entries, FILTER_SET_MAX);         \
		__type(key, key_type);                       \
		__type(value, value_type);                   \
	} name SEC(".maps")

FILTER_SET(filter_netns_set, __u32, __u64); /* cookie of the namespace that has the number; 0: not met yet */
FILTER_SET(filter_pid_set, __u32, __u64); /* when it began, PROCESS_START_NS each; 0: not known */
FILTER_SET(filter_cgroup_set, __u64, __u8);
FILTER_SET(filter_local_port_set, __u32, __u8);
FILTER_SET(filter_remote_port_set, __u32, __u8);

static __always_inline void count(__u32 kind)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &kind);

	if (value)
		atomic_add(value, 1);
}

#endif
