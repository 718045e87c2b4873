// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Connects to a destination are refused: nothing listens there. */
#include "diagnose/codes.h"
#include "diagnose/connects.h"

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct flow *flow)
{
	struct finding *finding = verdicts_add(verdicts, TD153, SEVERITY_NOW);
	double rate = flow->counts[FLOW_REFUSED] / flow->seconds;
	words who, to, number;

	if (!finding)
		return;
	words_process(who, scene, &flow->process);
	words_remote(to, flow->key.remote_addr, flow->key.service_port);
	flow_subject(finding, scene, flow);
	finding_title(finding, "%s is refused by %s: %llu connects in the last %s, none got through; nothing listens there", who, to,
		      (unsigned long long)flow->counts[FLOW_REFUSED], words_seconds(number, flow->seconds));
	finding->weight = rate;
	finding_evidence(finding, "refused", flow->counts[FLOW_REFUSED], "connects", "tcpdwell trace -D %u", flow->key.service_port);
	finding_evidence(finding, "rate", rate, "a second", NULL);
	finding_change(finding, "start the service at %s, or point the client to where it is", to);
	finding_change(finding, "if it is up: a packet filter that rejects, or it listens on another address (ss -tln on that host)");
}

void td153_refused(const struct scene *scene, struct verdicts *verdicts)
{
	const struct flow *flow;

	for (flow = scene->flows->table; flow; flow = flow->hh.next)
		if (flow->key.side == SIDE_ACTIVE && flow->counts[FLOW_REFUSED] >= scene_threshold(scene, TD153_COUNT) &&
		    !flow->counts[FLOW_OPENED] && !flow_is_of_scan(scene, flow))
			judge(scene, verdicts, flow);
}
