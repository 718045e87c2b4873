// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events come in: what enters a state, what leaves it, and what is remembered of it meanwhile. */
#include "account/model_parts.h"

#include <stdlib.h>
#include <string.h>

#include "util/shortage.h"
#include "util/tcp_state.h"

static void let_go(struct model *model, uint64_t id, struct live_socket *socket)
{
	const struct known_process *nobody = processes_at(&model->processes, 0);

	model_refer(model, &socket->owner, nobody);
	model_refer(model, &socket->closer, nobody);
	model_refer(model, &socket->holder, nobody);
	live_sockets_remove(&model->sockets, id);
}

/*
 * A process that was looked up when TIME_WAIT began may be gone when it ends; the closer is in both records. So without
 * one the socket is looked for in any case.
 */
static bool is_followed(const struct model *model, const struct event *event, unsigned int state)
{
	return model->followed & 1U << state || (state == STATE_TIME_WAIT && !event->record.closer.start_ns);
}

/*
 * The kernel side can't tell any more whose a TIME_WAIT is that was there before it (its records have a listing, those
 * of polling and of recordings have none): its row is the same when it ends.
 */
static bool stays_unknown(const struct transition *record)
{
	return record->type == RECORD_SOCKET && record->new_state == STATE_TIME_WAIT && record->listing &&
	       !record->since_ns && !record->owner.start_ns && !record->owner_credentials;
}

static bool is_remembered(const struct model *model, const struct event *event, unsigned int state)
{
	return model->followed & 1U << state || (is_followed(model, event, state) && !stays_unknown(&event->record));
}

/* Nobody was seen to close it, as when the kernel did it in another task's name: then who had it last. */
static const struct known_process *closer_by_holder(struct model *model, const struct live_socket *socket)
{
	return processes_at(&model->processes, socket->flags & LIVE_IN_ACCEPT_QUEUE ? 0 : socket->holder);
}

/* As a rule it is the one that it was at the last event, and need not be looked for. */
static void settle_process(struct model *model, uint32_t *reference, const struct event *event, const struct process *process)
{
	if (!model->needs_processes || !processes_is_still(&model->processes, *reference, process, event))
		model_refer(model, reference, model_process(model, event, process));
}

static void settle_processes(struct model *model, struct live_socket *socket, const struct event *event, bool closes)
{
	const struct transition *record = &event->record;
	const struct known_process *nobody = processes_at(&model->processes, 0);

	if (record->owner.start_ns || !socket->owner) {
		settle_process(model, &socket->owner, event, &record->owner);
		socket->attribution = record->attribution;
	}
	if (record->closer.start_ns && model->needs_closers)
		settle_process(model, &socket->closer, event, &record->closer);
	else if (closes && !socket->closer && model->needs_closers)
		model_refer(model, &socket->closer, closer_by_holder(model, socket));
	/* Who closes it need not be who had it; whether somebody still does is told again. */
	if (closes) {
		model_refer(model, &socket->holder, nobody);
		socket->flags &= ~LIVE_HOLDER_TOLD;
	}
}

/* The socket is in a state from now on. */
static void settle(struct model *model, struct live_socket *socket, const struct event *event)
{
	const struct transition *record = &event->record;
	bool seen = record->type == RECORD_TRANSITION;

	settle_processes(model, socket, event, is_closing_state(record->new_state) && !is_closing_state(socket->state));
	socket->since_ns = seen || !record->since_ns ? record->time_ns : record->since_ns;
	socket->state = record->new_state;
	socket->side = record->side;
	socket->closed_by = record->closed_by;
	socket->flags &= LIVE_HOLDER_TOLD | LIVE_UNTOLD;
	if (event->healed || (!seen && !record->since_ns))
		socket->flags |= LIVE_AT_LEAST;
	if (record->flags & FLAG_IN_ACCEPT_QUEUE)
		socket->flags |= LIVE_IN_ACCEPT_QUEUE;
	if (record->flags & FLAG_TIMEWAIT)
		socket->flags |= LIVE_TIMEWAIT;
	if (seen || (model->recounting && !event->was_there))
		socket->flags |= LIVE_CAME;
	live_socket_set_endpoint(&model->sockets, socket, &record->endpoint);
}

/* What is known of a socket that is told again is more than what is told. */
static bool is_confirmed(const struct live_socket *socket, const struct event *event)
{
	return socket && socket->flags & LIVE_DOUBTED && event->record.type == RECORD_SOCKET &&
	       socket->state == event->record.new_state;
}

/* TIME_WAIT never moves: of what the filter stops nothing need be remembered. */
static bool is_of_no_use(struct model *model, const struct event *event, const struct live_socket *socket, unsigned int state)
{
	struct group_subject subject;

	if (socket || state != STATE_TIME_WAIT || !model->filter)
		return false;
	subject = model_subject_of_event(model, event, state);
	return !model_passes(model, subject.process) && !model_waits_for_names(model, subject.process);
}

