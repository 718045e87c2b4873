// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/connects.h"

#include <string.h>

bool flow_is_of_scan(const struct scene *scene, const struct flow *flow)
{
	const struct flow_fan *fan;

	for (fan = scene->flows->fans; fan; fan = fan->hh.next)
		if (fan->key.start_ns == flow->key.start_ns && fan->key.pid == flow->key.pid)
			return fan->ends >= scene_threshold(scene, TD152_COUNT);
	return false;
}

void flow_subject(struct finding *finding, const struct scene *scene, const struct flow *flow)
{
	finding_about(finding, scene, &flow->process, NULL);
	memcpy(finding->subject.remote_addr, flow->key.remote_addr, 16);
	finding->subject.remote_port = finding->subject.service_port = flow->key.service_port;
	finding->subject.netns = flow->key.netns;
}
