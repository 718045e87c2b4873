/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a connection ended, and from which side. */
#ifndef TCPDWELL_END_BPF_H
#define TCPDWELL_END_BPF_H

#include "config.bpf.h"
#include "endpoint.bpf.h"
#include "owner.bpf.h"

#define SOCK_LINGER 4 /* bit of sk_flags */

/* Is the process that holds the socket's lock the one that acts? False in softirq context. */
static __always_inline bool in_process_context(const struct sock *sk)
{
	return sk->sk_lock.owned;
}

static __always_inline bool was_synchronized(__u8 state)
{
	return state == TCP_ESTABLISHED || state == TCP_CLOSE_WAIT || state == TCP_SYN_RECV;
}

/* close() with SO_LINGER 0 */
static __always_inline bool lingers_zero(const struct sock *sk)
{
	return sk->__sk_common.skc_flags & (1UL << SOCK_LINGER) && !sk->sk_lingertime;
}

static __always_inline bool timewait_overflow(const struct sock *sk)
{
	struct inet_timewait_death_row *row = compat_death_row(READ(sk, __sk_common.skc_net.net));

	return compat_timewait_sockets(row) >= READ(row, sysctl_max_tw_buckets);
}

/* No error, no timewait socket, and our side had sent its FIN already. */
static __always_inline __u8 end_after_fin(const struct sock *sk, __u8 old_state)
{
	if (old_state == TCP_LAST_ACK)
		return END_NONE;
	if (lingers_zero(sk))
		return END_RESET_SENT;
	if (READ((const struct tcp_sock *)sk, linger2) < 0)
		return END_ABORTED;
	/* close() looks for a timewait socket itself, once the socket is dead, if FIN_WAIT2 was reached before */
	if (in_process_context(sk) && !(old_state == TCP_FIN_WAIT2 && is_dead(true, sk)))
		return END_ABORTED;
	if (old_state != TCP_FIN_WAIT1 && timewait_overflow(sk))
		return END_OVERFLOW;
	return END_RESET_SENT;
}

static __always_inline __u8 end_of_socket(const struct sock *sk, __u8 old_state)
{
	switch (sk->sk_err) {
	case 0:
		break;
	case ECONNRESET:
	case EPIPE:
	case ECONNREFUSED:
		return END_RESET_RECEIVED;
	case ETIMEDOUT:
		return END_TIMEOUT;
	default:
		return END_ABORTED;
	}
	if (old_state == TCP_SYN_SENT || old_state == TCP_SYN_RECV)
		return END_ABORTED;
	if (old_state == TCP_LISTEN)
		return END_NONE;
	return was_synchronized(old_state) ? END_RESET_SENT : end_after_fin(sk, old_state);
}

static __always_inline void note_closing_side(struct connection *connection, __u8 new_state, __u8 end)
{
	if (new_state == TCP_CLOSING)
		connection->closed_by = CLOSED_BY_BOTH;
	if (connection->closed_by)
		return;
	if (new_state == TCP_FIN_WAIT1 || end == END_RESET_SENT)
		connection->closed_by = CLOSED_BY_LOCAL;
	else if (new_state == TCP_CLOSE_WAIT || end == END_RESET_RECEIVED)
		connection->closed_by = CLOSED_BY_REMOTE;
}

#endif
