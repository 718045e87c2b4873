// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The tables, and which socket is at the other end of which. */
#include "account/present.h"

#include <string.h>

void present_tables_init(struct present_tables *tables, unsigned int n_groupings)
{
	const size_t groups = (n_groupings * sizeof(uint32_t) + 7) / 8 * 8;

	memset(tables, 0, sizeof(*tables));
	id_map_init(&tables->sockets, sizeof(struct present_socket) + groups);
	id_map_init(&tables->listeners, sizeof(struct listening_socket) + groups);
	id_map_init(&tables->namespaces, sizeof(struct known_namespace));
	id_map_init(&tables->ends, sizeof(struct present_end));
	id_map_init(&tables->ends_anywhere, sizeof(struct present_end));
}

void present_tables_release(struct present_tables *tables)
{
	id_map_release(&tables->sockets);
	id_map_release(&tables->listeners);
	id_map_release(&tables->namespaces);
	id_map_release(&tables->ends);
	id_map_release(&tables->ends_anywhere);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

/* Not 0, which is no key. */
static uint64_t hash_of(const struct endpoint *endpoint, uint32_t netns)
{
	uint64_t words[4], hash = netns;
	int i;

	memcpy(words, endpoint->local_addr, 16);
	memcpy(words + 2, endpoint->remote_addr, 16);
	for (i = 0; i < 4; i++)
		hash = mix(hash, words[i]);
	hash = mix(hash, (uint32_t)endpoint->local_port << 16 | endpoint->remote_port);
	return hash ? hash : 1;
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

static void add(struct id_map *ends, uint64_t hash, uint64_t id)
{
	struct present_end *end = id_map_put(ends, hash);

	if (!end)
		return;
	end->count++;
	end->id = id;
}

/* Which one is left when two were taken for one is found by looking at all: that is rare. */
static uint64_t another(const struct present_tables *tables, const struct endpoint *endpoint, bool anywhere, uint64_t id)
{
	const struct present_socket *socket;
	size_t cursor = 0;
	uint64_t at;

	while ((socket = id_map_next(&tables->sockets, &cursor, &at)))
		if (at != id && same_ends(&socket->base.endpoint, endpoint) &&
		    (anywhere || socket->base.endpoint.netns == endpoint->netns))
			return at;
	return 0;
}

static void take_away(struct present_tables *tables, bool anywhere, uint64_t id, const struct endpoint *endpoint)
{
	struct id_map *ends = anywhere ? &tables->ends_anywhere : &tables->ends;
	uint64_t hash = hash_of(endpoint, anywhere ? 0 : endpoint->netns);
	struct present_end *end = id_map_find(ends, hash);

	if (!end)
		return;
	if (--end->count && end->id == id)
		end->id = another(tables, endpoint, anywhere, id);
	if (!end->count)
		id_map_remove(ends, hash);
}

void present_end_add(struct present_tables *tables, uint64_t id, const struct endpoint *endpoint)
{
	add(&tables->ends, hash_of(endpoint, endpoint->netns), id);
	add(&tables->ends_anywhere, hash_of(endpoint, 0), id);
}

void present_end_remove(struct present_tables *tables, uint64_t id, const struct endpoint *endpoint)
{
	take_away(tables, false, id, endpoint);
	take_away(tables, true, id, endpoint);
}

/* Hashes can agree by chance. */
static uint64_t verified(const struct present_tables *tables, const struct present_end *end, const struct endpoint *endpoint)
{
	const struct present_socket *socket = end && end->count == 1 ? id_map_find(&tables->sockets, end->id) : NULL;

	return socket && same_ends(&socket->base.endpoint, endpoint) ? end->id : 0;
}

uint64_t present_peer(const struct present_tables *tables, const struct endpoint *endpoint)
{
	const struct endpoint other = other_end(endpoint);
	const struct present_end *here = id_map_find(&tables->ends, hash_of(&other, other.netns));

	if (here)
		return verified(tables, here, &other);
	return verified(tables, id_map_find(&tables->ends_anywhere, hash_of(&other, 0)), &other);
}
