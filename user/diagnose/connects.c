// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/connects.h"

bool flow_is_of_scan(const struct scene *scene, const struct flow *flow)
{
	return flow->fan_ends >= scene_threshold(scene, TD152_COUNT);
}
