// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One record a live connection: the last one told of it, as a socket that is there. */
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

int recording_live_event(struct recording_live *live, const struct event *event)
{
	const struct transition *record = &event->record;
	struct live_socket *socket;

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

int recording_live_tell(const struct recording_live *live, const struct tick *now, struct pod_names *names,
			int (*tell)(void *context, const struct event *event), void *context)
{
	const struct live_socket *socket;
	struct container container;
	size_t cursor = 0;
	int result = 0;

	while (!result && (socket = id_map_next(&live->sockets, &cursor, NULL))) {
		char **path = socket->cgroup_id ? id_map_find(&live->cgroups, socket->cgroup_id) : NULL;
		struct event event = {
			.record = socket->record,
			.unix_ns = now->unix_ns,
			.cgroup_id = socket->cgroup_id,
			.cgroup = path ? *path : NULL,
			.container = &container,
		};

		container_from_cgroup(event.cgroup, &container);
		pod_names_complete(names, &container);
		event.record.time_ns = now->time_ns;
		result = tell(context, &event);
	}
	return result;
}
