/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ports of each network namespace: what was told of them, and who has those that are blocked. */
#ifndef TCPDWELL_PORTS_NAMESPACES_H
#define TCPDWELL_PORTS_NAMESPACES_H

#include "event/port_facts.h"
#include "ports/destination.h"
#include "util/id_map.h"

struct port_namespace {
	struct port_facts facts; /* bound is ours */
	struct port_space space; /* of the namespace's range */

	/* Of the picture: */
	struct port_set named; /* blocked ports of which it is known who has them */
	struct port_holders blockers; /* by state: TCP_CLOSE is bound and not connected */
	uint32_t bind_first; /* blocked ports with a connection that was opened from here */
	struct port_set bind_first_ports;
};

struct port_namespaces {
	struct id_map by_netns; /* struct port_namespace * */
};

void port_namespaces_init(struct port_namespaces *namespaces);
void port_namespaces_release(struct port_namespaces *namespaces);

/* What is news. 0 or -ENOMEM. */
int port_namespaces_learn(struct port_namespaces *namespaces, const struct port_facts *facts);

/* NULL: nothing was told of it. */
struct port_namespace *port_namespaces_find(const struct port_namespaces *namespaces, uint32_t netns);

/* Each in turn; *cursor is 0 to begin with. */
struct port_namespace *port_namespaces_next(const struct port_namespaces *namespaces, size_t *cursor);

/* A picture begins. */
void port_namespace_clear(struct port_namespace *namespace);

/* A socket is on this port. Where the port is blocked its process is one of those that block. 0 or -ENOMEM. */
int port_namespace_use(struct port_namespace *namespace, uint16_t port, uint32_t process, uint8_t state, bool active);

#endif
