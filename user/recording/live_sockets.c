// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One socket a live connection, told as one that is there. */
#include "recording/live_sockets.h"

#include <errno.h>

#include "util/tcp_state.h"

#define SOCKETS_MAX (1 << 20)

struct model *recording_live_new(void)
{
	struct model_config config = {
		.states = ~(1U << STATE_CLOSE) & 0xffff,
		.followed = ~(1U << STATE_CLOSE) & 0xffff,
		.max_sockets = SOCKETS_MAX,
		.keep_ends = true,
		.only_follows = true,
	};

	return model_new(&config);
}

struct telling {
	const struct model *live;
	const struct tick *now;
	recording_tell *tell;
	void *context;
};

static int tell(const struct telling *telling, struct event *event)
{
	event->unix_ns = telling->now->unix_ns;
	event->record.time_ns = telling->now->time_ns;
	return telling->tell(telling->context, event);
}

/* Who has a socket is a line of its own. */
static int tell_holder(const struct telling *telling, const struct live_socket *socket, uint64_t id, const struct held *held)
{
	const struct known_cgroup *cgroup = processes_at(&telling->live->processes, socket->holder)->cgroup;
	struct event event = {
		.record = { .type = RECORD_HOLDER, .id = id },
		.cgroup_id = cgroup->id,
		.cgroup = cgroup->path,
		.container = &cgroup->container,
		.held = held,
	};

	return tell(telling, &event);
}

static int tell_socket(const struct telling *telling, const struct live_socket *socket, uint64_t id)
{
	struct held held;
	struct event event = model_socket_event(telling->live, id, socket, &held);
	bool is_held = event.held;
	int result;

	event.held = NULL;
	result = tell(telling, &event);
	return result || !is_held ? result : tell_holder(telling, socket, id, &held);
}

int recording_live_tell(struct model *live, const struct tick *now, recording_tell *tell, void *context, size_t *untold)
{
	const struct telling telling = { live, now, tell, context };
	struct live_socket *socket;
	size_t cursor = 0;
	int result = 0;
	uint64_t id;

	*untold = 0;
	while (!result && (socket = live_sockets_next(&live->sockets, &cursor, &id))) {
		socket->flags &= ~LIVE_UNTOLD;
		result = tell_socket(&telling, socket, id);
	}
	if (result <= 0)
		return result;
	for (; (socket = live_sockets_next(&live->sockets, &cursor, NULL)); ++*untold)
		socket->flags |= LIVE_UNTOLD;
	return 0;
}

void recording_live_forget_untold(struct model *live)
{
	struct live_socket *socket;
	size_t cursor = 0;

	while ((socket = live_sockets_next(&live->sockets, &cursor, NULL)))
		socket->flags &= ~LIVE_UNTOLD;
}

int recording_live_tell_one(struct model *live, const struct tick *now, recording_tell *tell, void *context, size_t *untold,
			    uint64_t id)
{
	const struct telling telling = { live, now, tell, context };
	struct live_socket *socket = id ? live_sockets_find(&live->sockets, id) : NULL;

	if (!socket || !(socket->flags & LIVE_UNTOLD))
		return 0;
	socket->flags &= ~LIVE_UNTOLD;
	*untold -= *untold > 0;
	return tell_socket(&telling, socket, id);
}

static int tell_namespaces(const struct telling *telling)
{
	static const struct container nowhere;
	const struct namespace_facts *facts;
	size_t cursor = 0;
	uint32_t netns;
	int result = 0;

	while (!result && (facts = model_namespace_next(telling->live, &cursor, &netns))) {
		struct event event = {
			.record = { .type = RECORD_NAMESPACE, .endpoint.netns = netns }, .container = &nowhere, .namespace = facts };

		result = tell(telling, &event);
	}
	return result;
}

/* The socket, and who has it. */
static int tell_look(const struct telling *telling, struct event *event)
{
	struct event holder = { .record = { .type = RECORD_HOLDER, .id = event->record.id } };
	struct held held;
	int result;

	result = tell(telling, event);
	if (result || !model_present_held(telling->live, event->record.id, &holder, &held))
		return result;
	return tell(telling, &holder);
}

int recording_live_tell_looks(const struct model *live, const struct tick *now, recording_tell *tell, void *context)
{
	const struct telling telling = { live, now, tell, context };
	const struct listening_socket *listener;
	struct present_socket socket;
	size_t cursor = 0;
	uint64_t id;
	int result = tell_namespaces(&telling);

	while (!result && (listener = model_listener_next(live, &cursor, &id))) {
		struct event event = model_present_event(live, id, &listener->base, RECORD_LISTENER);
		struct listener_facts facts = listener->now;

		facts.drops = listener->drops.told;
		facts.new_drops = facts.drops == LISTENER_NOT_KNOWN ? LISTENER_NOT_KNOWN : listener->drops.told_new;
		event.listener = &facts;
		result = tell_look(&telling, &event);
	}
	cursor = 0;
	while (!result && model_present_next(live, &cursor, &socket)) {
		struct event event = model_present_event(live, socket.id, &socket.base, RECORD_PRESENT);

		event.present = &socket.now;
		result = tell_look(&telling, &event);
	}
	return result > 0 ? 0 : result;
}