static void count_entry(struct model *model, const struct group_subject *subject, struct live_socket *socket,
			unsigned int state, enum entry entry)
{
	if (model_passes(model, subject->process))
		model_count_in(model, subject, socket, state, entry);
	else if (socket && model_waits_for_names(model, subject->process))
		socket->flags |= LIVE_UNDECIDED;
}

/* Are its ends still those that groups are told by? */
static bool serves(const struct model *model, const struct live_socket *socket, const struct event *event)
{
	return model->needs_ends && live_socket_serves(&model->sockets, socket, &event->record.endpoint, event->record.side);
}

/* Settles it. Does it stay in its groups, where these are of ends? `may_stay`: until this event it was in them, and serves(). */
static bool settle_again(struct model *model, struct live_socket *socket, const struct event *event, bool may_stay)
{
	struct known_process *charged;
	uint32_t before;

	if (!may_stay) {
		settle(model, socket, event);
		return false;
	}
	before = live_socket_charged(socket);
	charged = processes_at(&model->processes, before);
	charged->refs++; /* its number is no other's until they are compared */
	settle(model, socket, event);
	charged->refs--;
	return live_socket_charged(socket) == before;
}

/* `may_stay`: as above, in the state that it just left. */
static void enter(struct model *model, const struct event *event, struct live_socket *socket, unsigned int state, bool may_stay)
{
	enum entry entry = event->record.type == RECORD_SOCKET ? ENTRY_SEEDED : ENTRY_CREATED;
	struct group_subject subject;
	bool stays = false, settled = false;
	struct endpoint room;

	if (is_of_no_use(model, event, socket, state))
		return;
	if (!is_confirmed(socket, event)) {
		if (!socket && is_remembered(model, event, state))
			socket = live_sockets_add(&model->sockets, event->record.id);
		if (socket)
			stays = settle_again(model, socket, event, may_stay);
		settled = socket;
	}
	subject = socket ? model_subject_of_socket(model, socket, &event->record.endpoint, settled ? NULL : &room) :
			   model_subject_of_event(model, event, state);
	subject.stays = stays;
	count_entry(model, &subject, socket, state, entry);
	if (socket)
		socket->flags &= ~LIVE_DOUBTED;
}

static uint64_t dwell_of(const struct transition *record)
{
	return record->since_ns && record->since_ns <= record->time_ns ? record->time_ns - record->since_ns
								       : DWELL_UNKNOWN;
}

/* `served`: serves(). */
static void leave(struct model *model, const struct event *event, struct live_socket *socket, unsigned int state, bool served)
{
	const struct transition *record = &event->record;
	struct endpoint room;
	struct group_subject subject = socket ? model_subject_of_socket(model, socket, &record->endpoint, served ? NULL : &room) :
						model_subject_of_event(model, event, state);

	if (record->flags & FLAG_FIRST_SEEN) {
		model_count_dropped(model, &subject, socket);
		count_entry(model, &subject, socket, state, ENTRY_SEEDED);
	}
	if (socket ? socket->flags & LIVE_COUNTED : model_passes(model, subject.process))
		model_count_out(model, &subject, socket, state, dwell_of(record));
}

/* What is counted of it stays counted; we were told less than happened. */
static void drop(struct model *model, const struct event *event, struct live_socket *socket)
{
	struct endpoint room;
	struct group_subject subject = model_subject_of_socket(model, socket, &event->record.endpoint, &room);

	model_count_dropped(model, &subject, socket);
}

/* The socket goes on in another state, or is forgotten. Returns it or NULL. */
static struct live_socket *go_on(struct model *model, const struct event *event, struct live_socket *socket,
				 unsigned int state)
{
	if (!socket)
		return NULL;
	if (socket->flags & LIVE_COUNTED)
		drop(model, event, socket);
	if (model_counts(model, state) && is_remembered(model, event, state))
		return socket;
	let_go(model, event->record.id, socket);
	return NULL;
}

/* Of what is not counted it is only remembered how it is. */
static void follow(struct model *model, const struct event *event, unsigned int state)
{
	struct live_socket *socket = live_sockets_find(&model->sockets, event->record.id);

	if (!model_counts(model, state) || !is_remembered(model, event, state)) {
		if (socket)
			let_go(model, event->record.id, socket);
		return;
	}
	if (!is_confirmed(socket, event)) {
		socket = socket ?: live_sockets_add(&model->sockets, event->record.id);
		if (socket)
			settle(model, socket, event);
	}
	if (socket)
		socket->flags &= ~LIVE_DOUBTED;
}

