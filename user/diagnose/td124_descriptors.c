// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A process has few descriptors left, or several of one program. */
#include <stdio.h>

#include "attribute/program.h"
#include "diagnose/codes.h"
#include "diagnose/kinds.h"
#include "diagnose/software.h"

struct sockets {
	uint32_t sum, by_state[16];
};

static struct sockets sockets_of(const struct scene *scene, uint32_t process)
{
	struct sockets sockets = {};
	const struct cause *cause;

	for (cause = scene->causes->table; cause; cause = cause->hh.next)
		if (cause->key.process == process && cause->key.held && !cause->key.queued && cause->key.state != STATE_TIME_WAIT &&
		    !cause->key.small) {
			sockets.sum += cause->count;
			sockets.by_state[cause->key.state & 15] += cause->count;
		}
	return sockets;
}

static bool is_near(const struct scene *scene, const struct process_facts *facts)
{
	return facts && facts->fds_known && facts->fds_limit != UINT64_MAX && facts->fds >= facts->fds_limit * scene_threshold(scene, TD124_SHARE);
}

static void title(struct finding *finding, const struct scene *scene, const struct many *many, const struct process_facts *facts,
		  const struct sockets *sockets)
{
	const char *fails = descriptors_are_full(facts->fds, facts->fds_limit) ? ", and gets \"Too many open files\"" : "";
	words who, states;
	char of[32] = "";

	words_many(who, scene, many);
	words_states(states, sockets->by_state);
	if (many->processes > 1)
		snprintf(of, sizeof(of), ": the fullest, %u,", many->process->pid);
	finding_title(finding, "%s%s has %llu of %llu descriptors open%s: %u are TCP sockets%s%s", who, of, (unsigned long long)facts->fds,
		      (unsigned long long)facts->fds_limit, fails, sockets->sum, sockets->sum ? ", " : "", states);
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct many *many, const struct process_facts *facts,
		  const struct sockets *sockets)
{
	bool full = descriptors_are_full(facts->fds, facts->fds_limit);
	struct finding *finding = verdicts_add(verdicts, TD124, full ? SEVERITY_NOW : SEVERITY_NOTE);
	uint32_t pid = many->process->pid;

	if (!finding)
		return;
	title(finding, scene, many, facts, sockets);
	many_subject(finding, scene, many);
	finding->weight = (double)facts->fds / facts->fds_limit;
	finding_evidence(finding, "descriptors", facts->fds, "", "ls /proc/%u/fd | wc -l", pid);
	finding_evidence(finding, "descriptors_limit", facts->fds_limit, "", "grep files /proc/%u/limits", pid);
	if (many->processes > 1)
		finding_evidence(finding, "processes", many->processes, "processes", NULL);
	finding_evidence(finding, "sockets", sockets->sum, "sockets", "ss -tanp | grep pid=%u,", pid);
	finding_evidence(finding, "close_wait", sockets->by_state[STATE_CLOSE_WAIT], "sockets", "tcpdwell leaks -p %u", pid);
	if (sockets->by_state[STATE_CLOSE_WAIT] * 2 > sockets->sum)
		finding_change(finding, "close what is in CLOSE_WAIT: most of its sockets are connections that their peers have closed");
	if (software_of(many->process) == SOFTWARE_MEMCACHED)
		finding_change(finding, "memcached: a larger -c: it sets its own limit from it, whatever nofile is");
	else if (software_of(many->process) == SOFTWARE_NGINX)
		finding_change(finding, "nginx: worker_rlimit_nofile, if all of them are in use; it goes before the unit's LimitNOFILE=");
	else
		finding_change(finding, "raise nofile (LimitNOFILE= of its unit, prlimit --pid %u --nofile) if all of them are in use", pid);
}

/* Those of its processes that are near their limits: the fullest tells. */
static void judge_kind(const struct scene *scene, struct verdicts *verdicts, const struct kinds *kinds, const struct kind *kind)
{
	const struct process_facts *facts, *fullest = NULL;
	struct sockets sockets, its = {};
	struct many many = {};
	size_t i;

	for (i = kind->first; i < kind->end; i++) {
		const struct known_process *known = kinds->members[i].known;

		facts = scene_facts(scene, &known->process);
		sockets = is_near(scene, facts) ? sockets_of(scene, kinds->members[i].process) : (struct sockets){};
		if (!sockets.sum)
			continue;
		many_add(&many, scene, &known->process);
		if (fullest && descriptors_left(facts->fds, facts->fds_limit) >= descriptors_left(fullest->fds, fullest->fds_limit))
			continue;
		fullest = facts;
		its = sockets;
		many.process = &known->process;
		many.known = known;
	}
	if (fullest)
		judge(scene, verdicts, &many, fullest, &its);
}

void td124_descriptors(const struct scene *scene, struct verdicts *verdicts)
{
	struct kinds kinds;
	size_t i;

	kinds_find(&kinds, scene);
	for (i = 0; i < kinds.count; i++)
		judge_kind(scene, verdicts, &kinds, &kinds.list[i]);
	kinds_release(&kinds);
}
