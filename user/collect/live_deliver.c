// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What comes from the kernel is completed (owner, cgroup, gaps), judged by the filters, and handed to the view. */
#include "collect/live_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attach/tracer.h"
#include "attribute/cgroup.h"
#include "attribute/pod_names.h"
#include "collect/holders.h"
#include "collect/owner.h"
#include "collect/ports.h"
#include "collect/present.h"
#include "collect/selection.h"
#include "event/listener.h"
#include "event/present.h"
#include "filter/event_filter.h"
#include "tcpdwell.skel.h"
#include "util/log.h"

const char *live_log_directory(const struct run_options *options)
{
	return options->log_directory ?: POD_NAMES_DIRECTORY;
}

static void name_cgroup(struct live *live, struct event *event)
{
	const struct process *charged = event->held ? &event->held->process : event_charged(event, event_state(event));
	const struct cgroup_name *name;

	event->cgroup_id = charged->start_ns ? charged->cgroup_id : event->record.socket_cgroup_id;
	name = cgroup_names_lookup(live->cgroups, event->cgroup_id, event->record.time_ns);
	event->cgroup = name->path;
	event->container = &name->container;
	event->names_version = name->version;
}

static void deliver(struct live *live, struct event *event)
{
	name_cgroup(live, event);
	feed_event(&live->feed, event);
	if (holders_event(live->holders, &event->record))
		feed_fail(&live->feed, -ENOMEM);
	if (live->ports && port_watch_note(live->ports, event->record.endpoint.netns))
		feed_fail(&live->feed, -ENOMEM);
	if (live->ports && event->record.type == RECORD_BIND_FAILED && event->record.endpoint.local_port)
		port_watch_ask(live->ports, event->record.endpoint.netns, event->record.endpoint.local_port);
}

/* News of a look: who has a socket now. */
void live_deliver_holder(void *context, uint64_t id, const struct held *held)
{
	struct live *live = context;
	struct event event = { .held = held };

	event.record = (struct transition){
		.type = RECORD_HOLDER,
		.id = id,
		.time_ns = clock_monotonic_ns(),
		.listing = live->listing,
	};
	event.unix_ns = event.record.time_ns + live->unix_offset_ns;
	name_cgroup(live, &event);
	feed_event(&live->feed, &event);
	if (live->present)
		present_watch_holder(live->present, id, held);
}

/* News of a look at all sockets. Filters on processes are the reader's, unless the view has them: what is gone is no news to others. */
void live_deliver_present(void *context, struct event *event)
{
	bool gone = event->present ? event->present->gone : event->listener->gone;
	struct live *live = context;

	event->record.listing = live->listing;
	event->unix_ns = event->record.time_ns + live->unix_offset_ns;
	name_cgroup(live, event);
	if (live->selects && !gone && !event_passes(&live->options->filter, event))
		return;
	feed_event(&live->feed, event);
	if (holders_present(live->holders, event, gone))
		feed_fail(&live->feed, -ENOMEM);
}

void live_deliver_namespace(void *context, struct event *event)
{
	static const struct container nowhere;
	struct live *live = context;

	event->container = &nowhere;
	event->record.listing = live->listing;
	event->unix_ns = event->record.time_ns + live->unix_offset_ns;
	feed_event(&live->feed, event);
}

/* News of a namespace's ports. */
void live_deliver_ports(void *context, const struct port_facts *facts)
{
	static const struct container nowhere;
	struct live *live = context;
	struct event event = { .ports = facts, .container = &nowhere };

	event.record = (struct transition){
		.type = RECORD_PORTS,
		.endpoint.netns = facts->settings.netns,
		.time_ns = clock_monotonic_ns(),
		.listing = live->listing,
	};
	event.unix_ns = event.record.time_ns + live->unix_offset_ns;
	feed_event(&live->feed, &event);
}

/* What must have happened between the state that was recorded and the one that this event left. */
static void deliver_gap(struct live *live, const struct event *event)
{
	struct event gap = *event;

	gap.healed = true;
	gap.record.old_state = event->record.recorded_state;
	gap.record.new_state = event->record.old_state;
	gap.record.flags &= ~FLAG_MISSED;
	gap.record.end = END_NONE;
	gap.record.since_ns = 0;
	live->feed.health.healed++;
	deliver(live, &gap);
}

/* All that was counted as being there is told anew. */
void live_recount(void *context, bool begins)
{
	struct live *live = context;

	if (begins && live->listing == live->tracer->skeleton->data->listing)
		return;
	live->listing = live->tracer->skeleton->data->listing;
	if (begins)
		holders_forget(live->holders);
	feed_recount(&live->feed, begins);
}

