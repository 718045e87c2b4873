// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events come in: what enters a state, what leaves it, and what is remembered of it meanwhile. */
#include "account/model.h"

#include <stdlib.h>
#include <string.h>

#include "account/model_count.h"
#include "util/tcp_state.h"

#define DEFAULT_GROUPS 10000
#define DEFAULT_SOCKETS (4 << 20)

static unsigned int index_states(struct model *model, uint32_t states)
{
	unsigned int state, count = 0;

	for (state = 0; state < 16; state++)
		model->index[state] = states & 1U << state ? (int)count++ : -1;
	return count;
}

static int groupings_init(struct model *model, const struct model_config *config, unsigned int slots[2])
{
	unsigned int n_accounts = index_states(model, config->states), i;
	int err = 0;

	for (i = 0; i < config->n_groupings && !err; i++) {
		struct grouping *grouping = &model->groupings[model->n_groupings++];

		grouping->of_process = group_by_is_of_process(config->groupings[i]);
		grouping->slot = slots[grouping->of_process]++;
		err = groups_init(&grouping->groups, config->groupings[i], n_accounts,
				  config->max_groups ?: DEFAULT_GROUPS);
	}
	return err;
}

/* Is a grouping told by names that may be known when TIME_WAIT begins and no more when it ends? */
static bool is_by_names(const struct model_config *config)
{
	unsigned int i, part;
	int key;

	for (i = 0; i < config->n_groupings; i++)
		for (part = 0; (key = group_by_key(config->groupings[i], part)) >= 0; part++)
			if (key == GROUP_CONTAINER || key == GROUP_POD || key == GROUP_UNIT)
				return true;
	return false;
}

/* A socket's process can change: its group of process and end together is found anew then. */
static bool has_pair_with_ends(const struct model_config *config)
{
	unsigned int i;

	for (i = 0; i < config->n_groupings; i++)
		if (group_by_key(config->groupings[i], 1) >= 0 && !group_by_is_of_process(config->groupings[i]))
			return true;
	return false;
}

struct model *model_new(const struct model_config *config)
{
	struct model *model = calloc(1, sizeof(*model));
	bool keep_ends = config->keep_ends || has_pair_with_ends(config);
	unsigned int slots[2] = {};
	int err;

	if (!model)
		return NULL;
	model->followed = config->followed | (is_by_names(config) ? 1U << STATE_TIME_WAIT : 0);
	err = groupings_init(model, config, slots);
	model->needs_processes = keep_ends || slots[true];
	model->needs_closers = model->needs_processes && (keep_ends || model->followed & ~(1U << STATE_CLOSE_WAIT));
	live_sockets_init(&model->sockets, slots[false], keep_ends, config->max_sockets ?: DEFAULT_SOCKETS);
	if (!processes_init(&model->processes, slots[true]) && !err)
		return model;
	model_free(model);
	return NULL;
}

void model_free(struct model *model)
{
	unsigned int i;

	if (!model)
		return;
	for (i = 0; i < model->n_groupings; i++)
		groups_release(&model->groupings[i].groups);
	live_sockets_release(&model->sockets);
	processes_release(&model->processes);
	free(model);
}

static bool is_counted(const struct model *model, unsigned int state)
{
	return model->index[state] >= 0;
}

struct account *model_account(const struct model *model, struct group *group, unsigned int state)
{
	return is_counted(model, state & 15) ? &group->accounts[model->index[state & 15]] : NULL;
}

/* The cgroup of an event is of the process that is charged for it; where none is known, perhaps of the socket. */
static struct known_process *get_process(struct model *model, const struct event *event, const struct process *process)
{
	struct told_process told = {
		.process = process,
		.cgroup_id = process->start_ns ? process->cgroup_id : event->record.socket_cgroup_id,
	};

	if (!model->needs_processes)
		return processes_at(&model->processes, 0);
	if (!told.cgroup_id && process == event_charged(event, event_state(event)))
		told.cgroup_id = event->cgroup_id;
	if (event->cgroup && told.cgroup_id == event->cgroup_id) {
		told.cgroup = event->cgroup;
		told.container = event->container;
	}
	return processes_get(&model->processes, &told, event->record.time_ns);
}

static struct group_subject subject_of_event(struct model *model, const struct event *event, unsigned int state)
{
	return (struct group_subject){
		.process = get_process(model, event, event_charged(event, state)),
		.endpoint = &event->record.endpoint,
		.side = event->record.side,
	};
}

