/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why a connect() failed. All ways but one end in SYN_SENT -> CLOSE: only where there is no route nothing begins, and that takes a
 * function hook (bpf/function.bpf.h).
 */
#ifndef TCPDWELL_CONNECT_BPF_H
#define TCPDWELL_CONNECT_BPF_H

#include "emit.bpf.h"

#define ENETDOWN 100
#define ENETUNREACH 101
#define EADDRNOTAVAIL 99
#define EACCES 13
#define EPIPE 32
#define ECONNABORTED 103
#define ECONNRESET 104
#define ETIMEDOUT 110
#define ECONNREFUSED 111
#define EHOSTUNREACH 113
#define ECANCELED 125

/* SYN_SENT -> CLOSE without an error: was a SYN sent? If not, connect() found no port, or that which it was bound to was taken. */
static __always_inline __u16 error_of_silence(const struct sock *sk)
{
	return READ((const struct tcp_sock *)sk, packets_out) ? ECANCELED : EADDRNOTAVAIL;
}

/* 0: no connect() failed here. An administrator's doing (ECONNABORTED) is none of the network's nor of the program's. */
static __always_inline __u16 connect_error(const struct sock *sk, const struct happening *happening)
{
	if (happening->new_state != TCP_CLOSE || happening->old_state != TCP_SYN_SENT || sk->sk_err == ECONNABORTED)
		return 0;
	return sk->sk_err ?: error_of_silence(sk);
}

static __always_inline void connect_failure_emit(struct connection *connection, const struct endpoint *endpoint,
						 struct happening *closing, __u16 error)
{
	closing->type = RECORD_CONNECT_FAILED;
	closing->error = error;
	emit_event(closing, connection, endpoint);
	closing->type = RECORD_TRANSITION;
	closing->error = 0;
}

#endif
