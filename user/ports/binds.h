/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bind() and listen() that found their address in use, by address and port, and who has that port. Port 0 is any: then no port of
 * the range is free for the address. Counted from events; who has a port is told anew for each picture, and remembered when it is
 * gone. Pure.
 */
#ifndef TCPDWELL_PORTS_BINDS_H
#define TCPDWELL_PORTS_BINDS_H

#include "ports/destination.h"

/* No byte is left out: keys are compared as memory. */
struct bind_key {
	uint8_t addr[16]; /* IPv4 as ::ffff:a.b.c.d; zero, or ::ffff:0.0.0.0, is any */
	uint32_t netns;
	uint16_t port;
	uint16_t padding;
};

/* A socket that has a port. */
struct bind_use {
	uint8_t addr[16];
	uint32_t netns;
	uint16_t port;
	uint8_t state; /* STATE_CLOSE: bound and not connected */
	bool active; /* of a connection: opened from here, so that connect() or bind() took the port for it */
	uint64_t since_ns; /* monotonic: in its state since; 0 = not known */
	struct process process; /* start_ns 0: not known */
};

struct bind_failure {
	struct bind_key key;
	UT_hash_handle hh;
	uint64_t failures, last_ns;
	struct rate_window window;
	struct port_victim victims[VICTIMS_MAX];
	unsigned int n_victims;
	uint64_t other_victims;

	struct bind_use holder; /* port 0: never found; it is the pool of the address that is used up */
	bool found; /* the holder was, once */
	uint32_t sockets; /* that have the port; of the picture. 0: none any more, or none was found yet */
	double rate; /* of failures a second */
};

struct port_binds {
	struct bind_failure *by_key;
	struct bind_failure **sorted; /* the last one that failed first */
	size_t count, n_sorted, sorted_capacity;
	uint64_t failures, refused; /* all; times that there was no room to tell them apart */
	struct port_set ports; /* that any of them is of */
};

void port_binds_init(struct port_binds *binds);
void port_binds_release(struct port_binds *binds);

/* NULL: no room. `*is_new`: it is the first of its kind, so that nobody was looked for yet. */
struct bind_failure *port_binds_failed(struct port_binds *binds, const struct bind_key *key, const struct process *process,
				       uint64_t now_ns, bool *is_new);

/* Does anybody want to know who has this port? */
static inline bool port_binds_ask(const struct port_binds *binds, uint16_t port)
{
	return binds->count && port_set_has(&binds->ports, port);
}

/* A picture begins: what did not fail for ten minutes is forgotten. */
void port_binds_begin(struct port_binds *binds, uint64_t now_ns);

/* A socket that is there: all that fail for its port's sake learn of it. */
void port_binds_use(struct port_binds *binds, const struct bind_use *use);

/* All were told of. 0 or -ENOMEM. */
int port_binds_conclude(struct port_binds *binds, uint64_t now_ns);

#endif
