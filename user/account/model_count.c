// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counting in every grouping at once. */
#include "account/model_parts.h"

/* The group is remembered with the process where it is told by that, else with the socket: of ~other (0) it is not known what for. */
static struct group *group_enter(struct grouping *grouping, const struct group_subject *subject,
				 struct live_socket *socket)
{
	struct group **known =
		grouping->of_process ? &((struct known_process *)subject->process)->groups[grouping->slot] : NULL;
	uint32_t stays = !known && subject->stays ? socket->groups[grouping->slot] : 0;
	struct group *group = known ? *known : NULL;

	if (stays)
		group = groups_at(&grouping->groups, stays);
	if (!group)
		group = groups_enter(&grouping->groups, subject);
	if (known && group->index)
		*known = group;
	if (!known && socket)
		socket->groups[grouping->slot] = group->index;
	return group;
}

static struct group *group_leave(struct grouping *grouping, const struct group_subject *subject,
				 struct live_socket *socket)
{
	struct groups *groups = &grouping->groups;

	if (grouping->of_process)
		return subject->process->groups[grouping->slot] ?: groups_leave(groups, subject);
	return socket ? groups_leave_from(groups, groups_at(groups, socket->groups[grouping->slot]), subject)
		      : groups_leave(groups, subject);
}

static void count_entry(struct state_totals *count, enum entry entry)
{
	switch (entry) {
	case ENTRY_CREATED:
		count->created++;
		break;
	case ENTRY_SEEDED:
		count->seeded++;
		break;
	case ENTRY_MOVED:
		count->moved_in++;
		break;
	}
}

static void grow(struct account *account, int64_t change)
{
	account->came += change;
	account->grown += change;
}

/* Does a group grow by it? It did already by one that is told again. */
static bool grows(const struct live_socket *socket, enum entry entry)
{
	return socket ? (socket->flags & (LIVE_CAME | LIVE_DOUBTED)) == LIVE_CAME : entry == ENTRY_CREATED;
}

void model_count_in(struct model *model, const struct group_subject *subject, struct live_socket *socket,
		    unsigned int state, enum entry entry)
{
	unsigned int i;

	count_entry(&model->totals[state], entry);
	for (i = 0; i < model->n_groupings; i++) {
		struct group *group = group_enter(&model->groupings[i], subject, socket);
		struct account *account = &group->accounts[model->index[state]];

		count_entry(&account->count, entry);
		grow(account, grows(socket, entry));
		group->last_ns = model->now_ns;
		group->held += socket != NULL;
		if (entry == ENTRY_MOVED)
			group_rename(group, subject->process);
	}
	if (socket)
		socket->flags |= LIVE_COUNTED;
}

void model_count_out(struct model *model, const struct group_subject *subject, struct live_socket *socket,
		     unsigned int state, uint64_t dwell_ns)
{
	unsigned int i;

	model->totals[state].left++;
	for (i = 0; i < model->n_groupings; i++) {
		struct grouping *grouping = &model->groupings[i];
		struct group *group = group_leave(grouping, subject, socket);
		struct account *account = &group->accounts[model->index[state]];

		account->count.left++;
		account->grown--;
		if (dwell_ns != DWELL_UNKNOWN && model->left && grouping->groups.by == model->told_by)
			model->left(model->context, group, state, dwell_ns);
		else if (dwell_ns != DWELL_UNKNOWN && grouping->dwells & 1U << state)
			histogram_add(&account->dwell, dwell_ns);
		group->last_ns = model->now_ns;
		group->held -= socket != NULL;
	}
	if (socket)
		socket->flags &= ~LIVE_COUNTED;
}

void model_count_away(struct model *model, const struct group_subject *subject, struct live_socket *socket)
{
	unsigned int i;

	model->totals[socket->state].moved_out++;
	for (i = 0; i < model->n_groupings; i++) {
		struct group *group = group_leave(&model->groupings[i], subject, socket);
		struct account *account = &group->accounts[model->index[socket->state]];

		account->count.moved_out++;
		grow(account, -!!(socket->flags & LIVE_CAME));
		group->last_ns = model->now_ns;
		group->held--;
	}
	socket->flags &= ~LIVE_COUNTED;
}

