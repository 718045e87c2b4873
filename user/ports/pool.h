/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ports that bind(address, 0) chooses from: one pool for all destinations. It takes a port that no socket at all has on
 * this address or on the wildcard address, connect()'s and those in TIME_WAIT included. EADDRINUSE when there is none.
 */
#ifndef TCPDWELL_PORTS_POOL_H
#define TCPDWELL_PORTS_POOL_H

#include "ports/capacity.h"

struct bind_pool {
	uint32_t capacity; /* ports of the range that are not reserved */
	uint32_t used;
	uint32_t usable;
	bool odd; /* as of struct headroom */
};

/* `taken`: ports that a socket has on the address, or on the wildcard address. */
void bind_pool_of(struct bind_pool *pool, struct port_range range, const struct port_set *reserved,
		  const struct port_set *taken);

#endif
