// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a counter was when its run began (its value less what is new) tells whether it is still the same counter: of another run, or of
 * another namespace that got the same number, it is told as it is.
 */
#include "recording/rebase.h"

#include <errno.h>

struct listener_base {
	uint64_t drops, new_drops;
};

struct namespace_base {
	struct namespace_count counters[NS_COUNTERS];
};

void rebase_init(struct rebase *rebase)
{
	id_map_init(&rebase->listeners, sizeof(struct listener_base));
	id_map_init(&rebase->namespaces, sizeof(struct namespace_base));
}

void rebase_release(struct rebase *rebase)
{
	id_map_release(&rebase->listeners);
	id_map_release(&rebase->namespaces);
}

static int keep_listener(struct rebase *rebase, uint64_t id, const struct listener_facts *facts)
{
	struct listener_base *base;

	if (facts->gone || facts->new_drops == LISTENER_NOT_KNOWN)
		return 0;
	base = id_map_put(&rebase->listeners, id);
	if (!base)
		return -ENOMEM;
	*base = (struct listener_base){ facts->drops, facts->new_drops };
	return 0;
}

static int keep_namespace(struct rebase *rebase, uint32_t netns, const struct namespace_facts *facts)
{
	struct namespace_base *base = id_map_put(&rebase->namespaces, netns);
	unsigned int i;

	if (!base)
		return -ENOMEM;
	for (i = 0; i < NS_COUNTERS; i++)
		base->counters[i] = facts->counters[i];
	return 0;
}

int rebase_begin(struct rebase *rebase, const struct event *event)
{
	if (event->listener)
		return keep_listener(rebase, event->record.id, event->listener);
	if (event->namespace)
		return keep_namespace(rebase, event->record.endpoint.netns, event->namespace);
	return 0;
}

/* `value`, `grown` now, and as they were. */
static uint64_t since_then(uint64_t value, uint64_t grown, uint64_t value_then, uint64_t grown_then)
{
	bool is_same = value - grown == value_then - grown_then && grown >= grown_then;

	return is_same ? grown - grown_then : grown;
}

static const struct listener_facts *listener_since(struct rebase *rebase, uint64_t id, const struct listener_facts *facts)
{
	const struct listener_base *base = id_map_find(&rebase->listeners, id);

	if (!base || facts->gone || facts->new_drops == LISTENER_NOT_KNOWN)
		return facts;
	rebase->listener = *facts;
	rebase->listener.new_drops = since_then(facts->drops, facts->new_drops, base->drops, base->new_drops);
	return &rebase->listener;
}

static const struct namespace_facts *namespace_since(struct rebase *rebase, uint32_t netns, const struct namespace_facts *facts)
{
	const struct namespace_base *base = id_map_find(&rebase->namespaces, netns);
	unsigned int i;

	if (!base)
		return facts;
	rebase->namespace = *facts;
	for (i = 0; i < NS_COUNTERS; i++) {
		struct namespace_count *counter = &rebase->namespace.counters[i];
		const struct namespace_count *then = &base->counters[i];

		if (counter->known == NS_KNOWN && then->known == NS_KNOWN)
			counter->grown = since_then(counter->total, counter->grown, then->total, then->grown);
	}
	return &rebase->namespace;
}

struct event rebase_event(struct rebase *rebase, const struct event *event)
{
	struct event told = *event;

	if (event->listener)
		told.listener = listener_since(rebase, event->record.id, event->listener);
	if (event->namespace)
		told.namespace = namespace_since(rebase, event->record.endpoint.netns, event->namespace);
	return told;
}
