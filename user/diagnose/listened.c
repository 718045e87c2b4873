// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/listened.h"

#define LISTENED_MAX 20000

void listened_init(struct listened *listened)
{
	id_map_init(&listened->by_port, sizeof(struct listened_port));
}

void listened_release(struct listened *listened)
{
	id_map_release(&listened->by_port);
}

void listened_note(struct listened *listened, const struct model *model, uint64_t now_ns)
{
	const struct listening_socket *listener;
	struct listened_port *port;
	size_t cursor = 0;

	while ((listener = model_listener_next(model, &cursor, NULL))) {
		uint64_t key = listened_key(listener->base.endpoint.netns, listener->base.endpoint.local_port);

		port = id_map_find(&listened->by_port, key);
		if (!port && listened->by_port.used < LISTENED_MAX)
			port = id_map_put(&listened->by_port, key);
		if (!port)
			continue;
		port->last_ns = now_ns;
		port->process = model_present_process(model, &listener->base)->process;
	}
}