static void move(const struct model *model, struct group *from, struct group *to, const struct live_socket *socket)
{
	unsigned int index = model->index[socket->state];
	int64_t came = !!(socket->flags & LIVE_CAME);

	from->accounts[index].count.moved_out++;
	grow(&from->accounts[index], -came);
	from->held--;
	from->last_ns = model->now_ns;
	to->accounts[index].count.moved_in++;
	grow(&to->accounts[index], came);
	to->held++;
	to->last_ns = model->now_ns;
}

void model_count_happened(struct model *model, const struct event *event, const struct group_subject *subject)
{
	unsigned int i;

	for (i = 0; i < model->n_groupings; i++) {
		struct group *group = groups_get(&model->groupings[i].groups, subject);

		if (event->record.type == RECORD_CONNECT_FAILED) {
			group->connect_failures[event_connect_failure(event)]++;
			failures_count(&group->failures, event);
		}
		group->time_wait_overflows += event_overflows(event);
		group->last_ns = model->now_ns;
	}
}

static bool is_of_ends(const struct grouping *grouping)
{
	return group_by_key(grouping->groups.by, 1) < 0 && !grouping->of_process;
}

void model_count_moved(struct model *model, const struct group_subject *from, const struct group_subject *to,
		       struct live_socket *socket)
{
	unsigned int i;

	for (i = 0; i < model->n_groupings; i++) {
		struct grouping *grouping = &model->groupings[i];
		struct group *before, *after;

		if (is_of_ends(grouping))
			continue;
		before = group_leave(grouping, from, socket);
		after = group_enter(grouping, to, socket);
		if (before != after)
			move(model, before, after, socket);
		group_rename(after, to->process);
	}
}

/* Where it is counted, without a change. */
static struct group *group_of(const struct grouping *grouping, const struct group_subject *subject,
			      const struct live_socket *socket)
{
	if (!grouping->of_process)
		return groups_at(&grouping->groups, socket->groups[grouping->slot]);
	return subject->process->groups[grouping->slot] ?: groups_of(&grouping->groups, subject);
}

void model_count_dropped(struct model *model, const struct group_subject *subject, struct live_socket *socket)
{
	unsigned int i;

	if (!socket || !(socket->flags & LIVE_COUNTED))
		return;
	for (i = 0; i < model->n_groupings; i++)
		group_of(&model->groupings[i], subject, socket)->held--;
	socket->flags &= ~LIVE_COUNTED;
}

void model_count_gone(struct model *model, const struct group_subject *subject, struct live_socket *socket)
{
	unsigned int i;

	for (i = 0; i < model->n_groupings; i++)
		group_of(&model->groupings[i], subject, socket)->accounts[model->index[socket->state]].grown--;
}

static int grouping_index(const struct model *model, unsigned int by)
{
	unsigned int i;

	for (i = 0; i < model->n_groupings; i++)
		if (model->groupings[i].groups.by == by)
			return i;
	return -1;
}

struct groups *model_groups(struct model *model, unsigned int by)
{
	int i = grouping_index(model, by);

	return i < 0 ? NULL : &model->groupings[i].groups;
}

struct group *model_group_of(const struct model *model, const struct live_socket *socket, unsigned int by)
{
	const struct grouping *grouping = &model->groupings[grouping_index(model, by)];
	struct group_subject subject = {.process = processes_at(&model->processes, live_socket_charged(socket))};

	return socket->flags & LIVE_COUNTED ? group_of(grouping, &subject, socket) : grouping->groups.other;
}

struct group *model_group_of_event(struct model *model, const struct event *event, unsigned int by)
{
	int i = grouping_index(model, by);
	struct group_subject subject;
	struct known_process *process;
	struct group *group;

	if (i < 0 || !model->groupings[i].of_process)
		return NULL;
	subject = model_subject_of_event(model, event, event_state(event));
	process = (struct known_process *)subject.process;
	group = process->groups[model->groupings[i].slot] ?: groups_get(&model->groupings[i].groups, &subject);
	if (group->index)
		process->groups[model->groupings[i].slot] = group;
	group->last_ns = model->now_ns;
	return group;
}
