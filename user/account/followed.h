/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Live sockets by their id: since when they are in their state, and the groups that they were counted in. Bounded; a
 * socket that finds no room is counted in its groups all the same, only its age is not known.
 */
#ifndef TCPDWELL_ACCOUNT_FOLLOWED_H
#define TCPDWELL_ACCOUNT_FOLLOWED_H

#include "account/group.h"
#include "util/id_map.h"

struct followed_socket {
	uint64_t since_ns;
	uint8_t state, side, closed_by;
	bool at_least; /* the begin was not seen: there since before since_ns */
	bool in_accept_queue;
	uint8_t padding[3];
	struct group *groups[]; /* one a grouping; the endpoint is behind them, where it is kept */
};

struct followed {
	struct id_map by_id;
	unsigned int n_groups;
	bool keep_endpoints;
	size_t max;
	uint64_t refused; /* found no room */
};

void followed_init(struct followed *followed, unsigned int n_groups, bool keep_endpoints, size_t max);
void followed_release(struct followed *followed);

/* NULL when it is not there. */
struct followed_socket *followed_find(const struct followed *followed, uint64_t id);

/* A socket enters the event's new state. Its groups are the caller's to fill in. NULL: no room. */
struct followed_socket *followed_enter(struct followed *followed, const struct event *event);

/* Also lets go of its groups. */
void followed_remove(struct followed *followed, uint64_t id, struct followed_socket *socket);

/* NULL where endpoints are not kept. */
const struct endpoint *followed_endpoint(const struct followed *followed, const struct followed_socket *socket);

/* As id_map_next(). */
struct followed_socket *followed_next(const struct followed *followed, size_t *cursor, uint64_t *id);

#endif
