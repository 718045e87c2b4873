// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of live sockets. */
#include "account/sockets.h"

#include <string.h>

struct live_descriptor {
	int32_t fd;
	uint32_t holders;
};

static size_t end_offset(const struct live_sockets *sockets)
{
	return offsetof(struct live_socket, groups) + sockets->n_groups * sizeof(uint32_t);
}

void live_sockets_init(struct live_sockets *sockets, unsigned int n_groups, bool keep_ends, size_t max)
{
	memset(sockets, 0, sizeof(*sockets));
	sockets->n_groups = n_groups;
	sockets->keep_ends = keep_ends;
	sockets->max = max;
	id_map_init(&sockets->by_id, end_offset(sockets) + (keep_ends ? sizeof(struct kept_ends) : 0));
	kept_addresses_init(&sockets->addresses);
	id_map_init(&sockets->descriptors, sizeof(struct live_descriptor));
}

void live_sockets_release(struct live_sockets *sockets)
{
	id_map_release(&sockets->by_id);
	id_map_release(&sockets->addresses);
	id_map_release(&sockets->descriptors);
}

struct live_socket *live_sockets_add(struct live_sockets *sockets, uint64_t id)
{
	bool has_room = sockets->by_id.used < sockets->max;
	struct live_socket *socket = has_room ? id_map_put(&sockets->by_id, id) : live_sockets_find(sockets, id);

	sockets->refused += !socket;
	return socket;
}

void live_sockets_remove(struct live_sockets *sockets, uint64_t id)
{
	id_map_remove(&sockets->by_id, id);
	id_map_remove(&sockets->descriptors, id);
	kept_ends_forget(&sockets->addresses, id);
}

static struct kept_ends *ends_of(const struct live_sockets *sockets, const struct live_socket *socket)
{
	return (struct kept_ends *)((char *)socket + end_offset(sockets));
}

const struct live_end *live_socket_end(const struct live_sockets *sockets, const struct live_socket *socket, struct live_end *room)
{
	const struct live_descriptor *descriptor;
	uint64_t id;

	if (!sockets->keep_ends)
		return NULL;
	id = id_map_id(socket);
	descriptor = socket->flags & LIVE_TIMEWAIT ? NULL : id_map_find(&sockets->descriptors, id);
	*room = (struct live_end){
		.endpoint = kept_ends_get(ends_of(sockets, socket), &sockets->addresses, id),
		.fd = descriptor ? descriptor->fd : -1,
		.holders = descriptor ? descriptor->holders : 0,
	};
	return room;
}

bool live_socket_endpoint(const struct live_sockets *sockets, const struct live_socket *socket, struct endpoint *endpoint)
{
	if (sockets->keep_ends)
		*endpoint = kept_ends_get(ends_of(sockets, socket), &sockets->addresses, id_map_id(socket));
	return sockets->keep_ends;
}

bool live_socket_serves(const struct live_sockets *sockets, const struct live_socket *socket, const struct endpoint *endpoint,
			unsigned int side)
{
	const struct kept_ends *ends;
	struct endpoint ports;

	if (!sockets->keep_ends || socket->side != side)
		return false;
	ends = ends_of(sockets, socket);
	ports.local_port = ends->local_port;
	ports.remote_port = ends->remote_port;
	return endpoint_service_port(&ports, side) == endpoint_service_port(endpoint, side) &&
	       kept_ends_lead_to(ends, &sockets->addresses, id_map_id(socket), endpoint->remote_addr);
}

void live_socket_set_endpoint(struct live_sockets *sockets, struct live_socket *socket, const struct endpoint *endpoint)
{
	if (sockets->keep_ends)
		kept_ends_set(ends_of(sockets, socket), &sockets->addresses, id_map_id(socket), endpoint);
}

void live_socket_set_descriptor(struct live_sockets *sockets, struct live_socket *socket, int32_t fd, uint32_t holders)
{
	struct live_descriptor *descriptor;

	if (!sockets->keep_ends)
		return;
	if (fd < 0 && !holders) {
		id_map_remove(&sockets->descriptors, id_map_id(socket));
		return;
	}
	descriptor = id_map_put(&sockets->descriptors, id_map_id(socket));
	if (descriptor)
		*descriptor = (struct live_descriptor){ fd, holders };
}
