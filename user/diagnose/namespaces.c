// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/namespaces.h"

#include <stdio.h>

uint64_t namespace_grown(const struct scene *scene, uint32_t netns, enum namespace_counter counter)
{
	return trends_grown(scene->trends, trend_key(TREND_NAMESPACE, netns, counter));
}

bool namespace_setting(const struct namespace_facts *facts, enum namespace_setting setting, int64_t *value)
{
	if (facts->settings[setting].known != NS_KNOWN || !facts->settings[setting].count)
		return false;
	*value = facts->settings[setting].value[0];
	return true;
}

bool namespace_gauge(const struct namespace_facts *facts, enum namespace_gauge gauge, uint64_t *value)
{
	if (facts->gauges[gauge].known != NS_KNOWN)
		return false;
	*value = facts->gauges[gauge].total;
	return true;
}

const struct namespace_facts *scene_machine(const struct scene *scene, uint32_t *netns)
{
	const struct namespace_facts *facts, *any = NULL;
	size_t cursor = 0;
	uint32_t number;

	while ((facts = model_namespace_next(scene_model(scene), &cursor, &number))) {
		if (any && !facts->is_first)
			continue;
		any = facts;
		*netns = number;
	}
	return any;
}

const char *words_netns(char out[48], uint32_t netns, const struct namespace_facts *facts)
{
	out[0] = '\0';
	if (!facts->is_own)
		snprintf(out, 48, " in network namespace %u", netns);
	return out;
}
