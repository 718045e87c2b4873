// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The filters on processes: who passes, decided once for each process, and again when names became known. */
#include "account/model_parts.h"
#include "filter/event_filter.h"

static enum verdict decide(const struct model *model, const struct known_process *process)
{
	static const enum verdict verdicts[] = {
		[NAMES_REJECT] = VERDICT_REJECT,
		[NAMES_PASS] = VERDICT_PASS,
		[NAMES_MISSING] = VERDICT_MISSING,
	};
	const struct known_cgroup *cgroup = processes_cgroup(&model->processes, process);

	return verdicts[process_decide(model->filter, &process->process, cgroup->path, &cgroup->container)];
}

enum verdict model_verdict(const struct model *model, const struct known_process *process)
{
	if (process->verdict == VERDICT_OPEN)
		((struct known_process *)process)->verdict = decide(model, process);
	return process->verdict;
}

/* Was any process waited for that passes by now? */
static bool decide_again(struct model *model)
{
	struct known_process *process;
	bool any = false;

	for (process = model->processes.by_process; process; process = process->hh.next) {
		if (process->verdict != VERDICT_MISSING)
			continue;
		process->verdict = decide(model, process);
		any |= process->verdict == VERDICT_PASS;
	}
	return any;
}

/* It passed all the time, only we could not know. */
static void count_late(struct model *model, struct live_socket *socket)
{
	struct endpoint room;
	struct group_subject subject = model_subject_of_socket(model, socket, NULL, &room);

	if (!model_passes(model, subject.process))
		return;
	model_count_in(model, &subject, socket, socket->state, socket->flags & LIVE_CAME ? ENTRY_CREATED : ENTRY_SEEDED);
	socket->flags &= ~LIVE_UNDECIDED;
}

static void count_undecided(struct model *model)
{
	struct live_socket *socket;
	size_t cursor = 0;

	while ((socket = live_sockets_next(&model->sockets, &cursor, NULL)))
		if ((socket->flags & (LIVE_UNDECIDED | LIVE_DOUBTED)) == LIVE_UNDECIDED)
			count_late(model, socket);
}

void model_complete(struct model *model, struct pod_names *names)
{
	unsigned int i;

	processes_complete(&model->processes, names);
	for (i = 0; i < model->n_groupings; i++)
		groups_complete(&model->groupings[i].groups, names);
	if (model->filter && decide_again(model))
		count_undecided(model);
	if (model->filter)
		model_present_decide(model);
}

const struct tick *model_tick(const struct model *model, const struct tick *tick, struct model_tick *room)
{
	if (!model->filter)
		return tick;
	room->tick = *tick;
	room->totals = (struct totals){
		.told = tick->totals->told,
		.transitions = model->transitions,
		.connect_failed = model->connect_failures[CONNECT_NO_PORT],
		.unseen_failures = tick->totals->unseen_failures,
		.time_wait_overflows = model->time_wait_overflows,
		.fin_wait2_timewait = FIN_WAIT2_NOT_KNOWN,
	};
	memcpy(room->totals.connect_failures, model->connect_failures, sizeof(model->connect_failures));
	memcpy(room->totals.states, model->totals, sizeof(model->totals));
	room->health = *tick->health;
	room->health.unknown = model->unknown;
	room->tick.totals = &room->totals;
	room->tick.health = &room->health;
	return &room->tick;
}
