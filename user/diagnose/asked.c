// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/asked.h"

#include <stdio.h>
#include <stdlib.h>

#include "attribute/programs.h"
#include "util/shortage.h"

#define AGAIN_NS 4000000000ULL /* descriptors change */
#define FORGET_NS 300000000000ULL
#define MUCH 3 /* sockets, or connects: of processes with fewer no rule speaks */

struct asked_process {
	struct {
		uint64_t start_ns;
		uint32_t pid, padding;
	} key;
	struct process_facts facts;
	uint64_t asked_ns, wanted_ns;
	UT_hash_handle hh;
};

static struct asked_process *find(const struct diagnosis *diagnosis, const struct process *process)
{
	struct asked_process *asked, probe = { .key = { process->start_ns, process->pid ?: process->ns_pid, 0 } };

	HASH_FIND(hh, diagnosis->asked, &probe.key, sizeof(probe.key), asked);
	return asked;
}

const struct process_facts *asked_find(const struct diagnosis *diagnosis, const struct process *process)
{
	struct asked_process *asked = find(diagnosis, process);

	return asked ? &asked->facts : NULL;
}

static struct asked_process *add(struct diagnosis *diagnosis, const struct process *process)
{
	struct asked_process *asked = shortage_noted(calloc(1, sizeof(*asked)));

	if (!asked)
		return NULL;
	asked->key.start_ns = process->start_ns;
	asked->key.pid = process->pid ?: process->ns_pid;
	HASH_ADD(hh, diagnosis->asked, key, sizeof(asked->key), asked);
	if (asked->hh.tbl) {
		diagnosis->n_asked++;
		return asked;
	}
	free(asked);
	return NULL;
}

static void learn(struct process_facts *facts, struct programs *programs)
{
	const char *program = programs_find(programs, &facts->process);

	if (program)
		snprintf(facts->program, sizeof(facts->program), "%s", program);
}

/* One that is gone keeps what was known of it, but for its descriptors. */
static void want(struct diagnosis *diagnosis, const struct process *process)
{
	uint64_t now_ns = diagnosis->scene.now_ns;
	struct asked_process *asked;

	if (!process->start_ns)
		return;
	asked = find(diagnosis, process);
	if (!asked && diagnosis->n_asked < ASKED_MAX)
		asked = add(diagnosis, process);
	if (!asked)
		return;
	asked->wanted_ns = now_ns;
	if (asked->asked_ns && now_ns < asked->asked_ns + AGAIN_NS)
		return;
	asked->asked_ns = now_ns;
	asked->facts.process = *process;
	asked->facts.fds_known = false;
	if (diagnosis->config.ask)
		diagnosis->config.ask(diagnosis->config.context, &asked->facts);
	else
		learn(&asked->facts, diagnosis->programs);
}

static void forget(struct diagnosis *diagnosis)
{
	struct asked_process *asked, *next;

	HASH_ITER(hh, diagnosis->asked, asked, next) {
		if (diagnosis->scene.now_ns < asked->wanted_ns + FORGET_NS)
			continue;
		HASH_DEL(diagnosis->asked, asked);
		free(asked);
		diagnosis->n_asked--;
	}
}

void asked_ask(struct diagnosis *diagnosis)
{
	const struct destination *destination;
	const struct flow *flow;
	unsigned int i;
	size_t k;

	if (!diagnosis->config.ask && !diagnosis->programs)
		return;
	forget(diagnosis);
	for (destination = diagnosis->ports.destinations.by_key; destination; destination = destination->hh.next)
		for (i = 0; i < destination->n_victims; i++)
			want(diagnosis, &destination->victims[i].process);
	for (flow = diagnosis->flows.table; flow; flow = flow->hh.next)
		if (flow->counts[FLOW_STARTED] >= MUCH)
			want(diagnosis, &flow->process);
	for (k = 0; k < diagnosis->causes.count && diagnosis->causes.sorted[k]->count >= MUCH; k++)
		want(diagnosis, &scene_process(&diagnosis->scene, diagnosis->causes.sorted[k]->key.process)->process);
}

void asked_release(struct diagnosis *diagnosis)
{
	struct asked_process *asked, *next;

	HASH_ITER(hh, diagnosis->asked, asked, next) {
		HASH_DEL(diagnosis->asked, asked);
		free(asked);
	}
}
