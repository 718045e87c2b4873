// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What changes with time alone: ages, rates, groups that are forgotten. */
#include "account/model.h"
#include "util/number.h"
#include "util/tcp_state.h"

#define NSEC_PER_SEC 1000000000ULL
#define FORGET_NS (300 * NSEC_PER_SEC)
#define FORGET_CROWDED_NS (5 * NSEC_PER_SEC) /* when there is no room left */

static void forget_ages(struct group *group)
{
	unsigned int i;

	group->oldest_ns = 0;
	group->oldest_at_least = false;
	for (i = 0; i < group->n_accounts; i++) {
		histogram_clear(&group->accounts[i].open);
		group->accounts[i].open_at_least = 0;
	}
}

static void note_oldest(struct group *group, const struct live_socket *socket)
{
	if (socket->state != STATE_CLOSE_WAIT || (group->oldest_ns && group->oldest_ns <= socket->since_ns))
		return;
	group->oldest_ns = socket->since_ns;
	group->oldest_at_least = socket->flags & LIVE_AT_LEAST;
}

static void add_age(struct account *account, const struct live_socket *socket, uint64_t now_ns)
{
	histogram_add(&account->open, elapsed_ns(now_ns, socket->since_ns));
	account->open_at_least += !!(socket->flags & LIVE_AT_LEAST);
}

void model_age(struct model *model, unsigned int by, uint64_t now_ns, bool histograms)
{
	struct groups *groups = model_groups(model, by);
	struct live_socket *socket;
	struct group *group;
	size_t cursor = 0;

	if (!groups)
		return;
	forget_ages(groups->other);
	for (group = groups->table; group; group = group->hh.next)
		forget_ages(group);
	while ((socket = live_sockets_next(&model->sockets, &cursor, NULL))) {
		if (!(socket->flags & LIVE_COUNTED))
			continue;
		group = model_group_of(model, socket, by);
		note_oldest(group, socket);
		if (histograms)
			add_age(model_account(model, group, socket->state), socket, now_ns);
	}
}

static void for_each_group(struct model *model, void (*act)(struct group *group, double argument), double argument)
{
	struct group *group;
	unsigned int i;

	for (i = 0; i < model->n_groupings; i++) {
		act(model->groupings[i].groups.other, argument);
		for (group = model->groupings[i].groups.table; group; group = group->hh.next)
			act(group, argument);
	}
}

static void end_interval(struct group *group, double seconds)
{
	struct account *account;

	failures_end_interval(group->failures, seconds);
	if (group->present.accept_drops > group->drops_before)
		group->drops_ns = group->last_ns;
	group->drops_before = group->present.accept_drops;
	for (account = group->accounts; account < group->accounts + group->n_accounts; account++) {
		account->rate = account->came > account->came_before ? (account->came - account->came_before) / seconds : 0;
		account->came_before = account->came;
	}
}

void model_end_interval(struct model *model, double seconds, uint64_t present_seen_ns)
{
	model_settle(model, present_seen_ns);
	for_each_group(model, end_interval, seconds);
}

static void clear_dwell(struct group *group, double unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0; i < group->n_accounts; i++)
		histogram_clear(&group->accounts[i].dwell);
}

void model_clear_dwell(struct model *model)
{
	for_each_group(model, clear_dwell, 0);
}

static uint64_t before(uint64_t now_ns, uint64_t idle_ns)
{
	return now_ns > idle_ns ? now_ns - idle_ns : 0;
}

/* While a recount is on, groups of what is still to be told look closed. */
void model_forget(struct model *model, uint64_t now_ns)
{
	struct processes *processes = &model->processes;
	unsigned int i, forgotten = 0;

	if (model->recounting)
		return;
	for (i = 0; i < model->n_groupings; i++) {
		struct groups *groups = &model->groupings[i].groups;

		forgotten += groups_forget(
			groups, before(now_ns, groups_count(groups) < groups->max ? FORGET_NS : FORGET_CROWDED_NS),
			groups->by == model->told_by ? model->forgets : NULL, model->context);
	}
	if (forgotten)
		processes_forget_groups(processes);
	processes_forget(processes, before(now_ns, FORGET_NS));
}
