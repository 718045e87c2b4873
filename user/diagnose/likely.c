// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/likely.h"

#include <string.h>

static bool is_same_service(const struct cause *a, const struct cause *b)
{
	return a->key.netns == b->key.netns && a->key.side == b->key.side && a->key.service_port == b->key.service_port;
}

/* Of its namespace, side and port, and where they are of one remote address of this one too. The list has the most sockets first. */
static const struct process *process_beside(const struct scene *scene, const struct cause *cause)
{
	size_t i;

	for (i = 0; i < scene->causes->count; i++) {
		const struct cause *other = scene->causes->sorted[i];
		const struct process *process = &scene_process(scene, other->key.process)->process;

		if (process->start_ns && is_same_service(cause, other) &&
		    (cause->key.side != SIDE_ACTIVE || !cause->one_remote || !memcmp(cause->remote_addr, other->remote_addr, 16)))
			return process;
	}
	return NULL;
}

const struct process *likely_server(const struct scene *scene, uint32_t netns, uint16_t port)
{
	const struct flow_key key = { .netns = netns, .service_port = port, .side = SIDE_PASSIVE };
	const struct listened_port *listened = id_map_find(&scene->listened->by_port, listened_key(netns, port));
	const struct flow *flow;

	HASH_FIND(hh, scene->flows->table, &key, sizeof(key), flow);
	if (flow && flow->process.start_ns)
		return &flow->process;
	return listened && listened->process.start_ns ? &listened->process : NULL;
}

static const struct process *likely_client(const struct scene *scene, const struct cause *cause)
{
	const struct flow *flow, *most = NULL;

	for (flow = cause->one_remote ? scene->flows->table : NULL; flow; flow = flow->hh.next)
		if (flow->key.side == SIDE_ACTIVE && flow->key.netns == cause->key.netns && flow->key.service_port == cause->key.service_port &&
		    flow->process.start_ns && !memcmp(flow->key.remote_addr, cause->remote_addr, 16) &&
		    (!most || flow->counts[FLOW_STARTED] > most->counts[FLOW_STARTED]))
			most = flow;
	return most ? &most->process : NULL;
}

const struct process *likely_process(const struct scene *scene, const struct cause *cause)
{
	const struct process *beside = process_beside(scene, cause);

	if (beside || !cause->key.service_port)
		return beside;
	return cause->key.side == SIDE_PASSIVE ? likely_server(scene, cause->key.netns, cause->key.service_port) :
	       cause->key.side == SIDE_ACTIVE  ? likely_client(scene, cause) :
						 NULL;
}
