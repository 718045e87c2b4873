/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Live sockets by the id of their connection: the state each is in and since when, and whose it is. Bounded and small:
 * there may be millions.
 */
#ifndef TCPDWELL_ACCOUNT_SOCKETS_H
#define TCPDWELL_ACCOUNT_SOCKETS_H

#include "event/event.h"
#include "event/kept_ends.h"
#include "util/id_map.h"
#include "util/tcp_state.h"

enum live_flag {
	LIVE_AT_LEAST = 1 << 0, /* the begin was not seen: in its state since before since_ns */
	LIVE_IN_ACCEPT_QUEUE = 1 << 1,
	LIVE_TIMEWAIT = 1 << 2, /* the kernel's small socket, whatever its state */
	LIVE_CAME = 1 << 3, /* entered its state since the run began */
	LIVE_COUNTED = 1 << 4, /* it is in groups and totals: filters let it pass, and no recount doubts it */
	LIVE_DOUBTED = 1 << 5, /* a recount is on that did not tell of it yet */
	LIVE_HOLDER_TOLD = 1 << 6, /* the holder is known, if only that there is none */
	LIVE_UNDECIDED = 1 << 7, /* filters wait for names */
	LIVE_UNTOLD = 1 << 8, /* for who writes down what is there: nothing was written of it yet. Stays until it is taken away */
};

struct live_socket {
	uint64_t since_ns; /* when the state began, or the earliest that is known */
	uint32_t owner, closer, holder; /* of struct processes; 0 = none is known */
	uint8_t state;
	uint8_t side : 2;
	uint8_t closed_by : 2;
	uint8_t attribution : 2; /* of the owner */
	uint16_t flags; /* enum live_flag */
	uint32_t groups[]; /* its groups in the groupings that are not of processes; its ends are behind them */
};

/* Where it is kept. */
struct live_end {
	struct endpoint endpoint;
	int32_t fd; /* of the holder, its lowest; -1 = not known */
	uint32_t holders; /* processes that have a descriptor, as far as told */
};

struct live_sockets {
	struct id_map by_id;
	struct id_map addresses; /* event/kept_ends.h */
	struct id_map descriptors; /* of those whose holders are known: struct live_descriptor */
	unsigned int n_groups;
	bool keep_ends;
	size_t max;
	uint64_t refused; /* found no room */
};

void live_sockets_init(struct live_sockets *sockets, unsigned int n_groups, bool keep_ends, size_t max);
void live_sockets_release(struct live_sockets *sockets);

/* NULL when it is not there. Valid until another one is added or removed. */
static inline struct live_socket *live_sockets_find(const struct live_sockets *sockets, uint64_t id)
{
	return id_map_find(&sockets->by_id, id);
}

/* The socket, all zero where it is new. NULL: no room. */
struct live_socket *live_sockets_add(struct live_sockets *sockets, uint64_t id);

void live_sockets_remove(struct live_sockets *sockets, uint64_t id);

/* Into `room`, which it returns. NULL: ends are not kept. */
const struct live_end *live_socket_end(const struct live_sockets *sockets, const struct live_socket *socket, struct live_end *room);

/* The same without what is known of the descriptor. False: ends are not kept. */
bool live_socket_endpoint(const struct live_sockets *sockets, const struct live_socket *socket, struct endpoint *endpoint);

/*
 * Would groups of ends be told by an event's ends, as of this side, as by those that are kept: by remote address and service port? False
 * also where ends are not kept.
 */
bool live_socket_serves(const struct live_sockets *sockets, const struct live_socket *socket, const struct endpoint *endpoint,
			unsigned int side);

/* Where ends are kept. Without memory they are not known. */
void live_socket_set_endpoint(struct live_sockets *sockets, struct live_socket *socket, const struct endpoint *endpoint);
void live_socket_set_descriptor(struct live_sockets *sockets, struct live_socket *socket, int32_t fd, uint32_t holders);

/* As id_map_next(). */
static inline struct live_socket *live_sockets_next(const struct live_sockets *sockets, size_t *cursor, uint64_t *id)
{
	return id_map_next(&sockets->by_id, cursor, id);
}

#define CLOSING_STATES (1U << STATE_FIN_WAIT1 | 1U << STATE_FIN_WAIT2 | 1U << STATE_CLOSING | 1U << STATE_LAST_ACK)

/* A state that a socket may be in when no process has a descriptor of it any more, because it was closed. */
static inline bool is_closing_state(unsigned int state)
{
	return CLOSING_STATES & 1U << (state & 15);
}

/*
 * Who is charged, of struct processes: TIME_WAIT is the closer's for ever. Else it is the holder's; where there is none
 * the closer's in states of a closed socket, and the owner's in others.
 */
static inline uint32_t live_socket_charged(const struct live_socket *socket)
{
	if (socket->state == STATE_TIME_WAIT)
		return socket->closer ?: socket->owner;
	if (socket->holder)
		return socket->holder;
	return (is_closing_state(socket->state) ? socket->closer : 0) ?: socket->owner;
}

#endif
