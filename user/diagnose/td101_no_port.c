// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* connect() fails since all local ports to a destination are used. */
#include <math.h>
#include <string.h>

#include "attribute/process.h"
#include "diagnose/codes.h"
#include "diagnose/port_words.h"

static uint64_t failures_of(const struct destination *destination)
{
	uint64_t sum = destination->other_victims;
	unsigned int i;

	for (i = 0; i < destination->n_victims; i++)
		sum += destination->victims[i].failures;
	return sum;
}

/* Of processes of one program, as one that is started again and again, all are the victim. */
static bool is_same_victim(const struct scene *scene, const struct port_victim *victim, const struct port_victim *told)
{
	return victim == told || (victim_is_recent(scene, victim) && processes_are_alike(&victim->process, &told->process));
}

static struct many victims_like(const struct scene *scene, const struct destination *destination, const struct port_victim *told)
{
	struct many many = { .process = &told->process };
	unsigned int i;

	for (i = 0; i < destination->n_victims; i++)
		if (is_same_victim(scene, &destination->victims[i], told)) {
			many_add(&many, scene, &destination->victims[i].process);
			many.more |= destination->victims[i].more;
		}
	return many;
}

static void title(struct finding *finding, const struct scene *scene, const struct destination *destination, const struct many *victims)
{
	words who, to, from, holders;

	words_many(who, scene, victims);
	words_remote(to, destination->key.remote_addr, destination->key.remote_port);
	words_address(from, destination->key.local_addr);
	if (!destination->known)
		finding_title(finding, "%s cannot connect to %s from %s: no local port is free for it (%u in use, %s)", who, to, from,
			      destination->sockets, holder_words(holders, scene, destination));
	else if (destination->headroom.usable)
		finding_title(finding, "%s could not connect to %s from %s: there was no free local port; now %u of %u are free", who, to,
			      from, destination->headroom.usable, destination->headroom.capacity);
	else if (!destination->headroom.capacity)
		finding_title(finding, "%s cannot connect to %s from %s: the %u ports that connect() may choose are all blocked or reserved", who,
			      to, from, destination->headroom.blocked + destination->headroom.reserved);
	else
		finding_title(finding, "%s cannot connect to %s from %s: all %u local ports are used, %s", who, to, from,
			      destination->headroom.capacity, holder_words(holders, scene, destination));
}

/* Who else fails on the same ports. */
static void also(struct finding *finding, const struct scene *scene, const struct destination *destination,
		 const struct port_victim *told)
{
	const struct port_victim *victim;
	words name;

	for (victim = destination->victims; victim < destination->victims + destination->n_victims; victim++)
		if (!is_same_victim(scene, victim, told) && victim_is_recent(scene, victim))
			finding_also(finding, words_process(name, scene, &victim->process), &victim->process, victim->failures);
	finding_also_sort(finding);
	if (destination->other_victims)
		finding_also(finding, "further processes", NULL, destination->other_victims);
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct destination *destination,
		  const struct port_victim *victim)
{
	struct finding *finding = verdicts_add(verdicts, TD101, SEVERITY_NOW);
	struct many victims;
	words to;

	if (!finding)
		return;
	victims = victims_like(scene, destination, victim);
	title(finding, scene, destination, &victims);
	finding_about(finding, scene, &victim->process, NULL);
	finding_of_program(finding, &victim->process, victims.processes);
	destination_subject(finding, scene, destination);
	words_remote(to, destination->key.remote_addr, destination->key.remote_port);
	finding->weight = victim->failures;
	/* A port was free when a connection was opened. Where none was, one that tries now and then may have failed before the run. */
	finding->since_at_least = !destination->counts.opened && scene->now_ns < scene->begin_ns + VICTIM_RECENT_NS;
	finding_evidence(finding, "failures", failures_of(destination), "connects", "tcpdwell ports --remote %s", to);
	also(finding, scene, destination, victim);
	finding_evidence(finding, "failure_rate", destination->rates.failures, "a second", NULL);
	destination_evidence(finding, scene, destination);
	destination_changes(finding, scene, destination);
	ports_useless(finding, scene, destination);
}

void td101_no_port(const struct scene *scene, struct verdicts *verdicts)
{
	const struct destination *destination;
	const struct port_victim *victim;

	for (destination = scene->ports->destinations.by_key; destination; destination = destination->hh.next) {
		victim = destination_victim(scene, destination);
		if (victim && failures_of(destination) >= scene_threshold(scene, TD101_FAILURES))
			judge(scene, verdicts, destination, victim);
	}
}
