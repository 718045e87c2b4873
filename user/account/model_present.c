// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is there now, whatever its state: counted in groups as it is told, and moved to whom it turns out to belong. */
#include "account/model_parts.h"

#include <stdlib.h>
#include <string.h>

#include "filter/event_filter.h"
#include "util/tcp_state.h"

/* What one socket adds to the counts of its groups. */
struct share {
	int64_t states[16];
	int64_t accept_queue, backlog;
	uint64_t drops;
};

static struct share share_of_socket(const struct present_socket *socket)
{
	struct share share = {};

	share.states[socket->base.state & 15] = 1;
	share.accept_queue = !!(socket->base.flags & PRESENT_IN_ACCEPT_QUEUE);
	return share;
}

static struct share share_of_listener(const struct listening_socket *listener)
{
	struct share share = {.backlog = listener->now.backlog};

	share.states[STATE_LISTEN] = 1;
	share.states[STATE_SYN_RECV] = listener->now.half_open;
	share.drops = listener->now.new_drops == LISTENER_NOT_KNOWN ? 0 : listener->now.new_drops;
	return share;
}

static void add_share(struct present_counts *counts, const struct share *share, int sign)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		counts->states[i] += sign * share->states[i];
	counts->accept_queue += sign * share->accept_queue;
	counts->accept_backlog += sign * share->backlog;
	counts->accept_drops += sign * share->drops;
}

uint32_t present_charged(const struct present_base *base)
{
	if (base->holder)
		return base->holder;
	return (is_closing_state(base->state) ? base->closer : 0) ?: base->owner;
}

static struct group_subject subject_of(const struct model *model, const struct present_base *base)
{
	return (struct group_subject){
		.process = processes_at(&model->processes, present_charged(base)),
		.endpoint = &base->endpoint,
		.side = base->side,
	};
}

/* A listener has no remote end: it is in no group of these. */
static bool has_place(const struct grouping *grouping, const struct present_base *base)
{
	unsigned int part;
	int key;

	for (part = 0; base->state == STATE_LISTEN && (key = group_by_key(grouping->groups.by, part)) >= 0; part++)
		if (key == GROUP_REMOTE)
			return false;
	return true;
}

static void count_in(struct model *model, struct present_base *base, uint32_t *groups, const struct share *share)
{
	struct group_subject subject = subject_of(model, base);
	struct group *group;
	unsigned int i;

	base->flags &= ~(PRESENT_COUNTED | PRESENT_UNDECIDED);
	if (!model_passes(model, subject.process)) {
		base->flags |= model_waits_for_names(model, subject.process) ? PRESENT_UNDECIDED : 0;
		return;
	}
	base->flags |= PRESENT_COUNTED;
	add_share(&model->present_counts, share, 1);
	for (i = 0; i < model->n_groupings; i++) {
		if (!has_place(&model->groupings[i], base))
			continue;
		group = groups_enter(&model->groupings[i].groups, &subject);
		groups[i] = group->index;
		add_share(&group->present, share, 1);
		group->present.held++;
		group->last_ns = model->now_ns;
		group_rename(group, subject.process);
	}
}

static void count_out(struct model *model, struct present_base *base, const uint32_t *groups, const struct share *share)
{
	struct group_subject subject = subject_of(model, base);
	struct group *group;
	unsigned int i;

	if (!(base->flags & PRESENT_COUNTED))
		return;
	base->flags &= ~PRESENT_COUNTED;
	add_share(&model->present_counts, share, -1);
	for (i = 0; i < model->n_groupings; i++) {
		struct groups *all = &model->groupings[i].groups;

		if (!has_place(&model->groupings[i], base))
			continue;
		group = groups_leave_from(all, groups_at(all, groups[i]), &subject);
		add_share(&group->present, share, -1);
		group->present.held--;
		group->last_ns = model->now_ns;
	}
}

void model_listener_count(struct model *model, struct listening_socket *listener, bool in)
{
	struct share share = share_of_listener(listener);

	if (in)
		count_in(model, &listener->base, listener->groups, &share);
	else
		count_out(model, &listener->base, listener->groups, &share);
}

