// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A process ends its connections with a reset: SO_LINGER 0, or close() before all was read. */
#include <string.h>

#include "diagnose/codes.h"
#include "diagnose/crowds.h"
#include "diagnose/descriptors.h"
#include "diagnose/likely.h"
#include "diagnose/software.h"

/* Of connections that a program had. Those that waited to be accepted go with the socket that listened: a restart does that, and is no mistake. */
static uint64_t resets(const struct flow *flow)
{
	return flow->counts[FLOW_RESET] - flow->counts[FLOW_RESET_QUEUED];
}

/* One that left ESTABLISHED long ago, and is reset now, ends too. */
static uint64_t ended(const struct flow *flow)
{
	return flow->counts[FLOW_ENDED] > resets(flow) ? flow->counts[FLOW_ENDED] : resets(flow);
}

/* Whose the connections are, as far as is known or likely. NULL: not known. */
static const struct process *process_of(const struct scene *scene, const struct flow *flow)
{
	if (flow->process.start_ns || flow->key.side == SIDE_ACTIVE)
		return &flow->process;
	return likely_server(scene, flow->key.netns, flow->key.service_port);
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct crowd *crowd)
{
	const struct flow *flow = &crowd->flow;
	struct finding *finding = verdicts_add(verdicts, TD172, SEVERITY_NOTE);
	double rate = resets(flow) / flow->seconds;
	bool active = flow->key.side == SIDE_ACTIVE;
	words who, to, number;

	if (!finding)
		return;
	if (flow->process.start_ns)
		words_crowd(who, scene, crowd);
	else
		words_likely(who, scene, process_of(scene, flow));
	if (active)
		finding_title(finding, "%s ends its connections to %s with a reset: %llu of %llu, %s a second", who,
			      words_remote(to, flow->key.remote_addr, flow->key.service_port), (unsigned long long)resets(flow),
			      (unsigned long long)ended(flow), words_number(number, rate));
	else
		finding_title(finding, "%s ends connections to its port %u with a reset: %llu of %llu, %s a second", who, flow->key.service_port,
			      (unsigned long long)resets(flow), (unsigned long long)ended(flow),
			      words_number(number, rate));
	crowd_subject(finding, scene, crowd);
	finding->subject.remote_port = active ? flow->key.service_port : 0;
	finding->weight = rate;
	finding_evidence(finding, "reset_sent", resets(flow), "connections", "tcpdwell trace -j | grep reset_sent");
	finding_evidence(finding, "ended", ended(flow), "connections", NULL);
	finding_evidence(finding, "rate", rate, "a second", NULL);
	if (crowd->n_parts > 1)
		finding_evidence(finding, "processes", crowd->n_parts, "processes", NULL);
	descriptors_change(finding, scene, process_of(scene, flow));
	if (active && software_of(&flow->process) == SOFTWARE_HAPROXY) {
		finding_change(finding, "nothing has to be done: haproxy ends what it closes first towards a server so, also health checks, when it has the whole answer; it leaves no TIME_WAIT");
		finding_change(finding, "to have fewer: \"http-reuse always\" in the backend, and no \"option http-server-close\" nor \"option httpclose\"");
		return;
	}
	finding_change(finding, "read to the end before close(): what came and was not read makes the kernel send a reset, and the peer may lose "
				"data that is on its way");
	finding_change(finding, "no SO_LINGER with 0 seconds: it saves a TIME_WAIT and takes the protection that it gives");
}

static bool is_meant(const struct scene *scene, const struct flow *flow)
{
	return resets(flow) >= scene_threshold(scene, TD172_COUNT) &&
	       resets(flow) >= flow->counts[FLOW_ENDED] * scene_threshold(scene, TD172_SHARE);
}

static bool ends(const struct flow *flow, const void *context)
{
	(void)context;
	return resets(flow) || flow->counts[FLOW_ENDED];
}

void td172_resets(const struct scene *scene, struct verdicts *verdicts)
{
	struct crowds crowds;
	const struct flow *flow;
	size_t i;

	crowds_find(&crowds, scene, ends, NULL);
	for (i = 0; i < crowds.count; i++)
		if (is_meant(scene, &crowds.list[i].flow))
			judge(scene, verdicts, &crowds.list[i]);
	crowds_release(&crowds);
	for (flow = scene->flows->table; flow; flow = flow->hh.next)
		if (flow->key.side == SIDE_PASSIVE && is_meant(scene, flow)) {
			const struct crowd service = { .flow = *flow, .parts = &flow, .n_parts = 1 };

			judge(scene, verdicts, &service);
		}
}
