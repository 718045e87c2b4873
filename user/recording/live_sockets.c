// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One or two models of what is there, and each socket of them told as one that is there. */
#include "recording/live_sockets.h"

#include <errno.h>

#include "util/tcp_state.h"

#define SOCKETS_MAX (1 << 20)

#define STATES (~(1U << STATE_CLOSE) & 0xffff)

int recording_live_init(struct recording_live *live, struct model *books)
{
	struct model_config config = {
		.states = STATES & ~(books ? books->followed : 0),
		.followed = STATES & ~(books ? books->followed : 0),
		.max_sockets = SOCKETS_MAX,
		.keep_ends = true,
		.only_follows = true,
	};

	*live = (struct recording_live){ .own = model_new(&config), .books = books };
	return live->own ? 0 : -ENOMEM;
}

void recording_live_release(struct recording_live *live)
{
	model_free(live->own);
	*live = (struct recording_live){};
}

/* `model`: whose the socket is. */
static struct live_socket *find(const struct recording_live *live, uint64_t id, const struct model **model)
{
	struct live_socket *socket = live->books ? live_sockets_find(&live->books->sockets, id) : NULL;

	*model = socket ? live->books : live->own;
	return socket ?: live_sockets_find(&live->own->sockets, id);
}

struct live_socket *recording_live_find(const struct recording_live *live, uint64_t id)
{
	const struct model *model;

	return find(live, id, &model);
}

/* The cursor goes on from one model to the other. */
static struct live_socket *next(const struct recording_live *live, size_t *cursor, uint64_t *id, const struct model **model)
{
	size_t before = live->own->sockets.by_id.used, behind;
	struct live_socket *socket;

	*model = live->own;
	if (*cursor < before)
		return live_sockets_next(&live->own->sockets, cursor, id);
	*model = live->books;
	behind = *cursor - before;
	socket = live->books ? live_sockets_next(&live->books->sockets, &behind, id) : NULL;
	*cursor = before + behind;
	return socket;
}

struct live_socket *recording_live_next(const struct recording_live *live, size_t *cursor, uint64_t *id)
{
	const struct model *model;

	return next(live, cursor, id, &model);
}

uint64_t recording_live_refused(const struct recording_live *live)
{
	return live->own->sockets.refused + (live->books ? live->books->sockets.refused : 0);
}

void recording_live_complete(struct recording_live *live, struct pod_names *names)
{
	model_complete(live->own, names);
	if (live->books)
		model_complete(live->books, names);
}

struct telling {
	const struct model *model; /* the socket's */
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
	const struct known_cgroup *cgroup = processes_at(&telling->model->processes, socket->holder)->cgroup;
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
	struct event event = model_socket_event(telling->model, id, socket, &held);
	bool is_held = event.held;
	int result;

	event.held = NULL;
	result = tell(telling, &event);
	return result || !is_held ? result : tell_holder(telling, socket, id, &held);
}

int recording_live_tell(struct recording_live *live, const struct tick *now, recording_tell *tell, void *context, size_t *untold)
{
	struct telling telling = { NULL, now, tell, context };
	struct live_socket *socket;
	size_t cursor = 0;
	int result = 0;
	uint64_t id;

	*untold = 0;
	while (!result && (socket = next(live, &cursor, &id, &telling.model))) {
		socket->flags &= ~LIVE_UNTOLD;
		result = tell_socket(&telling, socket, id);
	}
	if (result <= 0)
		return result;
	for (; (socket = recording_live_next(live, &cursor, NULL)); ++*untold)
		socket->flags |= LIVE_UNTOLD;
	return 0;
}

void recording_live_forget_untold(struct recording_live *live)
{
	struct live_socket *socket;
	size_t cursor = 0;

	while ((socket = recording_live_next(live, &cursor, NULL)))
		socket->flags &= ~LIVE_UNTOLD;
}

int recording_live_tell_one(struct recording_live *live, const struct tick *now, recording_tell *tell, void *context, size_t *untold,
			    uint64_t id)
{
	struct telling telling = { NULL, now, tell, context };
	struct live_socket *socket = id ? find(live, id, &telling.model) : NULL;

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

	while (!result && (facts = model_namespace_next(telling->model, &cursor, &netns))) {
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
	if (result || !model_present_held(telling->model, event->record.id, &holder, &held))
		return result;
	return tell(telling, &holder);
}

int recording_live_tell_listeners(const struct recording_live *live, const struct tick *now, recording_tell *tell, void *context)
{
	const struct telling telling = { live->own, now, tell, context };
	const struct listening_socket *listener;
	size_t cursor = 0;
	uint64_t id;
	int result = tell_namespaces(&telling);

	while (!result && (listener = model_listener_next(live->own, &cursor, &id))) {
		struct event event = model_present_event(live->own, id, &listener->base, RECORD_LISTENER);
		struct listener_facts facts = listener->now;

		facts.drops = listener->drops.told;
		facts.new_drops = facts.drops == LISTENER_NOT_KNOWN ? LISTENER_NOT_KNOWN : listener->drops.told_new;
		event.listener = &facts;
		result = tell_look(&telling, &event);
	}
	return result > 0 ? 0 : result;
}

int recording_live_tell_looks(const struct recording_live *live, const struct tick *now, recording_tell *tell, void *context)
{
	const struct telling telling = { live->own, now, tell, context };
	struct present_socket socket;
	size_t cursor = 0;
	int result = 0;

	while (!result && model_present_next(live->own, &cursor, &socket)) {
		struct event event = model_present_event(live->own, socket.id, &socket.base, RECORD_PRESENT);

		event.present = &socket.now;
		result = tell_look(&telling, &event);
	}
	return result > 0 ? 0 : result;
}
