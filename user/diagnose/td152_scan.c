// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A process connects to very many addresses or ports; or processes of one program do, as a script that starts another one for each of
 * them.
 */
#include <stdlib.h>

#include "diagnose/codes.h"
#include "diagnose/words.h"
#include "util/shortage.h"

/* Of processes of one name in one cgroup. */
struct scan {
	const struct flow_fan *last; /* one of them, that stands for all */
	struct many many;
	uint32_t ends, addresses, connects, failures;
};

static void add_up(struct scan *scan, const struct scene *scene, const struct flow_fan *const *fans, size_t count)
{
	size_t i;

	*scan = (struct scan){
		.last = fans[0],
		.many = { .process = &fans[0]->process },
		.ends = fans[0]->kind.ends,
		.addresses = fans[0]->kind.addresses,
	};
	for (i = 0; i < count; i++) {
		scan->connects += fans[i]->connects;
		scan->failures += fans[i]->failures;
		many_add(&scan->many, scene, &fans[i]->process);
	}
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct scan *scan, const struct flow_fan *const *fans)
{
	struct finding *finding = verdicts_add(verdicts, TD152, SEVERITY_NOTE);
	const struct many *many = &scan->many;
	bool ended = many->processes > 1 || scene_ended(scene, many->process);
	words who, address;
	uint32_t i;

	if (!finding)
		return;
	words_many(who, scene, many);
	if (scan->addresses == 1)
		finding_title(finding, "%s connects to %u different ports of %s within 10 seconds; %u of %u connects failed: a scan, if it is not meant to",
			      who, scan->ends, words_address(address, scan->last->remote_addr), scan->failures, scan->connects);
	else
		finding_title(finding, "%s connects to %u different addresses and ports within 10 seconds; %u of %u connects failed: a scan, if it is not meant to",
			      who, scan->ends, scan->failures, scan->connects);
	finding_about(finding, scene, many->process, NULL);
	finding_of_program(finding, many->process, many->processes);
	for (i = 0; i < many->processes; i++)
		finding_touches(finding, scene, &fans[i]->process);
	finding->subject.netns = scan->last->netns;
	finding->weight = scan->ends;
	finding_evidence(finding, "ends", scan->ends, "addresses and ports", ended ? NULL : "tcpdwell trace -p %u",
			 many->process->pid);
	if (many->processes > 1)
		finding_evidence(finding, "processes", many->processes, "processes", NULL);
	finding_evidence(finding, "addresses", scan->addresses, "addresses", NULL);
	finding_evidence(finding, "connects", scan->connects, "connects", NULL);
	finding_evidence(finding, "failed", scan->failures, "connects", NULL);
	if (many->processes > 1)
		finding_change(finding, "find out what starts them and whether it is meant to: a unit, a cron job, a script (ps -eo user,pid,ppid,lstart,args --forest)");
	else if (ended)
		finding_change(finding, "it has ended: find out who started it and whether it was meant to, from its unit or cron job, and the logs of then");
	else
		finding_change(finding, "find out who started it and whether it is meant to: ps -o user,ppid,lstart,args -p %u", many->process->pid);
}

void td152_scan(const struct scene *scene, struct verdicts *verdicts)
{
	size_t most = HASH_COUNT(scene->flows->fans), count = 0, begin, end;
	const struct flow_fan **fans = shortage_noted(malloc((most + 1) * sizeof(*fans))), *fan;
	struct scan scan;

	for (fan = fans ? scene->flows->fans : NULL; fan; fan = fan->hh.next)
		if (fan->kind.ends >= scene_threshold(scene, TD152_COUNT))
			fans[count++] = fan;
	if (count)
		qsort(fans, count, sizeof(*fans), flow_fans_compare);
	for (begin = 0; begin < count; begin = end) {
		for (end = begin + 1; end < count && flow_fans_are_alike(fans[begin], fans[end]); end++)
			;
		add_up(&scan, scene, fans + begin, end - begin);
		judge(scene, verdicts, &scan, fans + begin);
	}
	free(fans);
}