/*
 * The first record of a new listing begins the recount. A record of the old one that comes later, from a processor that was
 * just writing it, is of a socket that the listing tells of: it can't be used, and is lost.
 */
static bool is_of_listing(struct live *live, const struct transition *record)
{
	if (record->listing == live->listing)
		return true;
	if (record->listing == live->tracer->skeleton->data->listing) {
		live_recount(live, true);
		return true;
	}
	live->late++;
	return false;
}

/* A record that passes all filters; the rest of the event is filled in here. */
static void on_selected(struct live *live, struct event *event)
{
	struct transition *record = &event->record;
	struct held held;

	event->unix_ns = record->time_ns + live->unix_offset_ns;
	if (record->type == RECORD_HOLDER) {
		held = (struct held){ .process = record->owner, .count = 1, .fd = -1 };
		event->held = &held;
	}
	if (record->flags & FLAG_MISSED) {
		deliver_gap(live, event);
		record->flags &= ~FLAG_FIRST_SEEN;
		record->since_ns = 0;
	}
	if (record->flags & FLAG_HEALED) {
		event->healed = true;
		live->feed.health.healed++;
	}
	if (record->type != RECORD_TRANSITION || record->old_state != record->new_state)
		deliver(live, event);
	live->last_event_ns = record->time_ns;
}

/* In a cgroup namespace: the filter's cgroups have whole paths too, as soon as one below the namespace's root was told. */
static void complete_filter(struct live *live, uint64_t id, const char *path)
{
	const struct filter *filter = &live->options->filter;
	char whole[8192];

	if (!path || !filter->n_cgroups || !filter->cgroup_root || !cgroup_root_learn(filter->cgroup_root, NULL, id, path))
		return;
	for (unsigned int i = 0; i < filter->n_cgroups; i++) {
		const char *below = filter->cgroup_paths[i] + strspn(filter->cgroup_paths[i], "/");
		size_t size = strlen(below);

		while (size && below[size - 1] == '/')
			size--;
		snprintf(whole, sizeof(whole), "%s%s%.*s", filter->cgroup_root->path, size || !filter->cgroup_root->path[0] ? "/" : "",
			 (int)size, below);
		cgroup_names_learn(live->cgroups, filter->cgroup_ids[i], whole);
	}
}

/* A cgroup that was not met before. Its container's names may be as new. */
static void on_cgroup(struct live *live, const struct cgroup_record *record)
{
	uint64_t now_ns = clock_monotonic_ns();
	const struct cgroup_name *name;

	if (record->bytes > sizeof(record->names))
		return;
	cgroup_names_learn_upwards(live->cgroups, record->id, record->names, record->bytes);
	name = cgroup_names_lookup(live->cgroups, record->id, now_ns);
	complete_filter(live, record->id, name->path);
	if (!container_is_named(&name->container))
		pod_names_refresh(live->pods, now_ns, true);
}

/* The record is copied once: what is judged must not change. */
static void take_transition(struct live *live, const struct transition *data)
{
	struct event event = { .record = *data };
	struct transition *record = &event.record;

	if (!record_is_sound(record)) {
		live->late++;
		return;
	}
	if (record->time_ns > live->read_ns)
		live->read_ns = record->time_ns;
	live->killed += record->end == END_KILLED;
	if (!is_of_listing(live, record))
		return;
	if (record->owner_credentials)
		owner_finder_complete(live->owners, record);
	if (!(record->flags & FLAG_SELECTION_OPEN) || selection_passes(live->selection, record))
		on_selected(live, &event);
}

static void take_record(struct live *live, const void *data, size_t size)
{
	uint32_t type = *(const uint32_t *)data;

	if (size < (type == RECORD_CGROUP ? sizeof(struct cgroup_record) : sizeof(struct transition)))
		return;
	if (type == RECORD_CGROUP)
		on_cgroup(live, data);
	else
		take_transition(live, data);
}

bool live_on_record(void *context, const void *data, size_t size)
{
	struct live *live = context;

	take_record(live, data, size);
	return !feed_error(&live->feed);
}

/* Once, and only where there are pods: nothing else is looked for there. */
static void warn_of_names(struct live *live)
{
	int err = pod_names_error(live->pods);

	if (!err || live->warned_of_names)
		return;
	live->warned_of_names = true;
	log_warn("names of pods are not known: %s/pods and %s/containers can't be read: %s", live_log_directory(live->options),
		 live_log_directory(live->options), strerror(-err));
}

/* Records that waited for names. */
void live_deliver_kept(struct live *live, bool last)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct event event = {};

	pod_names_refresh(live->pods, now_ns, false);
	warn_of_names(live);
	while (selection_next(live->selection, now_ns, last, &event.record)) {
		if (is_of_listing(live, &event.record))
			on_selected(live, &event);
		event = (struct event){};
	}
}
