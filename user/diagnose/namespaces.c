// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/namespaces.h"

#include <stdio.h>
#include <string.h>

uint64_t namespace_grown(const struct scene *scene, uint32_t netns, enum namespace_counter counter)
{
	return trends_grown(scene->trends, trend_key(TREND_NAMESPACE, netns, counter));
}

bool namespace_setting(const struct namespace_facts *facts, enum namespace_setting setting, int64_t *value)
{
	if (facts->settings[setting].known != NS_KNOWN || !facts->settings[setting].count)
		return false;
	*value = facts->settings[setting].value[0];
	return true;
}

bool namespace_gauge(const struct namespace_facts *facts, enum namespace_gauge gauge, uint64_t *value)
{
	if (facts->gauges[gauge].known != NS_KNOWN)
		return false;
	*value = facts->gauges[gauge].total;
	return true;
}

const struct namespace_facts *scene_machine(const struct scene *scene, uint32_t *netns)
{
	const struct namespace_facts *facts, *any = NULL;
	size_t cursor = 0;
	uint32_t number;

	while ((facts = model_namespace_next(scene_model(scene), &cursor, &number))) {
		if (any && !facts->is_first)
			continue;
		any = facts;
		*netns = number;
	}
	return any;
}

const char *words_netns(char out[48], uint32_t netns, const struct namespace_facts *facts)
{
	out[0] = '\0';
	if (!facts->is_own)
		snprintf(out, 48, " in network namespace %u", netns);
	return out;
}

/*
 * Is it in that namespace itself? One that opens sockets there may have left it since, or work for others. Asked of those that are asked
 * at all; of others it is taken as likely, but less so than what is known.
 */
enum residence { RESIDES_NOT, RESIDES_PERHAPS, RESIDES };

static enum residence residence_of(const struct scene *scene, const struct process *process, uint32_t netns)
{
	const struct process_facts *facts = process->pid ? scene_facts(scene, process) : NULL;

	if (!process->pid)
		return RESIDES_NOT;
	if (!facts || !facts->netns)
		return facts && facts->ended ? RESIDES_NOT : RESIDES_PERHAPS;
	return facts->netns == netns ? RESIDES : RESIDES_NOT;
}

struct resident {
	uint32_t pid; /* 0: none is known */
	enum residence is;
};

static void consider(struct resident *best, const struct scene *scene, const struct process *process, uint32_t netns)
{
	enum residence is = residence_of(scene, process, netns);

	if (is > best->is && !(is == RESIDES_PERHAPS && scene_ended(scene, process)))
		*best = (struct resident){ process->pid, is };
}

/* The finding's own process, else one that has a socket there which is open, or opens some. */
static uint32_t resident(const struct scene *scene, const struct subject *subject)
{
	const struct process own = { .start_ns = subject->start_ns, .pid = subject->start_ns ? subject->pid : 0 };
	uint32_t netns = subject->netns;
	struct resident best = {};
	const struct flow *flow;
	size_t i;

	consider(&best, scene, &own, netns);
	for (i = 0; i < scene->causes->count && best.is < RESIDES; i++) {
		const struct cause_key *key = &scene->causes->sorted[i]->key;

		if (key->netns == netns && key->state != STATE_TIME_WAIT)
			consider(&best, scene, &scene_process(scene, key->process)->process, netns);
	}
	for (flow = scene->flows->table; flow && best.is < RESIDES; flow = flow->hh.next)
		if (flow->key.netns == netns)
			consider(&best, scene, &flow->process, netns);
	return best.pid;
}

/* What it shows or sets depends on the network namespace that it is called in. */
static bool acts_on_namespace(const char *command)
{
	static const char *const begins[] = { "ss ", "sysctl ", "nstat ", "cat /proc/net/", "cat /proc/sys/net/" };
	size_t i;

	for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (!strncmp(command, begins[i], strlen(begins[i])))
			return true;
	return false;
}

static void enter(char *command, size_t size, const char *prefix)
{
	size_t length = strlen(prefix), rest = strlen(command);

	if (!acts_on_namespace(command))
		return;
	if (rest + length >= size)
		rest = size - length - 1;
	memmove(command + length, command, rest);
	memcpy(command, prefix, length);
	command[length + rest] = '\0';
}

void finding_enter(struct finding *finding, const struct scene *scene)
{
	const struct namespace_facts *facts = model_namespace_find(scene_model(scene), finding->subject.netns);
	char prefix[32] = "nsenter -t PID -n ";
	unsigned int i;

	if (!finding->subject.netns || !facts || facts->is_own)
		return;
	finding->elsewhere = true;
	finding->enter_pid = resident(scene, &finding->subject);
	if (finding->enter_pid)
		snprintf(prefix, sizeof(prefix), "nsenter -t %u -n ", finding->enter_pid);
	for (i = 0; i < finding->n_evidence; i++)
		enter(finding->evidence[i].command, sizeof(finding->evidence[i].command), prefix);
	for (i = 0; i < finding->n_changes; i++)
		enter(finding->changes[i], sizeof(finding->changes[i]), prefix);
}
