// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/connects.h"

bool flow_is_of_scan(const struct scene *scene, const struct flow *flow)
{
	const struct flow_fan probe = { .key = { flow->key.start_ns, flow->key.pid, 0 } };
	const struct flow_fan *fan;

	HASH_FIND(hh, scene->flows->fans, &probe.key, sizeof(probe.key), fan);
	return fan && fan->ends >= scene_threshold(scene, TD152_COUNT);
}
