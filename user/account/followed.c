// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of live sockets. */
#include "account/followed.h"

#include <string.h>

static size_t groups_bytes(const struct followed *followed)
{
	return followed->n_groups * sizeof(struct group *);
}

void followed_init(struct followed *followed, unsigned int n_groups, bool keep_endpoints, size_t max)
{
	memset(followed, 0, sizeof(*followed));
	followed->n_groups = n_groups;
	followed->keep_endpoints = keep_endpoints;
	followed->max = max;
	id_map_init(&followed->by_id, sizeof(struct followed_socket) + groups_bytes(followed) +
					     (keep_endpoints ? sizeof(struct endpoint) : 0));
}

void followed_release(struct followed *followed)
{
	id_map_release(&followed->by_id);
}

struct followed_socket *followed_find(const struct followed *followed, uint64_t id)
{
	return id_map_find(&followed->by_id, id);
}

static void let_go(const struct followed *followed, struct followed_socket *socket)
{
	unsigned int i;

	for (i = 0; i < followed->n_groups; i++)
		if (socket->groups[i])
			socket->groups[i]->held--;
}

static void *endpoint_of(const struct followed *followed, const struct followed_socket *socket)
{
	return (char *)socket->groups + groups_bytes(followed);
}

struct followed_socket *followed_enter(struct followed *followed, const struct event *event)
{
	const struct transition *record = &event->record;
	struct followed_socket *socket = followed_find(followed, record->id);
	bool seen = record->type == RECORD_TRANSITION;

	if (socket)
		let_go(followed, socket);
	else if (followed->by_id.used < followed->max)
		socket = id_map_put(&followed->by_id, record->id);
	if (!socket) {
		followed->refused++;
		return NULL;
	}
	memset(socket, 0, sizeof(*socket) + groups_bytes(followed));
	socket->since_ns = seen || !record->since_ns ? record->time_ns : record->since_ns;
	socket->at_least = event->healed || (!seen && !record->since_ns);
	socket->state = record->new_state;
	socket->side = record->side;
	socket->closed_by = record->closed_by;
	socket->in_accept_queue = record->flags & FLAG_IN_ACCEPT_QUEUE;
	if (followed->keep_endpoints)
		memcpy(endpoint_of(followed, socket), &record->endpoint, sizeof(record->endpoint));
	return socket;
}

void followed_remove(struct followed *followed, uint64_t id, struct followed_socket *socket)
{
	let_go(followed, socket);
	id_map_remove(&followed->by_id, id);
}

const struct endpoint *followed_endpoint(const struct followed *followed, const struct followed_socket *socket)
{
	return followed->keep_endpoints ? endpoint_of(followed, socket) : NULL;
}

struct followed_socket *followed_next(const struct followed *followed, size_t *cursor, uint64_t *id)
{
	return id_map_next(&followed->by_id, cursor, id);
}
