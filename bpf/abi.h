/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel side and the user side share: the records of the ring buffer, the values of the maps, the counters.
 * Times are CLOCK_MONOTONIC nanoseconds. Records are written by bpf/emit.bpf.h and read by user/collect/.
 */
#ifndef TCPDWELL_ABI_H
#define TCPDWELL_ABI_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define COMM_BYTES 16
#define FILTER_SET_MAX 256

/* Calls that attach/instructions.c points at functions of the kernel, and a constant that it sets. No helper has such numbers. */
#define CALL_PREEMPT_DISABLE 0x7fff0001
#define CALL_PREEMPT_ENABLE 0x7fff0002
#define CALL_RDONLY_CAST 0x7fff0003
#define CONSTANT_CASTS 0x7fff0004
#define CONSTANT_CAST_TYPES 0x7fff0005

/* What bpf_rdonly_cast() takes: see bpf/compat.bpf.h. */
enum { CASTS_TYPED = 1, CASTS_UNTYPED = 2 };

enum record_type {
	RECORD_TRANSITION = 1, /* a socket changed its state */
	RECORD_CONNECT_FAILED, /* connect() failed; `error` says why */
	RECORD_SOCKET, /* a socket that is there: seeded, or adopted by reconciliation */
	RECORD_CGROUP, /* the name of a cgroup, before the first record of a process in it */
	RECORD_HOLDER, /* who has a live socket's descriptor, when that is found to be another, or to have another name */
	RECORD_LOCAL_PORT, /* connect() has chosen the port of a socket that was told of before, and still is in SYN_SENT */
	RECORD_BIND_FAILED, /* bind() or listen(): the local address is in use, see bpf/bind.bpf.h; port 0: any free one was asked for */
	RECORD_ACCEPTED, /* it waits in an accept queue no more: accept() took it, or it is over; since_ns is when it began to. bpf/accept.bpf.h */
	/* Not in the ring buffer: what looks find. */
	RECORD_PORTS, /* a namespace's ports, see bpf/ports.bpf.h */
	RECORD_PRESENT, /* a live socket, whatever its state, see bpf/present.bpf.h */
	RECORD_LISTENER, /* a listening socket and its accept queue, see there */
	RECORD_NAMESPACE, /* a namespace's counters and settings */
};

enum side { SIDE_UNKNOWN, SIDE_ACTIVE, SIDE_PASSIVE };

/* Whose FIN or abort first ended ESTABLISHED. */
enum closed_by { CLOSED_BY_NONE, CLOSED_BY_LOCAL, CLOSED_BY_REMOTE, CLOSED_BY_BOTH };

/* How the owner is known. */
enum attribution { ATTRIBUTION_UNKNOWN, ATTRIBUTION_OBSERVED, ATTRIBUTION_SEEDED, ATTRIBUTION_LISTENER };

enum end {
	END_NONE, /* orderly */
	END_EXPIRED, /* timewait socket: its time was over */
	END_REUSED, /* timewait socket: a new connection took its place */
	END_KILLED, /* timewait socket: reset, destroyed, or its namespace died */
	END_RESET_SENT,
	END_RESET_RECEIVED,
	END_TIMEOUT,
	END_ABORTED, /* dropped by the kernel or an administrator, or before it was established */
	END_OVERFLOW, /* tcp_max_tw_buckets */
};

enum transition_flag {
	FLAG_IN_ACCEPT_QUEUE = 1 << 0, /* no struct socket yet */
	FLAG_TIMEWAIT = 1 << 1, /* lives in a timewait socket, whatever its state */
	FLAG_FIRST_SEEN = 1 << 2, /* it was not told before that the socket is there */
	FLAG_MISSED = 1 << 3, /* recorded_state is not old_state: transitions in between were not seen */
	FLAG_SELECTION_OPEN = 1 << 4, /* owner or names of its cgroup are not known here: the reader applies the process filters */
	FLAG_TIME_DERIVED = 1 << 5, /* noticed later; the time was taken from the kernel's own timer */
	FLAG_HEALED = 1 << 6, /* the event was skipped; reconciliation concluded it */
	FLAG_NO_TIMESTAMPS = 1 << 7, /* a timewait socket whose peer sends no TCP timestamps: connect() never reuses its port */
};

/* How exactly /proc tells when a process began. */
#define PROCESS_START_NS 10000000

