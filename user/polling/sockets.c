// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One look: the listeners first, for they tell which sockets were accepted, then the connections. */
#include "polling/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attribute/holders_list.h"
#include "attribute/netns.h"
#include "util/tcp_state.h"

#define CONNECTIONS (~(1U << STATE_CLOSE | 1U << STATE_LISTEN | 1U << STATE_NEW_SYN_RECV) & ((1U << STATE_COUNT) - 2))

int polled_sockets_init(struct polled_sockets *sockets, size_t max)
{
	memset(sockets, 0, sizeof(*sockets));
	sockets->max = max;
	id_map_init(&sockets->by_id, sizeof(struct polled_socket));
	return netns_inode_of("/proc/self/ns/net", &sockets->netns);
}

void polled_sockets_release(struct polled_sockets *sockets)
{
	id_map_release(&sockets->by_id);
	free(sockets->changed);
}

static void on_listener(void *context, const struct listed_socket *listed)
{
	struct polled_sockets *sockets = context;

	sockets->listened[listed->endpoint.local_port / 8] |= 1 << listed->endpoint.local_port % 8;
}

static bool is_listened(const struct polled_sockets *sockets, uint16_t port)
{
	return sockets->listened[port / 8] & 1 << port % 8;
}

/* The kernel's cookie is the connection's own, also as a timewait socket. /proc has none: there the ends must do (FNV-1a). */
uint64_t polled_id_of(const struct listed_socket *listed)
{
	const uint8_t *bytes = (const uint8_t *)&listed->endpoint;
	uint64_t id = 14695981039346656037ULL;
	size_t i;

	if (listed->cookie)
		return listed->cookie;
	for (i = 0; i < sizeof(listed->endpoint); i++)
		id = (id ^ bytes[i]) * 1099511628211ULL;
	return id ?: 1;
}

/* What a state tells by itself of who sent the first FIN. TIME_WAIT: we did, the other end may have at the same time. */
unsigned int polled_closed_by(const struct polled_socket *socket)
{
	switch (socket->state) {
	case STATE_CLOSE_WAIT:
	case STATE_LAST_ACK:
		return CLOSED_BY_REMOTE;
	case STATE_FIN_WAIT1:
	case STATE_FIN_WAIT2:
		return CLOSED_BY_LOCAL;
	case STATE_TIME_WAIT:
		return socket->old_state == STATE_FIN_WAIT2 ? CLOSED_BY_LOCAL : CLOSED_BY_NONE;
	case STATE_CLOSING:
		return CLOSED_BY_BOTH;
	default:
		return CLOSED_BY_NONE;
	}
}

bool polled_is_in_accept_queue(const struct polled_socket *socket)
{
	return !socket->inode && (socket->state == STATE_ESTABLISHED || socket->state == STATE_CLOSE_WAIT);
}

static void note_change(struct polled_sockets *sockets, uint64_t id)
{
	size_t capacity = sockets->changed_capacity ? sockets->changed_capacity * 2 : 64;
	uint64_t *grown = sockets->changed;

	if (sockets->n_changed == sockets->changed_capacity) {
		grown = realloc(sockets->changed, capacity * sizeof(*grown));
		if (!grown) {
			sockets->err = -ENOMEM;
			return;
		}
		sockets->changed = grown;
		sockets->changed_capacity = capacity;
	}
	sockets->changed[sockets->n_changed++] = id;
}

/* By the acknowledgement of its SYN, while it is known whether a FIN was acknowledged too. */
static unsigned int side_by_acks(const struct listed_socket *listed)
{
	int64_t beyond = listed->acks_beyond - (listed->state == STATE_FIN_WAIT2);

	if (!listed->acks_complete)
		return SIDE_UNKNOWN;
	if (listed->state != STATE_ESTABLISHED && listed->state != STATE_CLOSE_WAIT && listed->state != STATE_FIN_WAIT2)
		return SIDE_UNKNOWN;
	return beyond == 1 ? SIDE_ACTIVE : beyond == 0 ? SIDE_PASSIVE : SIDE_UNKNOWN;
}

