// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/descriptors.h"

#include "attribute/program.h"

static const struct process_facts *full(const struct scene *scene, const struct process *process)
{
	const struct process_facts *facts = process ? scene_ask(scene, process) : NULL;

	return facts && facts->fds_known && descriptors_are_full(facts->fds, facts->fds_limit) ? facts : NULL;
}

bool descriptors_have_run_out(const struct scene *scene, const struct process *process)
{
	return full(scene, process);
}

void descriptors_change(struct finding *finding, const struct scene *scene, const struct process *process)
{
	const struct process_facts *facts = full(scene, process);

	if (!facts)
		return;
	finding_evidence(finding, "descriptors", facts->fds, "", "ls /proc/%u/fd | wc -l", process->pid);
	finding_evidence(finding, "descriptors_limit", facts->fds_limit, "", "grep files /proc/%u/limits", process->pid);
	finding_change(finding, "first its descriptors: %llu of %llu are open, so that accept() and open() fail (TD124): close what it does not need, else raise nofile (LimitNOFILE=)",
		       (unsigned long long)facts->fds, (unsigned long long)facts->fds_limit);
}
