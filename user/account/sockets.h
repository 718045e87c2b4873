/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The sockets that are in certain states now, by id: kept from events, for views that show single sockets. Bounded; what
 * does not fit is counted.
 */
#ifndef TCPDWELL_ACCOUNT_SOCKETS_H
#define TCPDWELL_ACCOUNT_SOCKETS_H

#include <stddef.h>
#include <stdint.h>

#include "event/event.h"

struct sockets;

struct live_socket {
	struct transition record; /* how it came into its state: record.new_state */
	uint64_t unix_ns; /* of the record */
	uint64_t since_ns; /* monotonic; when the state began, 0 = not seen */
	uint64_t seen_ns; /* monotonic; since then at least it is in this state */
	uint64_t cgroup_id;
	const char *cgroup; /* path, NULL = not known; lives as long as the table */
	bool healed;
	bool doubted; /* a recount is on that did not tell of it yet */
};

/* The states whose sockets are kept: bit (1 << state). At most `max` sockets. NULL: no memory. */
struct sockets *sockets_new(uint32_t states, size_t max);
void sockets_free(struct sockets *sockets);

/*
 * Applies an event of any type: enters, replaces or removes its socket. 0 or -ENOMEM. A socket that did not fit is counted
 * in sockets_refused().
 */
int sockets_apply(struct sockets *sockets, const struct event *event);

/*
 * As view->recount (event.h). At its end the sockets that no event told of since it began are taken out; `gone` is called for
 * each before.
 */
void sockets_recount(struct sockets *sockets, bool begins, void (*gone)(void *context, const struct live_socket *socket),
		     void *context);

size_t sockets_count(const struct sockets *sockets);
uint64_t sockets_refused(const struct sockets *sockets);

/* NULL when it is not there. Valid until the next sockets_apply(). */
const struct live_socket *sockets_find(const struct sockets *sockets, uint64_t id);

/* Each socket, in the order of entry: NULL begins, and is returned after the last. */
const struct live_socket *sockets_next(const struct sockets *sockets, const struct live_socket *after);

/*
 * The event that brought the socket into its state, for whatever prints events. *container is filled in from the path, and
 * with the names that are known by now.
 */
struct event live_socket_event(const struct live_socket *socket, struct container *container, struct pod_names *names);

#endif
