// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/asked.h"

#include <stdio.h>
#include <stdlib.h>

#include "attribute/programs.h"
#include "diagnose/services.h"
#include "util/shortage.h"

#define AGAIN_NS 4000000000ULL /* descriptors change */
#define NAMED_NS 1 /* of one that is named it has to be true */
#define FORGET_NS 300000000000ULL
#define FORGET_ENDED_NS 15000000000ULL /* there may be more and more of them */
#define ASKED_NAMED 70 /* room for those that are named */
#define MANY_DESCRIPTORS 2000 /* before Linux 6.2 they are read one by one to be counted: not at each look */
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

static bool is_known(const struct asked_process *asked, uint64_t now_ns, uint64_t again_ns)
{
	if (asked->facts.fds_known && asked->facts.fds > MANY_DESCRIPTORS && again_ns < AGAIN_NS)
		again_ns = AGAIN_NS;
	return asked->facts.ended || (asked->asked_ns && now_ns < asked->asked_ns + again_ns);
}

/* One that is gone keeps what was known of it, but for its descriptors. */
static void want(struct diagnosis *diagnosis, const struct process *process, uint64_t again_ns)
{
	uint64_t now_ns = diagnosis->scene.now_ns;
	struct asked_process *asked;

	if (!process->start_ns)
		return;
	asked = find(diagnosis, process);
	if (!asked && diagnosis->n_asked < (again_ns == NAMED_NS ? ASKED_MAX : ASKED_MAX - ASKED_NAMED))
		asked = add(diagnosis, process);
	if (!asked)
		return;
	asked->wanted_ns = now_ns;
	if (is_known(asked, now_ns, again_ns))
		return;
	asked->asked_ns = now_ns;
	asked->facts.process = *process;
	asked->facts.fds_known = asked->facts.ended = false;
	if (diagnosis->config.ask)
		diagnosis->config.ask(diagnosis->config.context, &asked->facts);
	else
		learn(&asked->facts, diagnosis->programs);
}

const struct process_facts *asked_now(struct diagnosis *diagnosis, const struct process *process)
{
	if (diagnosis->config.ask || diagnosis->programs)
		want(diagnosis, process, NAMED_NS);
	return asked_find(diagnosis, process);
}

static bool may_be_shared(const struct cause *cause)
{
	return cause->key.state == STATE_CLOSE_WAIT || (cause->key.state == STATE_FIN_WAIT2 && cause->key.held && !cause->key.small);
}

/* Of what several processes share none may have much. */
static void want_services(struct diagnosis *diagnosis)
{
	const struct scene *scene = &diagnosis->scene;
	struct services services;
	size_t i, k;

	services_find(&services, scene, may_be_shared);
	for (i = 0; i < services.count && services.list[i].count >= MUCH; i++)
		for (k = 0; k < cause_processes(&services.list[i]); k++)
			want(diagnosis, &scene_process(scene, cause_part(&services.list[i], k)->key.process)->process, AGAIN_NS);
	services_release(&services);
}

static void forget(struct diagnosis *diagnosis)
{
	struct asked_process *asked, *next;

	HASH_ITER(hh, diagnosis->asked, asked, next) {
		if (diagnosis->scene.now_ns < asked->wanted_ns + (asked->facts.ended ? FORGET_ENDED_NS : FORGET_NS))
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
			want(diagnosis, &destination->victims[i].process, AGAIN_NS);
	for (flow = diagnosis->flows.table; flow; flow = flow->hh.next)
		if (flow->counts[FLOW_STARTED] >= MUCH)
			want(diagnosis, &flow->process, AGAIN_NS);
	for (k = 0; k < diagnosis->causes.count && diagnosis->causes.sorted[k]->count >= MUCH; k++)
		want(diagnosis, &scene_process(&diagnosis->scene, diagnosis->causes.sorted[k]->key.process)->process, AGAIN_NS);
	want_services(diagnosis);
}

void asked_release(struct diagnosis *diagnosis)
{
	struct asked_process *asked, *next;

	HASH_ITER(hh, diagnosis->asked, asked, next) {
		HASH_DEL(diagnosis->asked, asked);
		free(asked);
	}
}
