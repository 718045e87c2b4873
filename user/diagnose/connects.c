// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/connects.h"

#include <string.h>

bool flow_is_of_scan(const struct scene *scene, const struct flow *flow)
{
	const struct flow_fan probe = { .key = { flow->key.start_ns, flow->key.pid, 0 } };
	const struct flow_fan *fan;

	HASH_FIND(hh, scene->flows->fans, &probe.key, sizeof(probe.key), fan);
	return fan && fan->ends >= scene_threshold(scene, TD152_COUNT);
}

void flow_subject(struct finding *finding, const struct scene *scene, const struct flow *flow)
{
	finding_about(finding, scene, &flow->process, NULL);
	memcpy(finding->subject.remote_addr, flow->key.remote_addr, 16);
	finding->subject.remote_port = finding->subject.service_port = flow->key.service_port;
	finding->subject.netns = flow->key.netns;
}
