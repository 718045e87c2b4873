// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A process has few descriptors left. */
#include "attribute/program.h"
#include "diagnose/codes.h"
#include "diagnose/software.h"
#include "diagnose/words.h"

struct sockets {
	uint32_t process, sum, by_state[16];
};

static struct sockets sockets_of(const struct scene *scene, uint32_t process)
{
	struct sockets sockets = { .process = process };
	const struct cause *cause;

	for (cause = scene->causes->table; cause; cause = cause->hh.next)
		if (cause->key.process == process && cause->key.held && !cause->key.queued && cause->key.state != STATE_TIME_WAIT &&
		    !cause->key.small) {
			sockets.sum += cause->count;
			sockets.by_state[cause->key.state & 15] += cause->count;
		}
	return sockets;
}

static void judge(const struct scene *scene, struct verdicts *verdicts, uint32_t process, const struct process_facts *facts)
{
	bool full = descriptors_are_full(facts->fds, facts->fds_limit);
	struct finding *finding = verdicts_add(verdicts, TD124, full ? SEVERITY_NOW : SEVERITY_NOTE);
	const struct known_process *known = scene_process(scene, process);
	struct sockets sockets = sockets_of(scene, process);
	uint32_t pid = known->process.pid;
	words who, states;

	if (!finding)
		return;
	words_known(who, scene, known);
	words_states(states, sockets.by_state);
	finding_title(finding, "%s has %llu of %llu descriptors open%s: %u are TCP sockets%s%s", who, (unsigned long long)facts->fds,
		      (unsigned long long)facts->fds_limit, full ? ", and gets \"Too many open files\"" : "", sockets.sum,
		      sockets.sum ? ", " : "", states);
	finding_about_known(finding, scene, known);
	finding->weight = (double)facts->fds / facts->fds_limit;
	finding_evidence(finding, "descriptors", facts->fds, "", "ls /proc/%u/fd | wc -l", pid);
	finding_evidence(finding, "descriptors_limit", facts->fds_limit, "", "grep files /proc/%u/limits", pid);
	finding_evidence(finding, "sockets", sockets.sum, "sockets", "ss -tanp | grep pid=%u,", pid);
	finding_evidence(finding, "close_wait", sockets.by_state[STATE_CLOSE_WAIT], "sockets", "tcpdwell leaks -p %u", pid);
	if (sockets.by_state[STATE_CLOSE_WAIT] * 2 > sockets.sum)
		finding_change(finding, "close what is in CLOSE_WAIT: most of its sockets are connections that their peers have closed");
	if (software_of(&known->process) == SOFTWARE_MEMCACHED)
		finding_change(finding, "memcached: a larger -c: it sets its own limit from it, whatever nofile is");
	else if (software_of(&known->process) == SOFTWARE_NGINX)
		finding_change(finding, "nginx: worker_rlimit_nofile, if all of them are in use; it goes before the unit's LimitNOFILE=");
	else
		finding_change(finding, "raise nofile (LimitNOFILE= of its unit, prlimit --pid %u --nofile) if all of them are in use", pid);
}

void td124_descriptors(const struct scene *scene, struct verdicts *verdicts)
{
	const struct process_facts *facts;
	size_t i, k;

	for (i = 0; i < scene->causes->count; i++) {
		uint32_t process = scene->causes->sorted[i]->key.process;

		for (k = 0; k < i && scene->causes->sorted[k]->key.process != process; k++)
			;
		facts = process && k == i ? scene_facts(scene, &scene_process(scene, process)->process) : NULL;
		if (facts && facts->fds_known && facts->fds_limit != UINT64_MAX && sockets_of(scene, process).sum &&
		    facts->fds >= facts->fds_limit * scene_threshold(scene, TD124_SHARE))
			judge(scene, verdicts, process, facts);
	}
}
