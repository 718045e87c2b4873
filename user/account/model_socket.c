// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A live socket as the event that tells of one that is there: for files that begin with it, and for what prints events.
 */
#include "account/model.h"

static unsigned int flags_of(const struct live_socket *socket)
{
	return (socket->flags & LIVE_IN_ACCEPT_QUEUE ? FLAG_IN_ACCEPT_QUEUE : 0) |
	       (socket->flags & LIVE_TIMEWAIT ? FLAG_TIMEWAIT : 0);
}

static void held_of(const struct model *model, const struct live_socket *socket, struct held *held)
{
	struct live_end room;
	const struct live_end *end = live_socket_end(&model->sockets, socket, &room);

	*held = (struct held){
		.process = processes_at(&model->processes, socket->holder)->process,
		.count = end ? end->holders : socket->holder != 0,
		.fd = end ? end->fd : -1,
		.queued = socket->flags & LIVE_IN_ACCEPT_QUEUE,
	};
}

static struct process known(const struct model *model, uint32_t index)
{
	const struct process *process = &processes_at(&model->processes, index)->process;

	return process->start_ns ? *process : (struct process){};
}

struct event model_socket_event(const struct model *model, uint64_t id, const struct live_socket *socket,
				struct held *held)
{
	const struct known_process *owner = processes_at(&model->processes, socket->owner);
	const struct known_cgroup *cgroup = processes_at(&model->processes, live_socket_charged(socket))->cgroup;
	struct live_end room;
	const struct live_end *end = live_socket_end(&model->sockets, socket, &room);
	struct event event = {
		.record =
			{
				.type = RECORD_SOCKET,
				.id = id,
				.old_state = socket->state,
				.new_state = socket->state,
				.side = socket->side,
				.closed_by = socket->closed_by,
				.attribution = socket->attribution,
				.flags = flags_of(socket),
				.since_ns = socket->flags & LIVE_AT_LEAST ? 0 : socket->since_ns,
				.socket_cgroup_id = owner->process.start_ns ? 0 : owner->cgroup->id,
				.owner = known(model, socket->owner),
				.closer = known(model, socket->closer),
			},
		.cgroup_id = cgroup->id,
		.cgroup = cgroup->path,
		.container = &cgroup->container,
	};

	if (end)
		event.record.endpoint = end->endpoint;
	if (socket->flags & LIVE_HOLDER_TOLD) {
		held_of(model, socket, held);
		event.held = held;
	}
	return event;
}