/* A process as it was when it acted. Written by bpf/owner.bpf.h. start_ns 0 = none. */
struct process {
	__u64 start_ns; /* boot-time clock; (pid, start_ns) names a process */
	__u64 cgroup_id;
	__u32 pid; /* in tcpdwell's PID namespace, 0 where it has none there */
	__u32 ns_pid; /* in its own innermost PID namespace */
	char comm[COMM_BYTES]; /* of the thread group's leader */
};

/* Names a connection's local end within a machine. IPv4 is kept as ::ffff:a.b.c.d. Ports in host order. */
struct endpoint {
	__u8 local_addr[16];
	__u8 remote_addr[16];
	__u16 local_port;
	__u16 remote_port;
	__u32 netns;
};

/* All that is remembered of a live connection: kept as bpf/store.bpf.h says. */
struct connection {
	__u64 id; /* unique for each connection, not a kernel address */
	__u64 since_ns; /* when the current state began; 0 = not seen */
	__u64 object; /* the kernel's timewait socket, 0 while there is none */
	union {
		__u64 ended_ns; /* timewait socket: gone since, reason not yet known; 0 = alive */
		__u64 net; /* lost full socket: the kernel's struct net */
	};
	struct process owner; /* start_ns 0: not known, cgroup_id then names the credentials that opened the file, or is 0 */
	struct process closer;
	struct endpoint endpoint;
	union {
		struct {
			__u32 hash; /* of the kernel's table of connections */
			__u8 state;
			__u8 side : 2;
			__u8 closed_by : 2;
			__u8 attribution : 2;
			__u8 flags; /* enum connection_flag */
			__u8 told; /* the listing in which its presence in this state was told; 0 = not told */
		};
		__u64 state_word; /* all of these, for a compare-and-exchange */
	};
};

/* Tags of bpf/store.bpf.h, a cache line of them. */
#define SLOTS_PER_BUCKET 8
struct bucket {
	__u64 tags[SLOTS_PER_BUCKET];
};

#define TIME_WAIT_TAGS (SLOTS_PER_BUCKET - 1)
struct time_wait_bucket {
	__u64 tags[TIME_WAIT_TAGS];
	__u64 spilled; /* entries of the hash map that would belong here */
};

enum connection_flag {
	CONNECTION_SELECTED = 1 << 0, /* its owner passes the process filters */
	CONNECTION_MET = 1 << 1, /* by the socket iterator, which looked for its owner */
	CONNECTION_SEEDED = 1 << 2, /* it was there before us: since_ns stays 0 until its next transition */
	CONNECTION_MET_EARLY = 1 << 3, /* a timewait socket that an iterator entered: its event may have been yet to come */
	CONNECTION_MOVES = 1 << 4, /* a copy in the hash map; it counts once its socket's slot is free */
};

/* One ring buffer record of any type. */
struct transition {
	__u32 type; /* enum record_type, first in every record */
	__u8 old_state;
	__u8 new_state;
	__u8 recorded_state; /* what we believed instead of old_state, where FLAG_MISSED */
	__u8 side;
	__u8 closed_by;
	__u8 end;
	__u8 attribution;
	__u8 flags; /* enum transition_flag */
	__u16 error; /* RECORD_CONNECT_FAILED: EADDRNOTAVAIL, ECONNREFUSED, ETIMEDOUT, ECANCELED (given up), EHOSTUNREACH, … */
	__u8 listing; /* the one that is on, see bpf/emit.bpf.h; never 0 */
	__u8 padding;
	__u64 time_ns;
	__u64 since_ns; /* when old_state began; 0 = not seen */
	__u64 id;
	__u64 owner_credentials; /* where the owner is to be looked up by the reader, else 0 */
	__u64 socket_cgroup_id; /* sk_cgrp_data, where no process was seen, else 0 */
	__u32 search_ns; /* SYN_SENT -> ESTABLISHED: how long connect() looked for a port; 0 = not measured */
	__u32 own_range; /* of sockets that connect or are there: IP_LOCAL_PORT_RANGE, last << 16 | first; 0 = none */
	__u32 device; /* of the same: index of the interface that it is bound to, by SO_BINDTODEVICE or link-local address; 0 = none */
	__u32 padding2;
	struct endpoint endpoint;
	struct process owner;
	struct process closer;
};

/* A listening address. Key of listener_by_address. */
struct listener_key {
	__u8 addr[16];
	__u32 netns;
	__u16 port;
	__u16 padding;
};

