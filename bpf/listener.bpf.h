/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Listening addresses and their processes: whom a connection belongs to while it waits in the accept queue, and how the
 * passive side is told from the active one. By address and not by BPF_F_CLONE socket storage, which costs an allocation
 * for each accepted connection and does not exist on 5.10; the price is that processes which share an address with
 * SO_REUSEPORT can't be told apart, and then none is named.
 */
#ifndef TCPDWELL_LISTENER_BPF_H
#define TCPDWELL_LISTENER_BPF_H

#include "owner.bpf.h"

static __always_inline void listener_key_of(struct listener_key *key, const struct endpoint *endpoint)
{
	if (!addr_is_any(endpoint->local_addr))
		__builtin_memcpy(key->addr, endpoint->local_addr, sizeof(key->addr));
	key->netns = endpoint->netns;
	key->port = endpoint->local_port;
}

/* A socket listens. */
static __always_inline void listener_add(const struct listener_key *key, const struct process *process, bool selected)
{
	struct listener fresh = { .owner = *process, .sockets = 1, .selected = selected }, *listener;

	listener_ports[listener_port_place(key->port, addr_is_any(key->addr))] = true;
	listener = bpf_map_lookup_elem(&listener_by_address, key);
	if (!listener) {
		if (bpf_map_update_elem(&listener_by_address, key, &fresh, BPF_ANY))
			count(COUNTER_MAP_FULL);
		return;
	}
	atomic_add(&listener->sockets, 1);
	if (!same_process(&listener->owner, process))
		__builtin_memset(&listener->owner, 0, sizeof(listener->owner));
}

/* -> LISTEN: `connection` has the listening process. */
static __always_inline void listener_opened(const struct connection *connection, const struct endpoint *endpoint)
{
	struct listener_key key = {};

	if (!connection->owner.start_ns)
		return;
	listener_key_of(&key, endpoint);
	listener_add(&key, &connection->owner, connection->flags & CONNECTION_SELECTED);
}

static __always_inline void listener_closed(const struct endpoint *endpoint)
{
	struct listener_key key = {};
	struct listener *listener;

	listener_key_of(&key, endpoint);
	listener = bpf_map_lookup_elem(&listener_by_address, &key);
	if (!listener)
		return;
	if (listener->sockets <= 1)
		bpf_map_delete_elem(&listener_by_address, &key);
	else
		atomic_add(&listener->sockets, -1);
}

#endif
