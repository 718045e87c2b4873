/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Both ends of a socket in 16 bytes, for tables of many: IPv4 addresses are in it, and those of the few others are beside it, in a table
 * by the id of the socket.
 */
#ifndef TCPDWELL_EVENT_KEPT_ENDS_H
#define TCPDWELL_EVENT_KEPT_ENDS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"
#include "util/id_map.h"

struct kept_ends {
	uint32_t local, remote; /* IPv4, in the kernel's order; both 0: addresses may be in the table */
	uint32_t netns;
	uint16_t local_port, remote_port;
};

/* The table of addresses that have no room in it. */
void kept_addresses_init(struct id_map *addresses);

/* 0 or -ENOMEM, and then the addresses are not kept. */
int kept_ends_set(struct kept_ends *ends, struct id_map *addresses, uint64_t id, const struct endpoint *endpoint);

struct endpoint kept_ends_get(const struct kept_ends *ends, const struct id_map *addresses, uint64_t id);

/* Is the remote address of the ends this one? Cheaper than to get them. */
bool kept_ends_lead_to(const struct kept_ends *ends, const struct id_map *addresses, uint64_t id, const uint8_t remote_addr[16]);

/* The socket is gone. */
static inline void kept_ends_forget(struct id_map *addresses, uint64_t id)
{
	id_map_remove(addresses, id);
}

#endif
