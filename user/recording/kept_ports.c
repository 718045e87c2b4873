// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "recording/kept_ports.h"

#include <stdlib.h>
#include <string.h>

#include "event/port_facts.h"

#define NAMESPACES_MAX 4096 /* 25 KB each; a source watches no more */

void kept_ports_init(struct kept_ports *kept)
{
	id_map_init(&kept->by_netns, sizeof(struct port_facts *));
}

static void facts_free(struct port_facts *facts)
{
	if (!facts)
		return;
	free((void *)facts->bound);
	free(facts);
}

void kept_ports_release(struct kept_ports *kept)
{
	struct port_facts **place;
	size_t cursor = 0;

	while ((place = id_map_next(&kept->by_netns, &cursor, NULL)))
		facts_free(*place);
	id_map_release(&kept->by_netns);
}

/* NULL: no memory. */
static struct port_facts *facts_copy(const struct port_facts *facts)
{
	size_t size = facts->n_bound * sizeof(*facts->bound);
	struct bound_socket *bound = size ? malloc(size) : NULL;
	struct port_facts *copy = malloc(sizeof(*copy));

	if (!copy || (size && !bound)) {
		free(bound);
		free(copy);
		return NULL;
	}
	*copy = *facts;
	if (size)
		memcpy(bound, facts->bound, size);
	copy->bound = bound;
	return copy;
}

void kept_ports_take(struct kept_ports *kept, const struct port_facts *facts)
{
	uint32_t netns = facts->settings.netns;
	struct port_facts **place = id_map_find(&kept->by_netns, netns), *copy;

	if (!place && kept->by_netns.used >= NAMESPACES_MAX)
		return;
	copy = facts_copy(facts);
	place = copy ? id_map_put(&kept->by_netns, netns) : NULL;
	if (!place) {
		facts_free(copy);
		return;
	}
	facts_free(*place);
	*place = copy;
}

int kept_ports_tell(const struct kept_ports *kept, const struct tick *now, recording_tell *tell, void *context)
{
	static const struct container nowhere;
	struct port_facts **place;
	size_t cursor = 0;
	int result = 0;

	while (!result && (place = id_map_next(&kept->by_netns, &cursor, NULL))) {
		const struct event event = {
			.record = { .type = RECORD_PORTS, .time_ns = now->time_ns, .endpoint.netns = (*place)->settings.netns },
			.unix_ns = now->unix_ns,
			.container = &nowhere,
			.ports = *place,
		};

		result = tell(context, &event);
	}
	return result;
}
