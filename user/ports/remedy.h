/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What would move a destination's limit, and by how much, with the settings and the traffic that it has. Pure. */
#ifndef TCPDWELL_PORTS_REMEDY_H
#define TCPDWELL_PORTS_REMEDY_H

#include <stddef.h>

#include "ports/namespaces.h"

/* In the order in which they are to be tried. */
enum remedy_kind {
	REMEDY_POOL, /* keep connections open and use them again */
	REMEDY_NO_PORT, /* IP_BIND_ADDRESS_NO_PORT where bind(address, 0) comes before connect() */
	REMEDY_REUSE, /* net.ipv4.tcp_tw_reuse = 1 */
	REMEDY_RANGE, /* a wider net.ipv4.ip_local_port_range: from PORTS_WIDE_LOW to PORTS_WIDE_HIGH */
	REMEDY_RESERVED, /* no net.ipv4.ip_local_reserved_ports */
	REMEDY_LOCAL_ADDRESS, /* one more local address */
	REMEDY_REMOTE, /* one more remote address or port */
	REMEDY_KINDS,
};

struct remedy {
	enum remedy_kind kind;
	uint32_t ports; /* to the destination, afterwards; of one more address: to both together; REMEDY_POOL: that it would use, 0 = not known */
	uint32_t ports_to_cliff;
	double sustainable, cliff_sustainable; /* connections a second, afterwards; REMEDY_POOL: INFINITY */
};

/* Of a concluded destination of which the settings are known; `namespace` is its own. Returns how many were written. */
size_t remedies_of(struct remedy remedies[REMEDY_KINDS], const struct destination *destination,
		   const struct port_namespace *namespace);

/* Does anything need to be done? Beyond the cliff, soon there, or failures now. */
bool destination_needs_remedy(const struct destination *destination);

#endif
