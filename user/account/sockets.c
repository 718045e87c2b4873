// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of live sockets, and the rule of who is charged for one. */
#include "account/sockets.h"

#include <string.h>

#include "util/tcp_state.h"

#define CLOSING_STATES (1U << STATE_FIN_WAIT1 | 1U << STATE_FIN_WAIT2 | 1U << STATE_CLOSING | 1U << STATE_LAST_ACK)

/* Ends have numbers of eight bytes' size in front of them. */
static size_t end_offset(const struct live_sockets *sockets)
{
	return (sizeof(struct live_socket) + sockets->n_groups * sizeof(uint32_t) + 7) / 8 * 8;
}

void live_sockets_init(struct live_sockets *sockets, unsigned int n_groups, bool keep_ends, size_t max)
{
	memset(sockets, 0, sizeof(*sockets));
	sockets->n_groups = n_groups;
	sockets->keep_ends = keep_ends;
	sockets->max = max;
	id_map_init(&sockets->by_id, end_offset(sockets) + (keep_ends ? sizeof(struct live_end) : 0));
}

void live_sockets_release(struct live_sockets *sockets)
{
	id_map_release(&sockets->by_id);
}

struct live_socket *live_sockets_add(struct live_sockets *sockets, uint64_t id)
{
	struct live_socket *socket = live_sockets_find(sockets, id);

	if (!socket && sockets->by_id.used < sockets->max)
		socket = id_map_put(&sockets->by_id, id);
	sockets->refused += !socket;
	return socket;
}

struct live_end *live_socket_end(const struct live_sockets *sockets, const struct live_socket *socket)
{
	return sockets->keep_ends ? (struct live_end *)((char *)socket + end_offset(sockets)) : NULL;
}

bool is_closing_state(unsigned int state)
{
	return CLOSING_STATES & 1U << (state & 15);
}

uint32_t live_socket_charged(const struct live_socket *socket)
{
	if (socket->state == STATE_TIME_WAIT)
		return socket->closer ?: socket->owner;
	if (socket->holder)
		return socket->holder;
	return (is_closing_state(socket->state) ? socket->closer : 0) ?: socket->owner;
}
