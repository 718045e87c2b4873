// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One record a live connection: the last one told of it, as a socket that is there, and who has it. */
#include "recording/live_sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attribute/pod_names.h"
#include "util/tcp_state.h"

#define SOCKETS_MAX (1 << 20)

struct live_socket {
	struct transition record;
	uint64_t cgroup_id;
	struct held held;
	bool held_known;
};

void recording_live_init(struct recording_live *live)
{
	id_map_init(&live->sockets, sizeof(struct live_socket));
	id_map_init(&live->cgroups, sizeof(char *));
	live->left_out = 0;
}

void recording_live_release(struct recording_live *live)
{
	size_t cursor = 0;
	char **path;

	while ((path = id_map_next(&live->cgroups, &cursor, NULL)))
		free(*path);
	id_map_release(&live->cgroups);
	id_map_release(&live->sockets);
}

static int remember_cgroup(struct recording_live *live, const struct event *event)
{
	char **path;

	if (!event->cgroup_id || !event->cgroup || id_map_find(&live->cgroups, event->cgroup_id))
		return 0;
	path = id_map_put(&live->cgroups, event->cgroup_id);
	if (!path)
		return -ENOMEM;
	*path = strdup(event->cgroup);
	return *path ? 0 : -ENOMEM;
}

/* As the connection is from now on. */
static void settle(struct live_socket *socket, const struct event *event)
{
	struct transition *record = &socket->record;

	socket->cgroup_id = event->cgroup_id;
	*record = event->record;
	record->type = RECORD_SOCKET;
	record->old_state = record->new_state;
	record->flags &= FLAG_IN_ACCEPT_QUEUE | FLAG_TIMEWAIT;
	record->end = END_NONE;
	if (event->record.type == RECORD_TRANSITION)
		record->since_ns = event->record.time_ns;
}

/* Who has it is said of connections that are there only. */
static int settle_holder(struct recording_live *live, const struct event *event)
{
	struct live_socket *socket = id_map_find(&live->sockets, event->record.id);

	if (!socket)
		return 0;
	socket->held = *event->held;
	socket->held_known = true;
	return remember_cgroup(live, event);
}

int recording_live_event(struct recording_live *live, const struct event *event)
{
	const struct transition *record = &event->record;
	struct live_socket *socket;

	if (event->held)
		return settle_holder(live, event);
	if (!record->id || record->type == RECORD_CONNECT_FAILED)
		return 0;
	if (record->new_state == STATE_CLOSE) {
		id_map_remove(&live->sockets, record->id);
		return 0;
	}
	if (live->sockets.used >= SOCKETS_MAX && !id_map_find(&live->sockets, record->id)) {
		live->left_out++;
		return 0;
	}
	socket = id_map_put(&live->sockets, record->id);
	if (!socket)
		return -ENOMEM;
	settle(socket, event);
	return remember_cgroup(live, event);
}

void recording_live_forget(struct recording_live *live)
{
	id_map_clear(&live->sockets);
}

struct telling {
	const struct recording_live *live;
	const struct tick *now;
	struct pod_names *names;
	int (*tell)(void *context, const struct event *event);
	void *context;
};

static int tell(const struct telling *telling, struct event *event, uint64_t cgroup_id)
{
	char **path = cgroup_id ? id_map_find(&telling->live->cgroups, cgroup_id) : NULL;
	struct container container;

	event->cgroup_id = cgroup_id;
	event->cgroup = path ? *path : NULL;
	event->container = &container;
	container_from_cgroup(event->cgroup, &container);
	pod_names_complete(telling->names, &container);
	event->unix_ns = telling->now->unix_ns;
	event->record.time_ns = telling->now->time_ns;
	return telling->tell(telling->context, event);
}

static int tell_socket(const struct telling *telling, const struct live_socket *socket)
{
	struct event present = { .record = socket->record };
	struct event holder = { .record = { .type = RECORD_HOLDER, .id = socket->record.id }, .held = &socket->held };
	int result = tell(telling, &present, socket->cgroup_id);

	if (!result && socket->held_known)
		result = tell(telling, &holder, socket->held.process.cgroup_id);
	return result;
}

int recording_live_tell(const struct recording_live *live, const struct tick *now, struct pod_names *names,
			int (*tell)(void *context, const struct event *event), void *context)
{
	const struct telling telling = { live, now, names, tell, context };
	const struct live_socket *socket;
	size_t cursor = 0;
	int result = 0;

	while (!result && (socket = id_map_next(&live->sockets, &cursor, NULL)))
		result = tell_socket(&telling, socket);
	return result;
}
