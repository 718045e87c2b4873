/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How many local ports connect() has for one destination, and how many of them it finds without a long search. A
 * destination is (namespace, local address, remote address, remote port); the kernel looks for a port that is free for it
 * as bpf/abi.h's struct port_settings says. Pure: what is there is told.
 */
#ifndef TCPDWELL_PORTS_CAPACITY_H
#define TCPDWELL_PORTS_CAPACITY_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"
#include "util/port_set.h"

/*
 * connect() tries the ports of one parity, that of the range's first port, and when none of them is free those of the other
 * parity. bind() to port 0 does it the other way round.
 */
enum half { HALF_FIRST, HALF_SECOND, HALVES };

struct port_range {
	uint16_t low, high; /* both included */
	bool whole; /* no parity is tried first: all ports are HALF_FIRST */
};

/* The range of a socket with IP_LOCAL_PORT_RANGE (own_low, own_high; 0 = none) in this namespace. */
struct port_range port_range_of(const struct port_settings *settings, uint16_t own_low, uint16_t own_high);

/*
 * The ports of a range before any connection. `blocked` are those that no connect() takes, whatever its destination, since a
 * program bound a socket to them: their bucket in the kernel's table is not connect()'s alone.
 */
struct port_space {
	struct port_range range;
	const struct port_set *reserved, *blocked;
	struct {
		uint32_t ports;
		uint32_t reserved;
		uint32_t blocked; /* and not reserved */
	} halves[HALVES];
};

/* The sets must live as long as *space. */
void port_space_init(struct port_space *space, struct port_range range, const struct port_set *reserved,
		     const struct port_set *blocked);

/* Which half a port is in. -1: it is outside of the range, or reserved. */
int port_space_half(const struct port_space *space, uint16_t port);

/* The connections of one destination. All zero before the first. */
struct port_tally {
	struct {
		uint32_t used; /* ports in the range that a connection of this destination sits on */
		uint32_t own_blocked; /* of these: blocked by that connection itself, or by its fellows */
		uint32_t reusable; /* of `used`, not blocked: TIME_WAIT that connect() would take over now */
	} halves[HALVES];
	uint32_t outside; /* connections on other ports: bound by hand, or from before a change of settings */
};

/* A connection from this port. `reusable`: time_wait_reusable_ns() is over. */
void port_tally_add(struct port_tally *tally, const struct port_space *space, uint16_t port, bool reusable);

/* What a connect() to the destination meets. usable <= capacity; used + usable - reusable = capacity. */
struct headroom {
	uint32_t capacity; /* ports it could find were there no connection to this destination */
	uint32_t cliff_capacity; /* of these: in the half that is tried first */
	uint32_t used; /* of capacity, TIME_WAIT that may be reused included */
	uint32_t usable; /* it finds one of these; 0: EADDRNOTAVAIL */
	uint32_t cliff_usable; /* ... of which in the half that is tried first; 0: each connect() walks through all of that half */
	uint32_t reusable;
	uint32_t reserved, blocked; /* ports of the range; blocked: by others than this destination's own connections */
	bool odd; /* each connect() leaves out the range's first or last port, so the last one usable may not be found */
};

void headroom_of(struct headroom *headroom, const struct port_space *space, const struct port_tally *tally);

/* A timewait socket, as far as its reuse goes. */
struct time_wait_facts {
	const uint8_t *local_addr, *remote_addr; /* 16 bytes, IPv4 as ::ffff:a.b.c.d */
	uint64_t since_ns; /* monotonic: when it came into TIME_WAIT */
	uint32_t device; /* index of the interface that it is bound to; 0 = none */
	bool in_fin_wait2; /* its peer has not closed yet */
	bool timestamps; /* both ends sent TCP timestamps */
};

/* From when on (monotonic) connect() may take its port for the same destination. UINT64_MAX: never. */
uint64_t time_wait_reusable_ns(const struct port_settings *settings, const struct time_wait_facts *facts);

#endif
