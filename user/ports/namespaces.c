// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Namespaces by number. */
#include "ports/namespaces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/shortage.h"

void port_namespaces_init(struct port_namespaces *namespaces)
{
	id_map_init(&namespaces->by_netns, sizeof(struct port_namespace *));
}

struct port_namespace *port_namespaces_next(const struct port_namespaces *namespaces, size_t *cursor)
{
	struct port_namespace **place = id_map_next(&namespaces->by_netns, cursor, NULL);

	return place ? *place : NULL;
}

static void namespace_free(struct port_namespace *namespace)
{
	free((void *)namespace->facts.bound);
	free(namespace->blockers.list);
	free(namespace);
}

void port_namespaces_release(struct port_namespaces *namespaces)
{
	struct port_namespace *namespace;
	size_t cursor = 0;

	while ((namespace = port_namespaces_next(namespaces, &cursor)))
		namespace_free(namespace);
	id_map_release(&namespaces->by_netns);
}

struct port_namespace *port_namespaces_find(const struct port_namespaces *namespaces, uint32_t netns)
{
	struct port_namespace **place = id_map_find(&namespaces->by_netns, netns);

	return place ? *place : NULL;
}

static struct port_namespace *get(struct port_namespaces *namespaces, uint32_t netns)
{
	struct port_namespace *namespace = port_namespaces_find(namespaces, netns), **place;

	if (namespace)
		return namespace;
	namespace = shortage_noted(calloc(1, sizeof(*namespace)));
	place = namespace ? id_map_put(&namespaces->by_netns, netns) : NULL;
	if (place)
		return *place = namespace;
	free(namespace);
	return NULL;
}

static int copy_bound(struct port_facts *copy, const struct port_facts *facts)
{
	size_t size = facts->n_bound * sizeof(*facts->bound);
	struct bound_socket *bound = NULL;

	if (size) {
		bound = shortage_noted(malloc(size));
		if (!bound)
			return -ENOMEM;
		memcpy(bound, facts->bound, size);
	}
	free((void *)copy->bound);
	*copy = *facts;
	copy->bound = bound;
	return 0;
}

int port_namespaces_learn(struct port_namespaces *namespaces, const struct port_facts *facts)
{
	struct port_namespace *namespace = get(namespaces, facts->settings.netns);
	int err = namespace ? copy_bound(&namespace->facts, facts) : -ENOMEM;

	if (!err)
		port_space_init(&namespace->space, port_range_of(&facts->settings, 0, 0), &namespace->facts.reserved,
				&namespace->facts.blocked);
	return err;
}

void port_namespace_clear(struct port_namespace *namespace)
{
	memset(&namespace->named, 0, sizeof(namespace->named));
	namespace->blockers.used = namespace->blockers.others = 0;
	namespace->bind_first = 0;
	memset(&namespace->bind_first_ports, 0, sizeof(namespace->bind_first_ports));
}

/* A service with a thousand connections is on one port. */
int port_namespace_use(struct port_namespace *namespace, uint16_t port, uint32_t process, uint8_t state, bool active)
{
	if (!port_set_has(&namespace->facts.blocked, port) || port_set_has(&namespace->named, port) ||
	    port_set_has(&namespace->facts.reserved, port))
		return 0;
	port_set_add(&namespace->named, port);
	namespace->bind_first += active;
	if (active)
		port_set_add(&namespace->bind_first_ports, port);
	return port_holders_add(&namespace->blockers, process, state, 1);
}
