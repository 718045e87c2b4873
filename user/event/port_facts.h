/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is known of a network namespace's local ports beside its connections. Comes as events of type RECORD_PORTS. */
#ifndef TCPDWELL_EVENT_PORT_FACTS_H
#define TCPDWELL_EVENT_PORT_FACTS_H

#include <stddef.h>

#include "abi.h"
#include "util/buffer.h"
#include "util/port_set.h"

/* A socket that is bound to a port and not connected. */
struct bound_socket {
	uint8_t addr[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
	bool listens;
	struct process process; /* that has it; start_ns 0: not known */
};

struct port_facts {
	struct port_settings settings;
	/* Of ports in the range: */
	struct port_set reserved; /* ip_local_reserved_ports */
	struct port_set blocked; /* connect() does not choose them, since a socket was bound to them: ports/capacity.h */
	struct port_set beyond; /* one or the other, outside of the range, of those from PORTS_WIDE_LOW to PORTS_WIDE_HIGH */
	const struct bound_socket *bound; /* in the range, or on a port that a bind() failed for; by port */
	size_t n_bound;
};

/* Does anything differ that is to be told? */
bool port_facts_equal(const struct port_facts *a, const struct port_facts *b);

/* "40000-40010,40020"; "" for the empty set. */
void port_set_text(struct buffer *out, const struct port_set *set);

/* The other way round. 0, or -EINVAL and the set as far as it was understood. */
int port_set_parse(struct port_set *set, const char *text);

/* The name of enum port_settings_flag number i = 0, 1, …; NULL: there are no more. */
const char *port_way_name(unsigned int i);

#endif