static void refer(struct model *model, struct present_base *base, const struct event *event)
{
	const struct transition *record = &event->record;

	model_refer(model, &base->owner, model_process_entry(model, event, &record->owner));
	model_refer(model, &base->closer, model_process_entry(model, event, &record->closer));
}

static void let_go(struct model *model, struct present_base *base)
{
	const struct known_process *nobody = processes_at(&model->processes, 0);

	model_refer(model, &base->owner, nobody);
	model_refer(model, &base->closer, nobody);
	model_refer(model, &base->holder, nobody);
}

static unsigned int flags_of(const struct transition *record)
{
	return (record->flags & FLAG_IN_ACCEPT_QUEUE ? PRESENT_IN_ACCEPT_QUEUE : 0) |
	       (record->flags & FLAG_TIMEWAIT ? PRESENT_TIMEWAIT : 0);
}

/* A state that was told before goes on; the begin of one that was not is known only from the kernel side. */
static void settle_time(struct present_base *base, const struct transition *record, bool known)
{
	if (record->since_ns)
		base->since_ns = record->since_ns;
	else if (base->state != record->new_state)
		base->since_ns = record->time_ns;
	else
		return;
	base->flags &= ~PRESENT_AT_LEAST;
	if (!record->since_ns && !known)
		base->flags |= PRESENT_AT_LEAST;
}

static void settle(struct model *model, struct present_base *base, const struct event *event)
{
	const struct transition *record = &event->record;
	bool known = base->state != 0;

	if (!known)
		base->fd = -1;
	/* Out of the accept queue it is somebody else's; who closes it need not be who had it. */
	if ((base->flags & PRESENT_IN_ACCEPT_QUEUE && !(record->flags & FLAG_IN_ACCEPT_QUEUE)) ||
	    (known && is_closing_state(record->new_state) && !is_closing_state(base->state))) {
		model_refer(model, &base->holder, processes_at(&model->processes, 0));
		base->flags &= ~PRESENT_HOLDER_TOLD;
		base->fd = -1;
	}
	refer(model, base, event);
	settle_time(base, record, known);
	base->endpoint = record->endpoint;
	base->state = record->new_state;
	base->side = record->side;
	base->attribution = record->attribution;
	base->closed_by = record->closed_by;
	base->flags = (base->flags & (PRESENT_AT_LEAST | PRESENT_HOLDER_TOLD)) | flags_of(record);
}

static void forget_socket(struct model *model, struct present_socket *socket)
{
	struct share share = share_of_socket(socket);

	count_out(model, &socket->base, socket->groups, &share);
	let_go(model, &socket->base);
	present_forget(&model->present, socket->id);
}

void model_on_present(struct model *model, const struct event *event)
{
	struct present_tables *tables = &model->present;
	uint64_t id = event->record.id;
	struct kept_present *kept = id_map_find(&tables->sockets, id);
	struct present_socket socket;
	struct share share;

	if (!event->present || (event->present->gone && !kept))
		return;
	if (kept) {
		socket = present_shown(tables, id, kept);
		if (event->present->gone) {
			forget_socket(model, &socket);
			return;
		}
		share = share_of_socket(&socket);
		count_out(model, &socket.base, kept->groups, &share);
	} else {
		kept = id_map_put(&tables->sockets, id);
		if (!kept)
			return;
		socket = present_shown(tables, id, kept);
	}
	settle(model, &socket.base, event);
	socket.now = *event->present;
	share = share_of_socket(&socket);
	count_in(model, &socket.base, kept->groups, &share);
	if (!present_keep(tables, kept, &socket))
		return;
	forget_socket(model, &socket); /* better none than half of one */
}

static void forget_listener(struct model *model, uint64_t id, struct listening_socket *listener)
{
	model_listener_count(model, listener, false);
	let_go(model, &listener->base);
	id_map_remove(&model->present.listeners, id);
}

