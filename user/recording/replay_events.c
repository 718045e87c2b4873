// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Recorded events: each connection is told once, what the filters let pass is counted and shown. */
#include "recording/replay_parts.h"

#include <errno.h>

#include "attribute/pod_names.h"
#include "filter/event_filter.h"
#include "filter/name_filter.h"
#include "util/tcp_state.h"

#define KNOWN_MAX (4 << 20)

/*
 * Follows which connections are there. 1: one that is listed again, by a further file; 0 or -ENOMEM. Those beyond the most that we
 * remember may be counted twice.
 */
static int know(struct replay *replay, const struct transition *record)
{
	if (!record->id || (record->type != RECORD_TRANSITION && record->type != RECORD_SOCKET))
		return 0;
	if (record->new_state == STATE_CLOSE) {
		id_map_remove(&replay->known, record->id);
		return 0;
	}
	if (id_map_find(&replay->known, record->id))
		return record->type == RECORD_SOCKET;
	return replay->known.used < KNOWN_MAX && !id_map_put(&replay->known, record->id) ? -ENOMEM : 0;
}

void replay_recount(struct replay *replay, bool begins)
{
	if (begins)
		id_map_clear(&replay->known);
	feed_recount(&replay->feed, begins);
}

static void forget_looked(struct replay *replay, uint64_t id, bool listens)
{
	static const struct present present = { .gone = true };
	static const struct listener_facts listener = { .gone = true };
	static const struct container nowhere;
	struct event event = { .unix_ns = replay->now_unix_ns, .container = &nowhere };

	event.record.id = id;
	event.record.time_ns = replay->now_ns;
	event.record.type = listens ? RECORD_LISTENER : RECORD_PRESENT;
	event.record.old_state = event.record.new_state = listens ? STATE_LISTEN : STATE_ESTABLISHED;
	if (listens)
		event.listener = &listener;
	else
		event.present = &present;
	feed_event(&replay->feed, &event);
}

/* What looks found before is not there any more, or is told again. */
void replay_forget_looks(struct replay *replay)
{
	const uint64_t *listens;
	size_t cursor = 0;
	uint64_t id;

	while ((listens = id_map_next(&replay->looked, &cursor, &id)))
		forget_looked(replay, id, *listens);
	id_map_clear(&replay->looked);
}

/* False: no memory. */
static bool note_look(struct replay *replay, const struct event *event)
{
	bool gone = event->present ? event->present->gone : event->listener->gone;
	uint64_t *listens;

	if (gone) {
		id_map_remove(&replay->looked, event->record.id);
		return true;
	}
	listens = id_map_put(&replay->looked, event->record.id);
	if (listens)
		*listens = event->listener != NULL;
	return listens;
}

static bool namespace_passes(const struct filter *filter, const struct event *event)
{
	return filter_wants_netns(filter, event->record.endpoint.netns);
}

/* What is gone is no news to who was not told of it. */
static bool is_selected_look(const struct replay *replay, const struct event *event)
{
	const struct filter *filter = &replay->options->filter;

	if ((event->present && event->present->gone) || (event->listener && event->listener->gone))
		return true;
	return replay->needs->filters_processes ? event_ends_pass(filter, event) : event_passes(filter, event);
}

static bool is_selected(const struct replay *replay, const struct event *event)
{
	const bool wanted = wanted_has(&replay->wanted, event);

	if (event->held || event->ports)
		return wanted;
	if (event->namespace)
		return wanted && namespace_passes(&replay->options->filter, event);
	if (event->present || event->listener)
		return wanted && is_selected_look(replay, event);
	if (replay->findings->unnamed && names_decide(&replay->options->filter, event->cgroup, event->container) == NAMES_PASS)
		replay->findings->unnamed = false;
	if (!wanted)
		return false;
	return replay->needs->filters_processes ? event_ends_pass(&replay->options->filter, event) :
						  event_passes(&replay->options->filter, event);
}

/*
 * A filter on local ports can't know when connect() begins whether it passes, nor could it live (bpf/presence.bpf.h): the view is
 * told of the beginning when the port is known.
 */
static void begin_late(const struct replay *replay, struct transition *record)
{
	if (record->type != RECORD_LOCAL_PORT || !replay->options->filter.n_local_ports)
		return;
	record->type = RECORD_TRANSITION;
	record->old_state = STATE_CLOSE;
	record->time_ns = record->since_ns ?: record->time_ns;
	record->since_ns = 0;
}

static void learn_program(struct replay *replay, const struct event *event)
{
	if (event->program)
		programs_learn(replay->programs, event->held ? &event->held->process : event_charged(event, event_state(event)), event->program);
}

void replay_event(struct replay *replay, struct recorded *recorded)
{
	int known = know(replay, &recorded->event.record);

	if (known < 0)
		feed_fail(&replay->feed, known);
	if (known)
		return;
	pod_names_learn(replay->names, recorded->event.container);
	learn_program(replay, &recorded->event);
	begin_late(replay, &recorded->event.record);
	recorded->event.was_there = replay->other_run;
	if (!is_selected(replay, &recorded->event))
		return;
	if ((recorded->event.present || recorded->event.listener) && !note_look(replay, &recorded->event))
		feed_fail(&replay->feed, -ENOMEM);
	feed_event(&replay->feed, &recorded->event);
}
