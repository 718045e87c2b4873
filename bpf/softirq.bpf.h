/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Softirqs have a program of their own (bpf/tcpdwell.bpf.c). It notes what it has seen, so that the program behind it knows whether the
 * kernel has skipped it.
 */
#ifndef TCPDWELL_SOFTIRQ_BPF_H
#define TCPDWELL_SOFTIRQ_BPF_H

#include "end.bpf.h"
#include "maps.bpf.h"

/*
 * An event, in a word. The softirqs of a processor come one after the other, so the last one's is enough. A note that nobody took, as
 * the other program was skipped, is overwritten by the next event; one with the same word is as good as never.
 */
static __always_inline __u64 event_word(const struct sock *sk, __u8 old_state, __u8 new_state)
{
	return address_of(sk) << 8 | old_state << 4 | new_state;
}

/* The program for softirqs has the event. */
static __always_inline void softirq_note(const struct sock *sk, __u8 old_state, __u8 new_state)
{
	__u32 zero = 0;
	__u64 *event = bpf_map_lookup_elem(&softirq_event, &zero);

	if (event)
		*event = event_word(sk, old_state, new_state);
}

/* ... and so another has nothing to do. Else the kernel has kept it from the first, which is counted. */
static __always_inline bool softirq_was_noted(const struct sock *sk, __u8 old_state, __u8 new_state)
{
	__u32 zero = 0;
	__u64 *event;

	if (!softirqs_apart || in_process_context(sk))
		return false;
	event = bpf_map_lookup_elem(&softirq_event, &zero);
	if (event && *event == event_word(sk, old_state, new_state)) {
		*event = 0;
		return true;
	}
	count(COUNTER_TAKEN_OVER);
	return false;
}

#endif