/* Is the other end a socket of this namespace too? */
static bool is_local(const struct endpoint *endpoint)
{
	static const uint8_t loopback[16] = { [10] = 0xff, [11] = 0xff, [12] = 127 }; /* 127.0.0.0/8 */
	const uint8_t *remote = endpoint->remote_addr;

	return !memcmp(endpoint->local_addr, remote, 16) || !memcmp(remote, loopback, 13);
}

/*
 * connect() chooses no port that is listened on; so who has such a port of this machine at the other end did that. That nothing listens there proves nothing: the listener may be closed, or have begun
 * and ended between two looks.
 */
static unsigned int side_of(const struct polled_sockets *sockets, const struct listed_socket *listed)
{
	unsigned int side = side_by_acks(listed);

	if (listed->state == STATE_SYN_SENT)
		return SIDE_ACTIVE;
	if (listed->state == STATE_SYN_RECV)
		return SIDE_PASSIVE;
	if (side)
		return side;
	if (is_listened(sockets, listed->endpoint.local_port))
		return SIDE_PASSIVE;
	return is_local(&listed->endpoint) && is_listened(sockets, listed->endpoint.remote_port) ? SIDE_ACTIVE : SIDE_UNKNOWN;
}

static void enter(struct polled_sockets *sockets, struct polled_socket *socket, const struct listed_socket *listed)
{
	socket->endpoint = listed->endpoint;
	socket->endpoint.netns = sockets->netns;
	socket->device = listed->device;
}

static void take_details(const struct polled_sockets *sockets, struct polled_socket *socket, const struct listed_socket *listed)
{
	socket->details = (struct polled_details){
		.rx_queue = listed->rx_queue,
		.tx_queue = listed->tx_queue,
		.unsent = listed->unsent,
		.timer = listed->timer,
		.retransmits = listed->retransmits,
		.received_ns = listed->times_known ? sockets->now_ns - listed->last_data_ns : 0,
		.sent_ns = listed->times_known ? sockets->now_ns - listed->last_sent_ns : 0,
	};
}

static void on_connection(void *context, const struct listed_socket *listed)
{
	struct polled_sockets *sockets = context;
	uint64_t id = polled_id_of(listed);
	struct polled_socket *socket = id_map_find(&sockets->by_id, id);

	if (!socket && sockets->by_id.used >= sockets->max) {
		sockets->without_room++;
		return;
	}
	socket = socket ?: id_map_put(&sockets->by_id, id);
	if (!socket) {
		sockets->err = -ENOMEM;
		return;
	}
	if (!socket->look)
		enter(sockets, socket, listed);
	if (!socket->side)
		socket->side = side_of(sockets, listed);
	socket->look = sockets->look;
	socket->inode = listed->inode;
	socket->is_timewait = listed->is_timewait;
	take_details(sockets, socket, listed);
	if (socket->state == listed->state)
		return;
	socket->old_state = socket->state;
	socket->old_since_ns = socket->since_ns;
	socket->state = listed->state;
	socket->since_ns = sockets->look > 1 ? sockets->now_ns : 0;
	note_change(sockets, id);
}

int polled_sockets_look(struct polled_sockets *sockets, uint64_t now_ns)
{
	size_t were_without_room = sockets->without_room;
	int err;

	sockets->look++;
	sockets->now_ns = now_ns;
	sockets->n_changed = 0;
	sockets->without_room = 0;
	err = sockets_list(1U << STATE_LISTEN, on_listener, sockets);
	if (!err)
		err = sockets_list(CONNECTIONS, on_connection, sockets) ?: sockets->err;
	/* They have no entry that tells them apart from those of the last look: at least as many more are others. */
	if (sockets->without_room > were_without_room)
		sockets->refused += sockets->without_room - were_without_room;
	return err;
}
