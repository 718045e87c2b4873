/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every knob of the kernel side. Set by user/attach/tracer.c between open and load, constant afterwards, so the verifier
 * removes what a command does not need.
 */
#ifndef TCPDWELL_CONFIG_BPF_H
#define TCPDWELL_CONFIG_BPF_H

#include <bpf/bpf_helpers.h>
#include "abi.h"

/* Follow every transition; otherwise only those that tell of TIME_WAIT, CLOSE_WAIT and who closed. */
const volatile bool track_all = true;

/* Bit (1 << state): a transition is sent when its old or its new state is in the mask. */
const volatile __u32 emit_states = ~0U;

/* Bit (1 << state): it is checked who has the descriptors of sockets in these; 0 = no check. See bpf/holder.bpf.h. */
const volatile __u32 holder_states = 0;

/* Filters. A set's members are in the maps of bpf/maps.bpf.h; the flag says whether it is used. */
const volatile bool filter_netns = false;
const volatile __u32 filter_netns_single = 0; /* not 0: the only member, compared without a look-up */
const volatile bool filter_pids = false;
const volatile bool filter_cgroups = false;
const volatile bool filter_names = false; /* containers, pods, units: the reader decides, cgroup by cgroup */
const volatile bool filter_local_ports = false;
const volatile bool filter_remote_ports = false;
const volatile bool filter_remote_addr = false;
const volatile __u8 filter_remote_bytes[16] = {};
const volatile __u8 filter_remote_mask[16] = {};
const volatile bool filter_comm = false;
const volatile char filter_comm_name[COMM_BYTES] = {};
const volatile bool filter_ipv4 = false; /* IPv4 only */
const volatile bool filter_ipv6 = false; /* IPv6 only */

/* Inode of tcpdwell's own PID namespace; 0 = the machine's first one, whose numbers need no translation. */
const volatile __u32 own_pid_namespace = 0;

/* The local ports of sockets in SYN_SENT are to be told, by which the view or a filter knows them. */
const volatile bool awaits_ports = false;

/* Mixed into connection ids, so that they tell nothing of kernel addresses. */
const volatile __u64 id_secret_low = 1;
const volatile __u64 id_secret_high = 2;

/* Wake the reader when so many bytes wait in the ring buffer; it also looks by itself on a timer. */
const volatile __u32 wake_up_bytes = 1 << 20;

/* Connections live in slots first (bpf/store.bpf.h). */
const volatile bool slots_used = false;
const volatile __u32 socket_bucket_count = 1;
const volatile __u32 time_wait_bucket_count = 1;
const volatile __u32 time_wait_slot_count = 1;

/* The kernel preempts tracepoint programs, and lets us hold that off: bpf/compat.bpf.h. */
const volatile bool programs_preempted = false;

/* Softirqs have a program of their own, before that of all events: bpf/tcpdwell.bpf.c. */
const volatile bool softirqs_apart = false;

/* What ports.bpf.h and search.bpf.h find of single sockets is sent with their records. */
const volatile bool measure_ports = false;

/* bpf/accept.bpf.h tells how long connections wait for accept(). */
const volatile bool measure_accepts = false;

/* bpf/present.bpf.h looks at all sockets: what is left of closed ones is remembered until they are gone. */
const volatile bool present_wanted = false;

/* Iterators over maps are refused: bpf/element.bpf.h counts elements. */
const volatile bool elements_are_counted = false;

/* Length of a jiffy. */
const volatile __u32 tick_ns = 4000000;

/*
 * Always 0, which the verifier does not know. What was mixed with it has lost all that branches have taught the verifier of its
 * value, so that the ways which led here become one again: else each is followed to the end, and loading takes seconds.
 */
__u64 nothing = 0;
#define OPAQUE(value)                             \
	({                                            \
		__u64 value_ = (value);                   \
		barrier_var(value_);                      \
		value_ ^= nothing;                        \
		barrier_var(value_);                      \
		value_;                                   \
	})

/* The verifier forbids to compute with a pointer; negated it is a number. */
static __always_inline __u64 address_of(const void *pointer)
{
	__u64 address = (__u64)pointer;

	asm volatile("%0 = -%0; %0 = -%0" : "+r"(address));
	return address;
}

/* Nodes looked at in one chain of the kernel's hash table of connections. */
#define WALK_MAX 64

#define TIME_WAIT_SECONDS 60
#define GOLDEN_RATIO_64 0x9e3779b97f4a7c15ULL

#endif
