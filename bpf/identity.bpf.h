/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The id of a socket that is there: the store's, else one made of its address and its ends, the same at each look. See
 * bpf/present.bpf.h.
 */
#ifndef TCPDWELL_IDENTITY_BPF_H
#define TCPDWELL_IDENTITY_BPF_H

#include "snapshot.bpf.h"
#include "store.bpf.h"

static __always_inline __u64 present_derived_id(__u64 address, const struct endpoint *endpoint)
{
	__u64 ends = endpoint_hash(endpoint);

	return mix64(mix64(address ^ id_secret_high) + ends * GOLDEN_RATIO_64 + id_secret_low) ?: 1;
}

/* What the store knows of it, unless that is of one that had this memory before. */
static __always_inline struct connection *present_find(const struct sock *sk, const struct endpoint *endpoint)
{
	struct connection *connection = socket_look(sk).connection;

	if (!connection || !connection->id)
		return NULL;
	if (connection->state == TCP_LISTEN || (connection->endpoint.local_port && !same_ends(&connection->endpoint, endpoint)))
		return NULL;
	return connection;
}

__noinline __u64 present_id(__u64 address)
{
	const struct sock *sk = (const struct sock *)address;
	struct endpoint endpoint = {};
	struct connection *connection;

	endpoint_of_socket(false, &endpoint, sk);
	connection = present_find(sk, &endpoint);
	return connection ? connection->id : present_derived_id(address, &endpoint);
}

/* The same of a listening socket, which the store knows whatever its ends. */
__noinline __u64 listener_id(__u64 address)
{
	const struct sock *sk = (const struct sock *)address;
	struct connection *connection = socket_look(sk).connection;
	struct endpoint endpoint = {};

	if (connection && connection->id && connection->state == TCP_LISTEN)
		return connection->id;
	endpoint_of_socket(false, &endpoint, sk);
	endpoint.remote_port = 0;
	return present_derived_id(address, &endpoint);
}

#endif
