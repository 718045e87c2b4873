// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Listening sockets are asked for once more, for whose they are and what waits for them. A connection in an accept queue is its
 * listener's, unless several share the address: nothing tells then in whose queue it is.
 */
#include "polling/present.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attribute/holders.h"
#include "attribute/holders_list.h"
#include "polling/sockets.h"
#include "source/present_diff.h"
#include "util/tcp_state.h"

#define ASK_AGAIN 10 /* looks: all processes are looked through each time */

struct polled_listener {
	struct endpoint endpoint;
	struct listed_socket listed; /* by the last look */
	struct process owner; /* start_ns 0: not known */
	uint32_t look, owner_look;
	uint32_t closed;
	uint64_t oldest_ns;
};

struct polled_present {
	struct polled_sockets *sockets;
	struct cgroup_names *cgroups;
	struct present_diff *diff;
	struct id_map listeners; /* struct polled_listener */
	bool listeners_only; /* of others is told nothing */
	int err;
};

struct polled_present *polled_present_new(struct polled_sockets *sockets, struct cgroup_names *cgroups, bool listeners_only,
					  void (*tell)(void *context, struct event *event), void *context)
{
	struct polled_present *present = calloc(1, sizeof(*present));

	if (!present)
		return NULL;
	present->sockets = sockets;
	present->cgroups = cgroups;
	present->listeners_only = listeners_only;
	present->diff = present_diff_new(tell, context);
	id_map_init(&present->listeners, sizeof(struct polled_listener));
	if (present->diff)
		return present;
	free(present);
	return NULL;
}

void polled_present_free(struct polled_present *present)
{
	if (!present)
		return;
	present_diff_free(present->diff);
	id_map_release(&present->listeners);
	free(present);
}

static void on_listener(void *context, const struct listed_socket *listed)
{
	struct polled_present *present = context;
	struct polled_listener *listener = id_map_put(&present->listeners, polled_id_of(listed));

	if (!listener) {
		present->err = -ENOMEM;
		return;
	}
	listener->endpoint = listed->endpoint;
	listener->endpoint.netns = present->sockets->netns;
	listener->listed = *listed;
	listener->look = present->sockets->look;
	listener->closed = 0;
	listener->oldest_ns = 0;
}

static void drop_gone(struct polled_present *present)
{
	const struct polled_listener *listener;
	size_t cursor = 0;
	uint64_t id;

	while ((listener = id_map_next(&present->listeners, &cursor, &id))) {
		if (listener->look == present->sockets->look)
			continue;
		id_map_remove(&present->listeners, id);
		cursor = 0;
	}
}

static bool is_asked(const struct polled_present *present, const struct polled_listener *listener)
{
	return !listener->owner.start_ns &&
	       (!listener->owner_look || present->sockets->look - listener->owner_look >= ASK_AGAIN);
}

/* Whose the new ones are. Without memory that stays unknown. */
static void find_owners(struct polled_present *present)
{
	size_t room = present->listeners.used + 1, cursor = 0, count = 0, i;
	struct polled_listener *listener, **asked = calloc(room, sizeof(*asked));
	struct held_socket *held = calloc(room, sizeof(*held));

	while (asked && held && (listener = id_map_next(&present->listeners, &cursor, NULL))) {
		if (!is_asked(present, listener))
			continue;
		listener->owner_look = present->sockets->look;
		held[count] = (struct held_socket){ .endpoint = listener->endpoint, .state = STATE_LISTEN };
		asked[count++] = listener;
	}
	if (count)
		holders_find(held, count, NULL);
	for (i = 0; i < count; i++) {
		/* Of those that share an address one is found: it may be another. */
		if (!held[i].holder_count || held[i].listed.inode != asked[i]->listed.inode)
			continue;
		asked[i]->owner = held[i].holders[0].process;
		asked[i]->owner.cgroup_id = polled_cgroup_of(asked[i]->owner.pid, present->cgroups);
	}
	if (held)
		holders_release(held, count);
	free(held);
	free(asked);
}

static bool is_any(const uint8_t addr[16])
{
	static const uint8_t any[16], any_ipv4[16] = { [10] = 0xff, 0xff };

	return !memcmp(addr, any, sizeof(any)) || !memcmp(addr, any_ipv4, sizeof(any_ipv4));
}

/* Its own address before the wildcard. NULL: none, or several. */
static struct polled_listener *listener_of(struct polled_present *present, const struct endpoint *endpoint, uint64_t *id)
{
	struct polled_listener *listener, *own = NULL, *any = NULL;
	unsigned int owns = 0, anys = 0;
	uint64_t at, own_id = 0, any_id = 0;
	size_t cursor = 0;