static void on_transition(struct model *model, const struct event *event)
{
	unsigned int old_state = event->record.old_state & 15, new_state = event->record.new_state & 15;
	bool leaves = model_counts(model, old_state), enters = model_counts(model, new_state);
	struct live_socket *socket = NULL;
	bool served, counted;

	if (model->only_follows) {
		follow(model, event, new_state);
		return;
	}
	if ((leaves && is_followed(model, event, old_state)) || (enters && is_followed(model, event, new_state)))
		socket = live_sockets_find(&model->sockets, event->record.id);
	served = socket && socket->state == old_state && serves(model, socket, event);
	counted = leaves && socket && socket->state == old_state && socket->flags & LIVE_COUNTED;
	if (leaves)
		leave(model, event, socket && socket->state == old_state ? socket : NULL, old_state, served);
	socket = go_on(model, event, socket, new_state);
	if (enters)
		enter(model, event, socket, new_state, socket && served && counted);
}

static void on_socket(struct model *model, const struct event *event)
{
	unsigned int state = event->record.new_state & 15;
	struct live_socket *socket = NULL;

	if (!model_counts(model, state))
		return;
	if (model->only_follows) {
		follow(model, event, state);
		return;
	}
	if (is_followed(model, event, state))
		socket = live_sockets_find(&model->sockets, event->record.id);
	enter(model, event, go_on(model, event, socket, state), state, false);
}

/* Where ends are kept, they are to be right; no group is told by a local port that connect() chose. */
static void on_local_port(struct model *model, const struct event *event)
{
	struct live_socket *socket = live_sockets_find(&model->sockets, event->record.id);

	if (socket)
		live_socket_set_endpoint(&model->sockets, socket, &event->record.endpoint);
}

/* What leaves nothing behind that could be counted as being there: connects that failed, sockets that TIME_WAIT had no room for. */
static void count_happened(struct model *model, const struct event *event)
{
	struct group_subject subject;

	if (!event_overflows(event) && event->record.type != RECORD_CONNECT_FAILED)
		return;
	subject = model_subject_of_event(model, event, event_state(event));
	if (model_passes(model, subject.process))
		model_count_happened(model, event, &subject);
}

/* Under a filter what the run's totals count is counted here. */
static void count_event(struct model *model, const struct event *event)
{
	struct group_subject subject = model_subject_of_event(model, event, event_state(event));

	if (!model_passes(model, subject.process))
		return;
	model->time_wait_overflows += event_overflows(event);
	model->transitions += event->record.type == RECORD_TRANSITION;
	if (event->record.type == RECORD_CONNECT_FAILED)
		model->connect_failures[event_connect_failure(event)]++;
	model->unknown += event_enters_unknown(event);
}

void model_event(struct model *model, const struct event *event)
{
	model->now_ns = event->record.time_ns;
	if (model->filter && (event->record.type == RECORD_TRANSITION || event->record.type == RECORD_SOCKET ||
			      event->record.type == RECORD_CONNECT_FAILED))
		count_event(model, event);
	count_happened(model, event);
	switch (event->record.type) {
	case RECORD_SOCKET:
		on_socket(model, event);
		break;
	case RECORD_TRANSITION:
		on_transition(model, event);
		break;
	case RECORD_LOCAL_PORT:
		on_local_port(model, event);
		break;
	case RECORD_HOLDER:
		model_on_holder(model, event);
		break;
	case RECORD_ACCEPTED:
		model_on_accepted(model, event);
		break;
	case RECORD_PRESENT:
		model->present_told = true;
		model_on_present(model, event);
		break;
	case RECORD_LISTENER:
		model->listeners_told = true;
		model->present_told |= event->listener && !event->listener->alone && !event->listener->gone;
		model_on_listener(model, event);
		break;
	case RECORD_NAMESPACE:
		model_on_namespace(model, event);
		break;
	}
}

static void doubt_all(struct model *model)
{
	struct live_socket *socket;
	size_t cursor = 0;

	while ((socket = live_sockets_next(&model->sockets, &cursor, NULL))) {
		socket->flags |= LIVE_DOUBTED;
		socket->flags &= ~LIVE_COUNTED;
	}
}

static void begin_recount(struct model *model)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		state_totals_recount(&model->totals[i]);
	for (i = 0; i < model->n_groupings; i++)
		groups_recount(&model->groupings[i].groups);
	doubt_all(model);
}

/* Removing moves others: those that are gone are found first. */
static void end_recount(struct model *model)
{
	uint64_t id, *gone = shortage_noted(calloc(model->sockets.by_id.used + 1, sizeof(*gone)));
	struct live_socket *socket;
	size_t cursor = 0, count = 0;

	while (gone && (socket = live_sockets_next(&model->sockets, &cursor, &id)))
		if (socket->flags & LIVE_DOUBTED)
			gone[count++] = id;
	while (count--) {
		struct group_subject subject;
		struct endpoint room;

		socket = live_sockets_find(&model->sockets, gone[count]);
		subject = model_subject_of_socket(model, socket, NULL, &room);
		if (model_passes(model, subject.process))
			model_count_gone(model, &subject, socket);
		let_go(model, gone[count], socket);
	}
	free(gone);
}

void model_recount(struct model *model, bool begins)
{
	if (begins)
		begin_recount(model);
	else
		end_recount(model);
	model->recounting = begins;
}