/* `endpoint` is the event's, where ends are not kept. */
static struct group_subject subject_of_socket(const struct model *model, const struct live_socket *socket,
					      const struct endpoint *endpoint)
{
	const struct live_end *end = live_socket_end(&model->sockets, socket);

	return (struct group_subject){
		.process = processes_at(&model->processes, live_socket_charged(socket)),
		.endpoint = end ? &end->endpoint : endpoint,
		.side = socket->side,
	};
}

/* Takes the place of a reference. */
static void refer(struct model *model, uint32_t *reference, const struct known_process *process)
{
	struct known_process *before = processes_at(&model->processes, *reference);

	((struct known_process *)process)->refs++;
	before->refs--;
	*reference = process->index;
}

static void let_go(struct model *model, uint64_t id, struct live_socket *socket)
{
	const struct known_process *nobody = processes_at(&model->processes, 0);

	refer(model, &socket->owner, nobody);
	refer(model, &socket->closer, nobody);
	refer(model, &socket->holder, nobody);
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

static void settle_processes(struct model *model, struct live_socket *socket, const struct event *event, bool closes)
{
	const struct transition *record = &event->record;
	const struct known_process *nobody = processes_at(&model->processes, 0);

	if (record->owner.start_ns || !socket->owner) {
		refer(model, &socket->owner, get_process(model, event, &record->owner));
		socket->attribution = record->attribution;
	}
	if (record->closer.start_ns && model->needs_closers)
		refer(model, &socket->closer, get_process(model, event, &record->closer));
	/* Who closes it need not be who had it; whether somebody still does is told again. */
	if (closes) {
		refer(model, &socket->holder, nobody);
		socket->flags &= ~LIVE_HOLDER_TOLD;
	}
}

/* The socket is in a state from now on. */
static void settle(struct model *model, struct live_socket *socket, const struct event *event)
{
	const struct transition *record = &event->record;
	struct live_end *end = live_socket_end(&model->sockets, socket);
	bool seen = record->type == RECORD_TRANSITION, known = socket->state != 0;

	settle_processes(model, socket, event, is_closing_state(record->new_state) && !is_closing_state(socket->state));
	socket->since_ns = seen || !record->since_ns ? record->time_ns : record->since_ns;
	socket->state = record->new_state;
	socket->side = record->side;
	socket->closed_by = record->closed_by;
	socket->flags &= LIVE_HOLDER_TOLD;
	if (event->healed || (!seen && !record->since_ns))
		socket->flags |= LIVE_AT_LEAST;
	if (record->flags & FLAG_IN_ACCEPT_QUEUE)
		socket->flags |= LIVE_IN_ACCEPT_QUEUE;
	if (record->flags & FLAG_TIMEWAIT)
		socket->flags |= LIVE_TIMEWAIT;
	if (seen || model->recounting)
		socket->flags |= LIVE_CAME;
	if (!end)
		return;
	end->endpoint = record->endpoint;
	if (!known)
		end->fd = -1;
}

/* What is known of a socket that is told again is more than what is told. */
static bool is_confirmed(const struct live_socket *socket, const struct event *event)
{
	return socket && socket->flags & LIVE_DOUBTED && event->record.type == RECORD_SOCKET &&
	       socket->state == event->record.new_state;
}

static void enter(struct model *model, const struct event *event, struct live_socket *socket, unsigned int state)
{
	enum entry entry = event->record.type == RECORD_SOCKET ? ENTRY_SEEDED : ENTRY_CREATED;
	struct group_subject subject;

	if (!is_confirmed(socket, event)) {
		if (!socket && is_remembered(model, event, state))
			socket = live_sockets_add(&model->sockets, event->record.id);
		if (socket)
			settle(model, socket, event);
	}
	subject = socket ? subject_of_socket(model, socket, &event->record.endpoint)
			 : subject_of_event(model, event, state);
	model_count_in(model, &subject, socket, state, entry, event->record.time_ns);
	if (socket)
		socket->flags &= ~LIVE_DOUBTED;
}

static uint64_t dwell_of(const struct transition *record)
{
	return record->since_ns && record->since_ns <= record->time_ns ? record->time_ns - record->since_ns
								       : DWELL_UNKNOWN;
}

static void leave(struct model *model, const struct event *event, struct live_socket *socket, unsigned int state)
{
	const struct transition *record = &event->record;
	struct group_subject subject =
		socket ? subject_of_socket(model, socket, &record->endpoint) : subject_of_event(model, event, state);

	if (record->flags & FLAG_FIRST_SEEN) {
		model_count_dropped(model, &subject, socket);
		model_count_in(model, &subject, socket, state, ENTRY_SEEDED, record->time_ns);
	}
	if (!socket || socket->flags & LIVE_COUNTED)
		model_count_out(model, &subject, socket, state, dwell_of(record), record->time_ns);
}

/* What is counted of it stays counted; we were told less than happened. */
static void drop(struct model *model, const struct event *event, struct live_socket *socket)
{
	struct group_subject subject = subject_of_socket(model, socket, &event->record.endpoint);

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
	if (is_counted(model, state) && is_remembered(model, event, state))
		return socket;
	let_go(model, event->record.id, socket);
	return NULL;
}

static void on_transition(struct model *model, const struct event *event)
{
	unsigned int old_state = event->record.old_state & 15, new_state = event->record.new_state & 15;
	bool leaves = is_counted(model, old_state), enters = is_counted(model, new_state);
	struct live_socket *socket = NULL;

	if ((leaves && is_followed(model, event, old_state)) || (enters && is_followed(model, event, new_state)))
		socket = live_sockets_find(&model->sockets, event->record.id);
	if (leaves)
		leave(model, event, socket && socket->state == old_state ? socket : NULL, old_state);
	socket = go_on(model, event, socket, new_state);
	if (enters)
		enter(model, event, socket, new_state);
}

static void on_socket(struct model *model, const struct event *event)
{
	unsigned int state = event->record.new_state & 15;
	struct live_socket *socket = NULL;

	if (!is_counted(model, state))
		return;
	if (is_followed(model, event, state))
		socket = live_sockets_find(&model->sockets, event->record.id);
	enter(model, event, go_on(model, event, socket, state), state);
}

/* One that waited to be accepted was nobody's but the listener's: who has it now accepted it, as far as anybody can
 * tell. */
static void learn_owner(struct model *model, struct live_socket *socket)
{
	const struct known_process *holder = processes_at(&model->processes, socket->holder);
	bool is_told = processes_at(&model->processes, socket->owner)->process.start_ns &&
		       socket->attribution != ATTRIBUTION_LISTENER;

	if (is_told || !holder->process.start_ns || socket->flags & LIVE_IN_ACCEPT_QUEUE)
		return;
	refer(model, &socket->owner, holder);
	socket->attribution = ATTRIBUTION_SEEDED;
}

static void take_holder(struct model *model, struct live_socket *socket, const struct event *event)
{
	struct live_end *end = live_socket_end(&model->sockets, socket);
	const struct held *held = event->held;
	struct told_process told = {
		.process = &held->process,
		.cgroup_id = held->process.cgroup_id ?: event->cgroup_id,
	};

	if (event->cgroup && told.cgroup_id == event->cgroup_id) {
		told.cgroup = event->cgroup;
		told.container = event->container;
	}
	socket->flags |= LIVE_HOLDER_TOLD;
	if (end)
		*end = (struct live_end){.endpoint = end->endpoint,
					 .fd = held->process.start_ns ? held->fd : -1,
					 .holders = held->count};
	if (!held->process.start_ns) {
		refer(model, &socket->holder, processes_at(&model->processes, 0));
		return;
	}
	refer(model, &socket->holder, processes_get(&model->processes, &told, event->record.time_ns));
	socket->flags = held->queued ? socket->flags | LIVE_IN_ACCEPT_QUEUE : socket->flags & ~LIVE_IN_ACCEPT_QUEUE;
	learn_owner(model, socket);
}

/* Where ends are not kept no grouping needs them together with a process. */
static void on_holder(struct model *model, const struct event *event)
{
	struct live_socket *socket = live_sockets_find(&model->sockets, event->record.id);
	struct group_subject from, to;

	if (!socket || !event->held || socket->state == STATE_TIME_WAIT)
		return;
	from = subject_of_socket(model, socket, NULL);
	((struct known_process *)from.process)->refs++;
	take_holder(model, socket, event);
	to = subject_of_socket(model, socket, NULL);
	if (from.process != to.process && socket->flags & LIVE_COUNTED)
		model_count_moved(model, &from, &to, socket, event->record.time_ns);
	((struct known_process *)from.process)->refs--;
}

void model_event(struct model *model, const struct event *event)
{
	switch (event->record.type) {
	case RECORD_SOCKET:
		on_socket(model, event);
		break;
	case RECORD_TRANSITION:
		on_transition(model, event);
		break;
	case RECORD_HOLDER:
		on_holder(model, event);
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
	uint64_t id, *gone = calloc(model->sockets.by_id.used + 1, sizeof(*gone));
	struct live_socket *socket;
	size_t cursor = 0, count = 0;

	while (gone && (socket = live_sockets_next(&model->sockets, &cursor, &id)))
		if (socket->flags & LIVE_DOUBTED)
			gone[count++] = id;
	while (count--) {
		struct group_subject subject;

		socket = live_sockets_find(&model->sockets, gone[count]);
		subject = subject_of_socket(model, socket, NULL);
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
