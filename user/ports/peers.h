/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The passive side: from one remote address to a service of ours. There the peer's ports are the limit. Behind a balancer or NAT
 * all connections come from one address. Our TIME_WAIT does not refuse a new connection from the same port, if its sequence number or
 * timestamp is newer; so what is counted here is no wall, but what the peer has to find its way around.
 */
#ifndef TCPDWELL_PORTS_PEERS_H
#define TCPDWELL_PORTS_PEERS_H

#include "ports/destination.h"

struct peer_key {
	uint8_t remote_addr[16], local_addr[16];
	uint32_t netns;
	uint16_t local_port;
	uint16_t padding;
};

struct peer {
	struct peer_key key;
	UT_hash_handle hh;
	uint64_t opened; /* connections accepted since it is remembered */
	struct rate_window window;
	uint64_t event_ns;
	/* Of the picture: each connection has a port of the peer's own. */
	uint32_t sockets, small, by_state[STATE_COUNT];
	uint16_t lowest_port, highest_port; /* that the peer uses */
	double rate;
};

struct peers {
	struct peer *by_key;
	struct peer **sorted; /* the most ports first */
	size_t count, n_sorted, sorted_capacity, max;
	uint64_t refused;
};

void peers_init(struct peers *peers, size_t max);
void peers_release(struct peers *peers);

/* NULL: no room. */
struct peer *peers_get(struct peers *peers, const struct peer_key *key);

void peers_begin(struct peers *peers, uint64_t now_ns);
void peer_use(struct peer *peer, uint16_t remote_port, uint8_t state, bool small);

/* 0 or -ENOMEM. */
int peers_conclude(struct peers *peers, uint64_t now_ns);

#endif
