// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who has a socket now: it moves to where that process is counted, or through the filter. */
#include "account/model_parts.h"

#include "util/tcp_state.h"

/*
 * One that waited to be accepted was nobody's but the listener's: who has it now accepted it, as far as anybody can tell.
 */
static void learn_owner(struct model *model, struct live_socket *socket)
{
	const struct known_process *holder = processes_at(&model->processes, socket->holder);
	const struct known_process *owner = processes_at(&model->processes, socket->owner);

	if (owner->process.start_ns && socket->attribution != ATTRIBUTION_LISTENER)
		return;
	model_refer(model, &socket->owner, holder);
	socket->attribution = ATTRIBUTION_SEEDED;
}

struct known_process *model_holder_of(struct model *model, const struct event *event)
{
	struct told_process told = {
		.process = &event->held->process,
		.cgroup_id = event->held->process.cgroup_id ?: event->cgroup_id,
	};

	if (event->cgroup && told.cgroup_id == event->cgroup_id) {
		told.cgroup = event->cgroup;
		told.container = event->container;
	}
	return processes_get(&model->processes, &told, event->record.time_ns);
}

static void take_holder(struct model *model, struct live_socket *socket, const struct event *event)
{
	const struct held *held = event->held;
	bool is_held = held->process.start_ns;

	socket->flags |= LIVE_HOLDER_TOLD;
	socket->flags &= ~LIVE_IN_ACCEPT_QUEUE;
	if (held->queued)
		socket->flags |= LIVE_IN_ACCEPT_QUEUE;
	live_socket_set_descriptor(&model->sockets, socket, is_held ? held->fd : -1, held->count);
	model_refer(model, &socket->holder, is_held ? model_holder_of(model, event) : processes_at(&model->processes, 0));
	if (is_held && !held->queued)
		learn_owner(model, socket);
}

/* What is counted moves; what comes through the filter begins to be counted, what it stops is counted no more. */
static void move(struct model *model, const struct group_subject *from, const struct group_subject *to,
		 struct live_socket *socket)
{
	bool was_counted = socket->flags & LIVE_COUNTED, passes = model_passes(model, to->process);

	if (was_counted && passes)
		model_count_moved(model, from, to, socket);
	else if (was_counted)
		model_count_away(model, from, socket);
	else if (passes)
		model_count_in(model, to, socket, socket->state, ENTRY_MOVED);
	socket->flags &= ~LIVE_UNDECIDED;
}

/* Where ends are not kept, no grouping needs them together with a process. */
void model_on_holder(struct model *model, const struct event *event)
{
	struct live_socket *socket = live_sockets_find(&model->sockets, event->record.id);
	struct endpoint from_end, to_end;
	struct group_subject from, to;

	if (event->held)
		model_present_holder(model, event);
	if (!socket || !event->held || socket->state == STATE_TIME_WAIT)
		return;
	from = model_subject_of_socket(model, socket, NULL, &from_end);
	((struct known_process *)from.process)->refs++; /* stays good until it has moved */
	take_holder(model, socket, event);
	to = model_subject_of_socket(model, socket, NULL, &to_end);
	if (from.process != to.process && !(socket->flags & LIVE_DOUBTED))
		move(model, &from, &to, socket);
	((struct known_process *)from.process)->refs--;
}

/* Who accepted it has it, as far as is told; where nobody was seen to, it is known all the same that it waits no more. */
void model_on_accepted(struct model *model, const struct event *event)
{
	struct live_socket *socket = live_sockets_find(&model->sockets, event->record.id);
	const struct held held = { .process = event->record.owner, .count = 1, .fd = -1 };
	struct event told = *event;

	if (event->record.flags & FLAG_IN_ACCEPT_QUEUE)
		return;
	if (socket)
		socket->flags &= ~LIVE_IN_ACCEPT_QUEUE;
	if (!held.process.start_ns || event->record.attribution != ATTRIBUTION_OBSERVED)
		return;
	told.held = &held;
	model_on_holder(model, &told);
}
