// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One process connects to very many addresses or ports. */
#include <string.h>

#include "diagnose/codes.h"
#include "diagnose/words.h"

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct flow_fan *fan)
{
	struct finding *finding = verdicts_add(verdicts, TD152, SEVERITY_NOTE);
	bool ended = scene_ended(scene, &fan->process);
	words who, address;

	if (!finding)
		return;
	words_process(who, scene, &fan->process);
	if (fan->addresses == 1)
		finding_title(finding, "%s connects to %u different ports of %s within 10 seconds; %u of %u connects failed: a scan, if it is not meant to",
			      who, fan->ends, words_address(address, fan->remote_addr), fan->failures, fan->connects);
	else
		finding_title(finding, "%s connects to %u different addresses and ports within 10 seconds; %u of %u connects failed: a scan, if it is not meant to",
			      who, fan->ends, fan->failures, fan->connects);
	finding_about(finding, scene, &fan->process, NULL);
	finding->subject.netns = fan->netns;
	finding->weight = fan->ends;
	finding_evidence(finding, "ends", fan->ends, "addresses and ports", ended ? NULL : "tcpdwell trace -p %u", fan->process.pid);
	finding_evidence(finding, "addresses", fan->addresses, "addresses", NULL);
	finding_evidence(finding, "connects", fan->connects, "connects", NULL);
	finding_evidence(finding, "failed", fan->failures, "connects", NULL);
	if (ended)
		finding_change(finding, "it has ended: find out who started it and whether it was meant to, from its unit or cron job, and the logs of then");
	else
		finding_change(finding, "find out who started it and whether it is meant to: ps -o user,ppid,lstart,args -p %u", fan->process.pid);
}

void td152_scan(const struct scene *scene, struct verdicts *verdicts)
{
	const struct flow_fan *fan;

	for (fan = scene->flows->fans; fan; fan = fan->hh.next)
		if (fan->ends >= scene_threshold(scene, TD152_COUNT))
			judge(scene, verdicts, fan);
}
