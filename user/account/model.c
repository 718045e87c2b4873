// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events come in: what enters a state, what leaves it, and what is remembered of it meanwhile. */
#include "account/model.h"

#include <stdlib.h>
#include <string.h>

#include "account/model_parts.h"
#include "filter/filter.h"
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
		grouping->dwells = config->dwells[i] ?: ~0U;
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
			if (key == GROUP_CONTAINER || key == GROUP_POD || key == GROUP_UNIT || key == GROUP_WORKLOAD)
				return true;
	return false;
}

/* A socket may come through the filter later, and is counted only then. */
static bool has_grouping_of_ends(const struct model_config *config)
{
	unsigned int i;

	for (i = 0; i < config->n_groupings; i++)
		if (!group_by_is_of_process(config->groupings[i]))
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
	const struct filter *filter = config->filter && filter_has_processes(config->filter) ? config->filter : NULL;
	bool keep_ends = config->keep_ends || has_pair_with_ends(config) || (filter && has_grouping_of_ends(config));
	unsigned int slots[2] = {};
	int err;

	if (!model)
		return NULL;
	model->filter = filter;
	model->followed = config->followed;
	model->only_follows = config->only_follows;
	model->told_by = config->told_by;
	model->left = config->left;
	model->forgets = config->forgets;
	model->context = config->context;
	if (is_by_names(config) || (filter && filter_has_cgroups(filter)))
		model->followed |= config->states & 1U << STATE_TIME_WAIT;
	err = groupings_init(model, config, slots);
	model->needs_ends = slots[false] != 0;
	model->needs_processes = keep_ends || slots[true] || filter;
	model->needs_closers = model->needs_processes && (keep_ends || model->followed & ~(1U << STATE_CLOSE_WAIT));
	model->needs_subjects = model->n_groupings || filter;
	present_tables_init(&model->present, model->n_groupings);
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
	present_tables_release(&model->present);
	processes_release(&model->processes);
	free(model);
}

struct account *model_account(const struct model *model, struct group *group, unsigned int state)
{
	return model_counts(model, state & 15) ? &group->accounts[model->index[state & 15]] : NULL;
}

/* The cgroup of an event is of the process that is charged for it; where none is known, perhaps of the socket. */
struct known_process *model_process_entry(struct model *model, const struct event *event, const struct process *process)
{
	struct told_process told = {
		.process = process,
		.cgroup_id = process->start_ns ? process->cgroup_id : event->record.socket_cgroup_id,
	};

	if (!told.cgroup_id && process == event_charged(event, event_state(event)))
		told.cgroup_id = event->cgroup_id;
	if (event->cgroup && told.cgroup_id == event->cgroup_id) {
		told.cgroup = event->cgroup;
		told.container = event->container;
	}
	return processes_get(&model->processes, &told, event->record.time_ns);
}

struct known_process *model_process(struct model *model, const struct event *event, const struct process *process)
{
	return model->needs_processes ? model_process_entry(model, event, process) : processes_at(&model->processes, 0);
}

struct group_subject model_charged_by_event(struct model *model, const struct event *event, unsigned int state)
{
	return (struct group_subject){
		.process = model_process(model, event, event_charged(event, state)),
		.endpoint = &event->record.endpoint,
		.side = event->record.side,
	};
}

struct group_subject model_charged_for_socket(const struct model *model, const struct live_socket *socket,
					       const struct endpoint *endpoint, struct endpoint *room)
{
	bool kept = room && model->needs_ends && live_socket_endpoint(&model->sockets, socket, room);

	return (struct group_subject){
		.process = processes_at(&model->processes, live_socket_charged(socket)),
		.endpoint = kept ? room : endpoint,
		.side = socket->side,
	};
}

/* Takes the place of a reference. */
void model_refer(struct model *model, uint32_t *reference, const struct known_process *process)
{
	struct known_process *before = processes_at(&model->processes, *reference);

	((struct known_process *)process)->refs++;
	before->refs--;
	*reference = process->index;
}