struct listener {
	struct process owner; /* start_ns 0: several processes share the address (SO_REUSEPORT), or none is known */
	__u32 sockets; /* listening sockets seen on this address */
	__u8 selected; /* the owner passes the process filters */
	__u8 padding[3];
};

/*
 * What of a network namespace decides which local ports connect() and bind() may take. Written by bpf/ports.bpf.h; the flags
 * are the kernel's own ways, the same in all its namespaces.
 */
struct port_settings {
	__u32 netns;
	__u16 low, high; /* ip_local_port_range, both included */
	__u32 tw_reuse_delay_ms; /* tcp_tw_reuse_delay; see PORTS_REUSE_BY_SECOND */
	__u32 fin_timeout_s; /* tcp_fin_timeout */
	__u32 step_width; /* ip_local_port_step_width, 0 = off or not there */
	__u8 tw_reuse; /* tcp_tw_reuse: 0 never, 1 always, 2 where a loopback address is involved */
	__u8 timestamps; /* tcp_timestamps */
	__u8 flags; /* enum port_settings_flag */
	__u8 padding;
};

enum port_settings_flag {
	PORTS_OWN_RANGE_WHOLE = 1 << 0, /* a socket's own range is tried port by port, no parity first (6.8) */
	PORTS_REUSE_BY_SECOND = 1 << 1, /* TIME_WAIT may be reused from the clock's next full second on (before 6.14) */
	PORTS_BLOCKED_LONG = 1 << 2, /* a port that was bound stays blocked until its last user is gone (before 6.18) */
	PORTS_REUSE_FIN_WAIT2 = 1 << 3, /* also in FIN_WAIT2 (5.10) */
};

/*
 * The range that is proposed where another is too narrow: below are the ports of most services. Ports outside of a namespace's range
 * are looked at too, as far as they are in this one.
 */
#define PORTS_WIDE_LOW 10240
#define PORTS_WIDE_HIGH 65535

/*
 * What the iterators of bpf/ports.bpf.h print: first the settings of the namespace, then 64 ports at a time. The order in the
 * words is that of the ports: bit 0 of page 1 is port 64.
 */
#define PORT_PAGE_SETTINGS 0xffffffff
#define PORT_PAGES (65536 / 64)

struct port_page {
	__u32 index; /* PORT_PAGE_SETTINGS or the page's number */
	__u32 padding;
	union {
		struct port_settings settings;
		struct {
			__u64 reserved;
			__u64 blocked; /* a socket was bound to it, so that connect() does not choose it */
			__u64 taken; /* by any socket */
		};
	};
};

/* A socket that is bound to a port and not connected; bound sockets' iterator of bpf/ports.bpf.h prints one for each descriptor. */
struct bound_record {
	__u8 addr[16]; /* its own; all zero = any, as 0.0.0.0 is ::ffff:0.0.0.0 */
	__u32 netns;
	__u16 port;
	__u8 state; /* TCP_LISTEN or TCP_CLOSE */
	__u8 padding;
	struct process process;
};

/*
 * What a sweep of full sockets goes over (bpf/sweep.bpf.h): two maps of the store, and connections that were set aside. The last two go over
 * slots to make room there, see socket_move() in bpf/store.bpf.h.
 */
enum sweep_map { SWEEP_SPILLED, SWEEP_LOST, SWEEP_SLOTS, SWEEP_MARK, SWEEP_MOVE };

/* Keys that the reader hands to one pass of a sweep where iterators over maps are refused (bpf/counted.bpf.h). */
#define SWEPT_KEYS 1024

/*
 * A pass over the kernel's tables of sockets (bpf/table.bpf.h). Their order is not of interest: elements of the map that the
 * iterators go by take a share each.
 */
#define TABLE_PAGES 8192
#define TABLES 1024 /* namespaces with a table of their own, and one for all others */

/* What such a pass finds; written by bpf/present.bpf.h. */

enum present_record_flag {
	PRESENT_RECORD_QUEUED = 1 << 0, /* in an accept queue: no struct socket yet */
	PRESENT_RECORD_TIMEWAIT = 1 << 1, /* FIN_WAIT2 in a timewait socket */
	PRESENT_RECORD_KEEPALIVE = 1 << 2, /* SO_KEEPALIVE */
};

/* The kernel's icsk_pending, and the keepalive timer where nothing is pending. */
enum present_record_timer { PRESENT_RECORD_NO_TIMER, PRESENT_RECORD_RETRANSMIT, PRESENT_RECORD_PROBE, PRESENT_RECORD_KEEPS_ALIVE };