void model_on_listener(struct model *model, const struct event *event)
{
	uint64_t id = event->record.id;
	struct listening_socket *listener = id_map_find(&model->present.listeners, id);

	if (!event->listener || (event->listener->gone && !listener))
		return;
	if (event->listener->gone) {
		forget_listener(model, id, listener);
		return;
	}
	if (!listener) {
		listener = id_map_put(&model->present.listeners, id);
		if (!listener)
			return;
	} else {
		model_listener_count(model, listener, false);
	}
	settle(model, &listener->base, event);
	listener->now = *event->listener;
	model_drops_listener(model, listener, event->listener);
	model_listener_count(model, listener, true);
}

void model_on_namespace(struct model *model, const struct event *event)
{
	uint32_t netns = event->record.endpoint.netns;
	struct known_namespace *known;

	if (!event->namespace || !netns)
		return;
	known = id_map_put(&model->present.namespaces, netns);
	if (known)
		model_drops_namespace(model, netns, known, event->namespace);
}

/* Whose the descriptor is. Of those in an accept queue it is told together with the socket, whose listener is known better there. */
static void take_holder(struct model *model, struct present_base *base, const struct event *event)
{
	const struct held *held = event->held;
	bool is_held = held->process.start_ns && !held->queued;

	base->flags |= PRESENT_HOLDER_TOLD;
	base->fd = is_held ? held->fd : -1;
	base->holders = held->queued ? 0 : held->count;
	model_refer(model, &base->holder, is_held ? model_holder_of(model, event) : processes_at(&model->processes, 0));
}

static void move(struct model *model, struct present_base *base, uint32_t *groups, const struct share *share,
		 const struct event *event)
{
	struct known_process *from = processes_at(&model->processes, present_charged(base));

	from->refs++; /* stays good until it has moved */
	count_out(model, base, groups, share);
	take_holder(model, base, event);
	count_in(model, base, groups, share);
	from->refs--;
}

void model_present_holder(struct model *model, const struct event *event)
{
	struct kept_present *kept = id_map_find(&model->present.sockets, event->record.id);
	struct listening_socket *listener = id_map_find(&model->present.listeners, event->record.id);
	struct present_socket socket;
	struct share share;

	if (kept) {
		socket = present_shown(&model->present, event->record.id, kept);
		share = share_of_socket(&socket);
		move(model, &socket.base, kept->groups, &share, event);
		if (present_keep(&model->present, kept, &socket))
			forget_socket(model, &socket);
	}
	if (listener) {
		share = share_of_listener(listener);
		move(model, &listener->base, listener->groups, &share, event);
	}
}

/* Names became known: what waited for them may pass. */
void model_present_decide(struct model *model)
{
	struct listening_socket *listener;
	struct present_socket socket;
	struct kept_present *kept;
	struct share share;
	size_t cursor = 0;
	uint64_t id;

	while ((kept = id_map_next(&model->present.sockets, &cursor, &id)))
		if (kept->flags & PRESENT_UNDECIDED) {
			socket = present_shown(&model->present, id, kept);
			share = share_of_socket(&socket);
			count_in(model, &socket.base, kept->groups, &share);
			kept->flags = socket.base.flags;
		}
	cursor = 0;
	while ((listener = id_map_next(&model->present.listeners, &cursor, NULL)))
		if (listener->base.flags & PRESENT_UNDECIDED) {
			share = share_of_listener(listener);
			count_in(model, &listener->base, listener->groups, &share);
		}
}

bool model_present_find(const struct model *model, uint64_t id, struct present_socket *socket)
{
	const struct kept_present *kept = id_map_find(&model->present.sockets, id);

	if (kept)
		*socket = present_shown(&model->present, id, kept);
	return kept;
}

bool model_present_next(const struct model *model, size_t *cursor, struct present_socket *socket)
{
	uint64_t id;
	const struct kept_present *kept = id_map_next(&model->present.sockets, cursor, &id);

	if (kept)
		*socket = present_shown(&model->present, id, kept);
	return kept;
}

const struct listening_socket *model_listener_find(const struct model *model, uint64_t id)
{
	return id_map_find(&model->present.listeners, id);
}

const struct listening_socket *model_listener_next(const struct model *model, size_t *cursor, uint64_t *id)
{
	return id_map_next(&model->present.listeners, cursor, id);
}

