// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Connects to a destination are refused: nothing listens there. */
#include "diagnose/codes.h"
#include "diagnose/connects.h"

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct crowd *crowd)
{
	const struct flow *flow = &crowd->flow;
	struct finding *finding = verdicts_add(verdicts, TD153, SEVERITY_NOW);
	double rate = flow->counts[FLOW_REFUSED] / flow->seconds;
	words who, to, number;

	if (!finding)
		return;
	words_crowd(who, scene, crowd);
	words_remote(to, flow->key.remote_addr, flow->key.service_port);
	crowd_subject(finding, scene, crowd);
	finding_title(finding, "%s is refused by %s: %llu connects in the last %s, none got through; nothing listens there", who, to,
		      (unsigned long long)flow->counts[FLOW_REFUSED], words_seconds(number, flow->seconds));
	finding->weight = rate;
	finding_evidence(finding, "refused", flow->counts[FLOW_REFUSED], "connects", "tcpdwell trace -D %u", flow->key.service_port);
	finding_evidence(finding, "rate", rate, "a second", NULL);
	if (crowd->n_parts > 1)
		finding_evidence(finding, "processes", crowd->n_parts, "processes", NULL);
	finding_change(finding, "start the service at %s, or point the client to where it is", to);
	finding_change(finding, "if it is up: a packet filter that rejects, or it listens on another address (ss -tln on that host)");
}

static bool is_no_scan(const struct flow *flow, const void *context)
{
	return flow_is_busy(flow) && !flow_is_of_scan(context, flow);
}

void td153_refused(const struct scene *scene, struct verdicts *verdicts)
{
	struct crowds crowds;
	size_t i;

	crowds_find(&crowds, scene, is_no_scan, scene);
	for (i = 0; i < crowds.count; i++)
		if (crowds.list[i].flow.counts[FLOW_REFUSED] >= scene_threshold(scene, TD153_COUNT) && !crowds.list[i].flow.counts[FLOW_OPENED])
			judge(scene, verdicts, &crowds.list[i]);
	crowds_release(&crowds);
}