struct present_record {
	__u64 id;
	__u64 since_ns; /* when the state began, 0 = not known */
	__u64 owner_credentials; /* as in struct transition */
	__u64 socket_cgroup_id;
	struct endpoint endpoint;
	struct process owner;
	struct process closer;
	__u32 rx_queue, tx_queue, unsent;
	__u32 received_ms, sent_ms; /* ago; ~0U = not known */
	__u8 state;
	__u8 side;
	__u8 closed_by;
	__u8 attribution;
	__u8 flags; /* enum present_record_flag */
	__u8 timer; /* enum present_record_timer */
	__u8 retransmits;
	__u8 padding[5];
};

/* A listening socket, and behind it `queued` times struct queued_record. */
struct listener_record {
	__u64 id;
	__u64 owner_credentials;
	struct endpoint endpoint;
	struct process owner;
	__u64 oldest_us; /* SYN of the first that waits, monotonic; 0 = none, or not known */
	__u32 depth, backlog, somaxconn, half_open, drops;
	__u32 closed; /* of those that wait: no longer established */
	__u16 queued;
	__u8 attribution;
	__u8 side;
	__u8 padding[4];
};

/* A connection that waits in an accept queue. */
struct queued_record {
	__u64 id;
	__u64 syn_us; /* monotonic; 0 = not known */
};

/* The process that has these credentials; key is the address of the kernel's struct cred. */
struct registered_process {
	struct process process;
	__u64 task; /* the kernel's task, to verify that it still has them; 0: found to hold a file that they opened */
	__u64 seen_ns; /* when this was true */
};

enum holder_flag {
	HOLDER_IS_OWNER = 1 << 0, /* the process is the connection's owner; HOLDER_QUEUED: it called listen() */
	HOLDER_QUEUED = 1 << 1, /* the descriptor is a listener's, in whose accept queue the connections wait */
};

/* What a record of a pass holds at most, so that it fits into the 32 KiB that the kernel buffers: nearly the usual largest queue. */
#define HOLDER_IDS_MAX 4080

/* One descriptor, in a pass over all of the machine. Written by bpf/holder.bpf.h, and behind it `count` ids of connections. */
struct holder_record {
	struct process process; /* as it is now */
	__s32 fd;
	__u16 count;
	__u8 flags; /* enum holder_flag */
	__u8 padding;
};

#define CGROUP_NAMES_BYTES 1024

/* Ring buffer record of type RECORD_CGROUP. Written by bpf/cgroup.bpf.h. */
struct cgroup_record {
	__u32 type;
	__u32 bytes; /* of names that are filled */
	__u64 id;
	char names[CGROUP_NAMES_BYTES]; /* of the cgroup, its parent, … up to below the root, each with its NUL */
};

/* Counters, one a kind and CPU. Only grow. */
enum counter {
	COUNTER_LOST_RECORDS, /* the ring buffer was full */
	COUNTER_MAP_FULL, /* a map refused an entry */
	COUNTER_MISSED, /* an event's old state was not the recorded one */
	COUNTER_ADOPTED, /* sockets found by reconciliation that no event had told of */
	COUNTER_DROPPED, /* records of sockets that were gone */
	COUNTER_WALK_CUT, /* a hash chain was longer than the walk */
	COUNTER_QUEUE_CUT, /* an accept queue was longer than the walk */
	COUNTER_TAKEN_OVER, /* events that the kernel kept from the program for softirqs, and another had */
	COUNTER_KINDS,
};

_Static_assert(sizeof(struct process) == 40, "process layout");
_Static_assert(sizeof(struct endpoint) == 40, "endpoint layout");
_Static_assert(sizeof(struct connection) == 160, "connection layout");
_Static_assert(sizeof(struct transition) == 192, "transition layout");
_Static_assert(sizeof(struct listener_key) == 24, "listener key layout");
_Static_assert(sizeof(struct holder_record) == 48, "holder record layout");
_Static_assert(sizeof(struct port_settings) == 24, "port settings layout");
_Static_assert(sizeof(struct port_page) == 32, "port page layout");
_Static_assert(sizeof(struct present_record) == 184, "present record layout");
_Static_assert(sizeof(struct listener_record) == 136, "listener record layout");
_Static_assert(sizeof(struct bound_record) == 64, "bound record layout");

#endif