const struct namespace_facts *model_namespace_find(const struct model *model, uint32_t netns)
{
	const struct known_namespace *known = id_map_find(&model->present.namespaces, netns);

	return known ? &known->facts : NULL;
}

const struct namespace_facts *model_namespace_next(const struct model *model, size_t *cursor, uint32_t *netns)
{
	uint64_t inode = 0;
	const struct known_namespace *known = id_map_next(&model->present.namespaces, cursor, &inode);

	if (netns)
		*netns = inode;
	return known ? &known->facts : NULL;
}

const struct known_process *model_present_process(const struct model *model, const struct present_base *base)
{
	return processes_at(&model->processes, present_charged(base));
}

static struct group *group_of(const struct model *model, const struct present_base *base, const uint32_t *groups,
			      unsigned int by)
{
	unsigned int i;

	for (i = 0; i < model->n_groupings; i++)
		if (model->groupings[i].groups.by == by && base->flags & PRESENT_COUNTED && has_place(&model->groupings[i], base))
			return groups_at(&model->groupings[i].groups, groups[i]);
	return NULL;
}

struct group *model_present_group(const struct model *model, const struct present_socket *socket, unsigned int by)
{
	return group_of(model, &socket->base, socket->groups, by);
}

struct group *model_listener_group(const struct model *model, const struct listening_socket *listener, unsigned int by)
{
	return group_of(model, &listener->base, listener->groups, by);
}

bool model_present_told(const struct model *model)
{
	return model->present_told;
}

bool model_listeners_told(const struct model *model)
{
	return model->listeners_told;
}

int64_t model_state_now(const struct model *model, const struct group *group, unsigned int state)
{
	state &= 15;
	if (model_counts(model, state))
		return state_totals_now(group ? &group->accounts[model->index[state]].count : &model->totals[state]);
	return group ? group->present.states[state] : model->present_counts.states[state];
}

bool model_peer(const struct model *model, const struct endpoint *endpoint, struct present_socket *peer)
{
	uint64_t id = present_peer(&model->present, endpoint);

	return id && model_present_find(model, id, peer);
}

static void take_cgroup(const struct model *model, struct event *event, uint32_t process)
{
	const struct known_cgroup *cgroup = processes_at(&model->processes, process)->cgroup;

	event->cgroup_id = cgroup->id;
	event->cgroup = cgroup->path;
	event->container = &cgroup->container;
}

static struct process known_process(const struct model *model, uint32_t index)
{
	const struct process *process = &processes_at(&model->processes, index)->process;

	return process->start_ns ? *process : (struct process){};
}

struct event model_present_event(const struct model *model, uint64_t id, const struct present_base *base, unsigned int type)
{
	struct event event = {
		.record =
			{
				.type = type,
				.id = id,
				.old_state = base->state,
				.new_state = base->state,
				.side = base->side,
				.closed_by = base->closed_by,
				.attribution = base->attribution,
				.flags = (base->flags & PRESENT_IN_ACCEPT_QUEUE ? FLAG_IN_ACCEPT_QUEUE : 0) |
					 (base->flags & PRESENT_TIMEWAIT ? FLAG_TIMEWAIT : 0),
				.since_ns = base->flags & PRESENT_AT_LEAST ? 0 : base->since_ns,
				.endpoint = base->endpoint,
				.owner = known_process(model, base->owner),
				.closer = known_process(model, base->closer),
			},
	};

	take_cgroup(model, &event, present_charged(base));
	return event;
}

bool model_present_held(const struct model *model, uint64_t id, struct event *event, struct held *held)
{
	const struct listening_socket *listener = model_listener_find(model, id);
	struct present_socket socket;
	const struct present_base *base = model_present_find(model, id, &socket) ? &socket.base : listener ? &listener->base : NULL;

	if (!base || !(base->flags & PRESENT_HOLDER_TOLD) || base->flags & PRESENT_IN_ACCEPT_QUEUE)
		return false;
	*held = (struct held){ .process = known_process(model, base->holder), .count = base->holders, .fd = base->fd };
	event->held = held;
	take_cgroup(model, event, base->holder);
	return true;
}