	while ((listener = id_map_next(&present->listeners, &cursor, &at))) {
		if (listener->endpoint.local_port != endpoint->local_port)
			continue;
		if (!memcmp(listener->endpoint.local_addr, endpoint->local_addr, 16)) {
			own = listener;
			own_id = at;
			owns++;
		} else if (is_any(listener->endpoint.local_addr)) {
			any = listener;
			any_id = at;
			anys++;
		}
	}
	*id = owns ? own_id : any_id;
	if (owns)
		return owns == 1 ? own : NULL;
	return anys == 1 ? any : NULL;
}

static void note_waiting(struct polled_listener *listener, const struct polled_socket *socket)
{
	listener->closed += socket->state != STATE_ESTABLISHED;
	if (socket->since_ns && (!listener->oldest_ns || socket->since_ns < listener->oldest_ns))
		listener->oldest_ns = socket->since_ns;
}

static struct present present_of(const struct polled_socket *socket)
{
	return (struct present){
		.keepalive = socket->details.timer == PRESENT_TIMER_KEEPALIVE ? PRESENT_YES : PRESENT_NOT_KNOWN,
		.timer = socket->details.timer,
		.retransmits = socket->details.retransmits,
		.rx_queue = socket->details.rx_queue,
		.tx_queue = socket->details.tx_queue,
		.unsent = socket->details.unsent,
		.received_ns = socket->details.received_ns,
		.sent_ns = socket->details.sent_ns,
	};
}

static int tell_socket(struct polled_present *present, uint64_t id, const struct polled_socket *socket)
{
	struct present now = present_of(socket);
	struct transition record = {
		.old_state = socket->state,
		.new_state = socket->state,
		.side = socket->side,
		.closed_by = polled_closed_by(socket),
		.attribution = socket->owner.start_ns ? ATTRIBUTION_SEEDED : ATTRIBUTION_UNKNOWN,
		.flags = socket->is_timewait ? FLAG_TIMEWAIT : 0,
		.since_ns = socket->since_ns,
		.id = id,
		.endpoint = socket->endpoint,
		.owner = socket->owner,
	};
	struct polled_listener *listener;

	if (polled_is_in_accept_queue(socket)) {
		record.flags |= FLAG_IN_ACCEPT_QUEUE;
		listener = listener_of(present, &socket->endpoint, &now.listener);
		if (!listener) {
			now.listener = 0;
		} else {
			note_waiting(listener, socket);
			record.owner = listener->owner;
			record.attribution = listener->owner.start_ns ? ATTRIBUTION_LISTENER : ATTRIBUTION_UNKNOWN;
		}
	}
	if (present->listeners_only)
		return 0;
	return present_diff_socket(present->diff, &record, &now, record.owner.start_ns ^ record.owner.pid);
}

static int tell_sockets(struct polled_present *present)
{
	const struct polled_socket *socket;
	size_t cursor = 0;
	uint64_t id;
	int err = 0;

	while (!err && (socket = id_map_next(&present->sockets->by_id, &cursor, &id)))
		if (socket->look == present->sockets->look && socket->state != STATE_TIME_WAIT)
			err = tell_socket(present, id, socket);
	return err;
}

static int tell_listeners(struct polled_present *present)
{
	const struct polled_listener *listener;
	struct listener_facts facts;
	struct transition record;
	size_t cursor = 0;
	uint64_t id;
	int err = 0;

	while (!err && (listener = id_map_next(&present->listeners, &cursor, &id))) {
		facts = (struct listener_facts){
			.alone = present->listeners_only,
			.depth = listener->listed.rx_queue,
			.backlog = listener->listed.tx_queue,
			.closed = listener->closed,
			.drops = listener->listed.drops_known ? listener->listed.drops : LISTENER_NOT_KNOWN,
			.oldest_ns = listener->oldest_ns,
		};
		record = (struct transition){
			.old_state = STATE_LISTEN,
			.new_state = STATE_LISTEN,
			.side = SIDE_PASSIVE,
			.attribution = listener->owner.start_ns ? ATTRIBUTION_SEEDED : ATTRIBUTION_UNKNOWN,
			.id = id,
			.endpoint = listener->endpoint,
			.owner = listener->owner,
		};
		err = present_diff_listener(present->diff, &record, &facts, listener->owner.start_ns ^ listener->owner.pid);
	}
	return err;
}

int polled_present_look(struct polled_present *present)
{
	int err = sockets_list(1U << STATE_LISTEN, on_listener, present);

	err = err ?: present->err;
	if (err)
		return err;
	drop_gone(present);
	find_owners(present);
	present_diff_begin(present->diff, present->sockets->now_ns);
	err = tell_sockets(present) ?: tell_listeners(present);
	return err ?: present_diff_end(present->diff, true);
}
