// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The tables, and which socket is at the other end of which. */
#include "account/present.h"

#include <stdlib.h>
#include <string.h>

#include "util/hash.h"
#include "util/shortage.h"

struct present_ends {
	uint32_t *places; /* by hash of the ends without the namespace: the number of a socket in its table + 1; 0 = free; NULL: to be made */
	uint32_t mask;
};

static void forget_ends(struct present_tables *tables)
{
	if (!tables->ends)
		return;
	free(tables->ends->places);
	tables->ends->places = NULL;
}

void present_tables_init(struct present_tables *tables, unsigned int n_groupings)
{
	const size_t groups = (n_groupings * sizeof(uint32_t) + 7) / 8 * 8;

	memset(tables, 0, sizeof(*tables));
	id_map_init(&tables->sockets, offsetof(struct kept_present, groups) + n_groupings * sizeof(uint32_t));
	id_map_init(&tables->details, sizeof(struct kept_details));
	kept_addresses_init(&tables->addresses);
	tables->ends = shortage_noted(calloc(1, sizeof(*tables->ends)));
	id_map_init(&tables->listeners, sizeof(struct listening_socket) + groups);
	id_map_init(&tables->namespaces, sizeof(struct known_namespace));
}

void present_tables_release(struct present_tables *tables)
{
	id_map_release(&tables->sockets);
	id_map_release(&tables->listeners);
	id_map_release(&tables->namespaces);
	id_map_release(&tables->details);
	id_map_release(&tables->addresses);
	forget_ends(tables);
	free(tables->ends);
	tables->ends = NULL;
}

static size_t hash_of(const struct endpoint *endpoint)
{
	struct {
		uint8_t addresses[2][16];
		uint32_t ports;
	} key = { .ports = (uint32_t)endpoint->local_port << 16 | endpoint->remote_port };

	memcpy(key.addresses[0], endpoint->local_addr, sizeof(key.addresses[0]));
	memcpy(key.addresses[1], endpoint->remote_addr, sizeof(key.addresses[1]));
	return hash_bytes(&key, sizeof(key));
}

static bool same_ends(const struct endpoint *a, const struct endpoint *b)
{
	return a->local_port == b->local_port && a->remote_port == b->remote_port &&
	       !memcmp(a->local_addr, b->local_addr, 16) && !memcmp(a->remote_addr, b->remote_addr, 16);
}

static struct endpoint other_end(const struct endpoint *endpoint)
{
	struct endpoint other = {
		.local_port = endpoint->remote_port, .remote_port = endpoint->local_port, .netns = endpoint->netns};

	memcpy(other.local_addr, endpoint->remote_addr, 16);
	memcpy(other.remote_addr, endpoint->local_addr, 16);
	return other;
}

static void make_known(struct present_ends *ends, const struct present_tables *tables)
{
	const struct kept_present *kept;
	size_t cursor = 0, place;
	struct endpoint endpoint;
	uint64_t id;

	while ((kept = id_map_next(&tables->sockets, &cursor, &id))) {
		endpoint = kept_ends_get(&kept->ends, &tables->addresses, id);
		place = hash_of(&endpoint) & ends->mask;
		while (ends->places[place])
			place = (place + 1) & ends->mask;
		ends->places[place] = cursor;
	}
}

/* NULL: no memory. */
static const struct present_ends *ends_of(const struct present_tables *tables)
{
	struct present_ends *ends = tables->ends;
	uint32_t places = 64;

	if (!ends || ends->places)
		return ends;
	while (places / 3 * 2 < tables->sockets.used)
		places *= 2;
	ends->places = shortage_noted(calloc(places, sizeof(ends->places[0])));
	if (!ends->places)
		return NULL;
	ends->mask = places - 1;
	make_known(ends, tables);
	return ends;
}

/* Several namespaces can have the same: those of the namespace that is asked for are counted, and all. */
uint64_t present_peer(const struct present_tables *tables, const struct endpoint *endpoint)
{
	const struct endpoint other = other_end(endpoint);
	const struct present_ends *ends = ends_of(tables);
	unsigned int here = 0, anywhere = 0;
	uint64_t id, id_here = 0, id_anywhere = 0;
	const struct kept_present *kept;
	struct endpoint found;
	size_t place, cursor;

	for (place = hash_of(&other); ends && ends->places[place & ends->mask]; place++) {
		cursor = ends->places[place & ends->mask] - 1;
		kept = id_map_next(&tables->sockets, &cursor, &id);
		found = kept_ends_get(&kept->ends, &tables->addresses, id);
		if (!same_ends(&found, &other))
			continue;
		id_anywhere = id;
		anywhere++;
		if (found.netns != other.netns)
			continue;
		id_here = id;
		here++;
	}
	if (here)
		return here == 1 ? id_here : 0;
	return anywhere == 1 ? id_anywhere : 0;
}

static int keep_details(struct present_tables *tables, const struct present_socket *socket)
{
	const struct kept_details details = {
		.queued_ns = socket->now.queued_ns,
		.listener = socket->now.listener,
		.rx_queue = socket->now.rx_queue,
		.tx_queue = socket->now.tx_queue,
		.unsent = socket->now.unsent,
	};

	return id_map_keep(&tables->details, socket->id, &details, sizeof(details));
}

int present_keep(struct present_tables *tables, struct kept_present *kept, const struct present_socket *socket)
{
	const struct present_base *base = &socket->base;

	kept->since_ns = base->since_ns;
	kept->received_ns = socket->now.received_ns;
	kept->sent_ns = socket->now.sent_ns;
	kept->owner = base->owner;
	kept->closer = base->closer;
	kept->holder = base->holder;
	kept->fd_and_1 = (uint32_t)base->fd + 1;
	kept->holders = base->holders;
	kept->flags = base->flags;
	kept->retransmits = socket->now.retransmits;
	kept->state = base->state;
	kept->side = base->side;
	kept->attribution = base->attribution;
	kept->closed_by = base->closed_by;
	kept->keepalive = socket->now.keepalive;
	kept->timer = socket->now.timer;
	forget_ends(tables);
	return kept_ends_set(&kept->ends, &tables->addresses, socket->id, &base->endpoint) ?: keep_details(tables, socket);
}

struct present_socket present_shown(const struct present_tables *tables, uint64_t id, const struct kept_present *kept)
{
	static const struct kept_details nothing;
	const struct kept_details *details = id_map_find(&tables->details, id) ?: &nothing;

	return (struct present_socket){
		.id = id,
		.base =
			{
				.endpoint = kept_ends_get(&kept->ends, &tables->addresses, id),
				.since_ns = kept->since_ns,
				.owner = kept->owner,
				.closer = kept->closer,
				.holder = kept->holder,
				.fd = (int32_t)(kept->fd_and_1 - 1),
				.holders = kept->holders,
				.state = kept->state,
				.side = kept->side,
				.attribution = kept->attribution,
				.closed_by = kept->closed_by,
				.flags = kept->flags,
			},
		.now =
			{
				.keepalive = kept->keepalive,
				.timer = kept->timer,
				.retransmits = kept->retransmits,
				.rx_queue = details->rx_queue,
				.tx_queue = details->tx_queue,
				.unsent = details->unsent,
				.received_ns = kept->received_ns,
				.sent_ns = kept->sent_ns,
				.queued_ns = details->queued_ns,
				.listener = details->listener,
			},
		.groups = kept->groups,
	};
}

void present_forget(struct present_tables *tables, uint64_t id)
{
	forget_ends(tables);
	id_map_remove(&tables->sockets, id);
	id_map_remove(&tables->details, id);
	kept_ends_forget(&tables->addresses, id);
}
