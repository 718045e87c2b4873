/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What function hooks (fentry, kprobe) report directly. They mark the connection; the transition that follows finds the
 * mark and needs no look-up of its own.
 */
#ifndef TCPDWELL_FUNCTION_BPF_H
#define TCPDWELL_FUNCTION_BPF_H

#include "transition.bpf.h"

static __always_inline void time_wait_made(__u64 tw, const struct sock *sk)
{
	struct connection *connection = socket_find(sk).connection;

	if (connection)
		connection->object = tw;
}

static __always_inline void time_wait_rearmed(struct inet_timewait_sock *tw)
{
	struct endpoint endpoint = {};
	struct connection *connection;

	if (fin_wait2_timewait_sockets <= 0 || READ(tw, tw_substate) != TCP_TIME_WAIT)
		return;
	endpoint_of_timewait(&endpoint, tw);
	connection = time_wait_find(&endpoint).connection;
	if (connection && connection->object == (__u64)tw)
		time_wait_look(connection, &endpoint, tw, bpf_ktime_get_ns(), true);
}

/*
 * Accepted when it waits already: the reader takes it for the listener's. An established one tells of its owner itself when it
 * goes on, and looks at all descriptors find it else.
 */
static __always_inline void holder_accepted(const struct connection *connection)
{
	struct happening accepted = { .type = RECORD_HOLDER, .old_state = connection->state, .new_state = connection->state };
	struct endpoint endpoint = connection->endpoint;

	if (connection->state == TCP_ESTABLISHED || !(holder_states & (1U << (connection->state & 31))))
		return;
	accepted.time_ns = bpf_ktime_get_ns();
	emit_event(&accepted, connection, &endpoint);
}

/* The end of accept(), in the task that called it. */
static __always_inline void connection_accepted(const struct sock *sk)
{
	struct connection *connection;
	struct process current = {};

	if (READ(sk, sk_protocol) != IPPROTO_TCP)
		return;
	connection = socket_find(sk).connection;
	if (!connection || !current_process(&current))
		return;
	owner_is_current(connection, &current, 0);
	holder_accepted(connection);
}

/* close(), also by exit, in the task that does it. Only the first call counts; shutdown() may have been before. */
static __always_inline void connection_closed(const struct sock *sk)
{
	struct connection *connection = socket_find(sk).connection;

	if (connection && was_synchronized(connection->state) && !connection->closer.start_ns)
		current_process(&connection->closer);
}

#endif
