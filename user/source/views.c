// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Each view behind a guard of its own; what becomes of the run follows from theirs. */
#include "source/views.h"

#include <errno.h>
#include <string.h>

#define NSEC_PER_MSEC 1000000ULL

static bool goes_on(const struct views_member *member)
{
	return member->guard.runs && !member->guard.result;
}

static bool any_goes_on(const struct views *views)
{
	unsigned int i;

	for (i = 0; i < views->count; i++)
		if (goes_on(&views->members[i]))
			return true;
	return false;
}

/* After each call: was it one that failed? */
static void look_at(struct views *views, struct views_member *member)
{
	int result = member->guard.result;

	if (result >= 0 || member->reported)
		return;
	member->reported = true;
	if (!views->err || views->err == -EPIPE)
		views->err = result;
	if (views->failed)
		views->failed(views->context, member->name, result);
}

/* What the run is to do: as struct view's functions return it. */
static int outcome(const struct views *views)
{
	bool any_waits_for_end = false, leader_is_done = false;
	unsigned int i;

	for (i = 0; i < views->count; i++) {
		any_waits_for_end |= views->members[i].guard.runs;
		leader_is_done |= views->members[i].leads && !goes_on(&views->members[i]);
	}
	if (any_goes_on(views) && !leader_is_done)
		return 0;
	return any_waits_for_end ? 1 : views->err ?: 1;
}

/* As long as the most impatient of them would wait by itself. */
static unsigned int wait_ms(const struct views *views, bool idle)
{
	unsigned int i, ms, least = VIEW_IDLE_MS;
	bool any = false;

	for (i = 0; i < views->count; i++) {
		if (!goes_on(&views->members[i]))
			continue;
		any |= views->members[i].view->tick_ms;
		ms = views->members[i].view->tick_ms ?: idle ? VIEW_IDLE_MS : VIEW_TICK_MS;
		least = ms < least ? ms : least;
	}
	return any ? least : 0;
}

static int views_begin(struct view *view, const struct run *run)
{
	struct views *views = (struct views *)view;
	struct views_member *member = views->members;

	for (; member < views->members + views->count; member++) {
		guard_begin(&member->guard, member->view, run);
		look_at(views, member);
	}
	views->last_event_ns = run->begin_ns;
	view->tick_ms = wait_ms(views, false);
	return outcome(views);
}

/* The source tells what any of them needs. */
static bool wants(const struct views_member *member, const struct event *event)
{
	return member->view->event && wanted_has(&member->wanted, event);
}

static int views_event(struct view *view, const struct event *event)
{
	struct views *views = (struct views *)view;
	struct views_member *member = views->members;
	bool changed = false;

	views->events += event_happened(event);
	for (; member < views->members + views->count; member++) {
		if (!wants(member, event))
			continue;
		guard_event(&member->guard, event);
		if (!member->guard.result)
			continue;
		changed = true;
		look_at(views, member);
	}
	return changed ? outcome(views) : 0;
}

static int views_recount(struct view *view, bool begins)
{
	struct views *views = (struct views *)view;
	struct views_member *member = views->members;

	for (; member < views->members + views->count; member++) {
		guard_recount(&member->guard, begins);
		look_at(views, member);
	}
	return outcome(views);
}

static bool is_idle(struct views *views, uint64_t now_ns)
{
	if (views->events != views->seen_events)
		views->last_event_ns = now_ns;
	views->seen_events = views->events;
	return now_ns - views->last_event_ns > VIEW_IDLE_MS * NSEC_PER_MSEC;
}

static int views_tick(struct view *view, const struct tick *tick)
{
	struct views *views = (struct views *)view;
	struct views_member *member = views->members;
	bool others_go_on = any_goes_on(views);

	for (; member < views->members + views->count; member++) {
		if (goes_on(member))
			guard_tick(&member->guard, tick);
		else if (others_go_on && !member->leads)
			guard_end(&member->guard, tick);
		look_at(views, member);
	}
	view->tick_ms = wait_ms(views, is_idle(views, tick->time_ns));
	return outcome(views);
}

static int views_end(struct view *view, const struct tick *last)
{
	struct views *views = (struct views *)view;
	struct views_member *member = views->members;

	for (; member < views->members + views->count; member++) {
		guard_end(&member->guard, last);
		look_at(views, member);
	}
	return views->err;
}

void views_init(struct views *views, void (*failed)(void *context, const char *name, int err), void *context)
{
	memset(views, 0, sizeof(*views));
	views->view = (struct view){
		.begin = views_begin,
		.event = views_event,
		.recount = views_recount,
		.tick = views_tick,
		.end = views_end,
	};
	views->failed = failed;
	views->context = context;
}

int views_add(struct views *views, struct view *view, const char *name, const struct run_needs *needs, bool leads)
{
	if (views->count == VIEWS_MAX)
		return -E2BIG;
	views->view.tells_at_end |= view->tells_at_end;
	views->members[views->count++] =
		(struct views_member){ .view = view, .name = name, .needs = *needs, .wanted = wanted_by(needs), .leads = leads };
	return 0;
}

struct run_needs views_needs(const struct views *views)
{
	struct run_needs needs = {};
	unsigned int i;

	for (i = 0; i < views->count; i++) {
		const struct run_needs *one = &views->members[i].needs;

		needs.emit_states |= one->emit_states;
		needs.holder_states |= one->holder_states;
		needs.track_all |= one->track_all;
		needs.writes_files |= one->writes_files;
		needs.renames_files |= one->renames_files;
		needs.port_search |= one->port_search;
		needs.local_ports |= one->local_ports;
		needs.accepts |= one->accepts;
		needs.ports |= one->ports;
		if (one->bind_failures > needs.bind_failures)
			needs.bind_failures = one->bind_failures;
		needs.present |= one->present;
		needs.listeners |= one->listeners;
		needs.namespaces |= one->namespaces;
		needs.namespace_settings |= one->namespace_settings;
		needs.filters_processes |= one->filters_processes;
		needs.wake_fd = needs.wake_fd ?: one->wake_fd;
		needs.removes_in = needs.removes_in ?: one->removes_in;
	}
	return needs;
}
