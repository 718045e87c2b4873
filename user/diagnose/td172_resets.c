// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A process ends its connections with a reset: SO_LINGER 0, or close() before all was read. */
#include <string.h>

#include "diagnose/codes.h"
#include "diagnose/words.h"

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct flow *flow)
{
	struct finding *finding = verdicts_add(verdicts, TD172, SEVERITY_NOTE);
	double rate = flow->counts[FLOW_RESET] / flow->seconds;
	bool active = flow->key.side == SIDE_ACTIVE;
	words who, to, number;

	if (!finding)
		return;
	words_process(who, scene, &flow->process);
	if (active)
		finding_title(finding, "%s ends its connections to %s with a reset: %llu of %llu, %s a second", who,
			      words_remote(to, flow->key.remote_addr, flow->key.service_port), (unsigned long long)flow->counts[FLOW_RESET],
			      (unsigned long long)flow->counts[FLOW_ENDED], words_number(number, rate));
	else
		finding_title(finding, "%s ends connections to its port %u with a reset: %llu of %llu, %s a second", who, flow->key.service_port,
			      (unsigned long long)flow->counts[FLOW_RESET], (unsigned long long)flow->counts[FLOW_ENDED],
			      words_number(number, rate));
	finding_about(finding, scene, &flow->process, NULL);
	memcpy(finding->subject.remote_addr, flow->key.remote_addr, 16);
	finding->subject.remote_port = active ? flow->key.service_port : 0;
	finding->subject.service_port = flow->key.service_port;
	finding->subject.netns = flow->key.netns;
	finding->weight = rate;
	finding_evidence(finding, "reset_sent", flow->counts[FLOW_RESET], "connections", "tcpdwell trace -j | grep reset_sent");
	finding_evidence(finding, "ended", flow->counts[FLOW_ENDED], "connections", NULL);
	finding_evidence(finding, "rate", rate, "a second", NULL);
	finding_change(finding, "read to the end before close(): what came and was not read makes the kernel send a reset, and the peer may lose "
				"data that is on its way");
	finding_change(finding, "no SO_LINGER with 0 seconds: it saves a TIME_WAIT and takes the protection that it gives");
}

void td172_resets(const struct scene *scene, struct verdicts *verdicts)
{
	const struct flow *flow;

	for (flow = scene->flows->table; flow; flow = flow->hh.next)
		if (flow->counts[FLOW_RESET] >= scene_threshold(scene, TD172_COUNT) &&
		    flow->counts[FLOW_RESET] >= flow->counts[FLOW_ENDED] * scene_threshold(scene, TD172_SHARE))
			judge(scene, verdicts, flow);
}
