/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The pool of bind(address, 0) of each local address, told anew for each picture: ports/pool.h. */
#ifndef TCPDWELL_PORTS_POOLS_H
#define TCPDWELL_PORTS_POOLS_H

#include "ports/namespaces.h"
#include "ports/pool.h"

struct local_key {
	uint8_t addr[16];
	uint32_t netns;
};

struct local_pool {
	struct local_key key;
	UT_hash_handle hh;
	struct port_set taken; /* on this address; those of the wildcard address come to it at the end */
	uint32_t sockets, by_state[STATE_COUNT];
	struct port_holders holders;
	bool known; /* the namespace's settings are: what follows holds */
	struct bind_pool pool;
};

struct local_pools {
	struct local_pool *by_key;
	struct local_pool **sorted; /* the fullest first */
	size_t count, n_sorted, sorted_capacity, max;
	uint64_t refused;
};

void local_pools_init(struct local_pools *pools, size_t max);
void local_pools_release(struct local_pools *pools);

/* A picture begins: addresses that had no socket in the last one are forgotten. */
void local_pools_begin(struct local_pools *pools);

/* A socket that has this port of this address. 0 or -ENOMEM. */
int local_pools_use(struct local_pools *pools, const struct local_key *key, uint16_t port, uint8_t state, uint32_t holder);

/* All sockets were told of. 0 or -ENOMEM. */
int local_pools_conclude(struct local_pools *pools, const struct port_namespaces *namespaces);

#endif
