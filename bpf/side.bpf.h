/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which side a socket is of whose beginning was not seen: by what the kernel still knows of it. What that does not prove stays
 * unknown. A socket that connect() gave its port is told by the port's bucket; one that was bound to a port of its choice by a
 * mark that accepted ones never have. One that was accepted has neither, nor has one that was bound to port 0 and connected then:
 * these are told apart by a listener.
 */
#ifndef TCPDWELL_SIDE_BPF_H
#define TCPDWELL_SIDE_BPF_H

#include "listener.bpf.h"

#define SOCK_BINDPORT_LOCK 8
#define SOCK_CONNECT_BIND 16 /* 6.18 */

/* Set by the reader when it has all sockets from before: what is found later, no event told of. */
bool seeding_is_over = false;

static __always_inline bool connect_chose(const struct inet_bind_bucket *bucket)
{
	return bucket && READ(bucket, fastreuse) < 0;
}

static __always_inline bool is_proved_active(const struct sock *sk)
{
	if (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks) & (SOCK_BINDPORT_LOCK | SOCK_CONNECT_BIND))
		return true;
	return connect_chose(READ((const struct inet_connection_sock *)sk, icsk_bind_hash));
}

/* All that connect after we attached tell of it; a listener that was closed since may be forgotten. */
static __always_inline bool began_listened(const struct connection *connection, const struct endpoint *endpoint)
{
	return seeding_is_over && !(connection->flags & CONNECTION_SEEDED) && listener_port_seen(endpoint->local_port);
}

/*
 * A global function, which the verifier goes through once; hence its arguments are numbers. `listened`: a listener of this end is
 * there. Connections that begin while we run tell that they connect, and are not looked at any closer.
 */
__noinline int side_of_socket(__u64 socket, bool listened, bool seeded)
{
	const struct sock *sk = (const struct sock *)socket;

	if (listened && !seeded)
		return SIDE_PASSIVE;
	if (is_proved_active(sk))
		return SIDE_ACTIVE;
	return listened || awaits_accept(false, sk) ? SIDE_PASSIVE : SIDE_UNKNOWN;
}

static __always_inline void side_find(struct connection *connection, const struct sock *sk, const struct endpoint *endpoint)
{
	bool seeded = connection->flags & CONNECTION_SEEDED;

	if (connection->side != SIDE_UNKNOWN || !endpoint->local_port)
		return;
	connection->side = side_of_socket(address_of(sk), listener_of(endpoint) != NULL, seeded);
	if (connection->side == SIDE_UNKNOWN && began_listened(connection, endpoint))
		connection->side = SIDE_PASSIVE;
}

static __always_inline __u8 side_of_timewait(const struct inet_timewait_sock *tw, const struct endpoint *endpoint)
{
	if (connect_chose(READ(tw, tw_tb)))
		return SIDE_ACTIVE;
	return listener_of(endpoint) ? SIDE_PASSIVE : SIDE_UNKNOWN;
}

#endif
