// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a part of a recording hands on to a view, against what the same view gets of a live run whose source tells everything. */
#include "unit.h"

#include "event/listener.h"
#include "event/namespace_facts.h"
#include "event/port_facts.h"
#include "event/present.h"
#include "recording/window.h"
#include "source/feed.h"
#include "source/views.h"
#include "util/tcp_state.h"

#define TYPES (RECORD_NAMESPACE + 1)

/* A view that keeps of what types it was told. */
struct notes {
	struct view view;
	unsigned int told[TYPES];
};

static const struct container no_container;

static int note(struct view *view, const struct event *event)
{
	((struct notes *)view)->told[event->record.type]++;
	return 0;
}

static struct event event_of(unsigned int type)
{
	static const struct held held;
	static const struct present present;
	static const struct listener_facts listener;
	static const struct port_facts ports;
	static const struct namespace_facts namespace;
	struct event event = { .record = { .type = type, .id = 7, .time_ns = 2000000000 }, .unix_ns = 2000000000, .container = &no_container };

	event.held = type == RECORD_HOLDER ? &held : NULL;
	event.present = type == RECORD_PRESENT ? &present : NULL;
	event.listener = type == RECORD_LISTENER ? &listener : NULL;
	event.ports = type == RECORD_PORTS ? &ports : NULL;
	event.namespace = type == RECORD_NAMESPACE ? &namespace : NULL;
	if (type == RECORD_TRANSITION)
		event.record.old_state = STATE_ESTABLISHED, event.record.new_state = STATE_CLOSE_WAIT;
	return event;
}

/* One of each type, between begin and end. */
static void tell_all(struct view *view)
{
	const struct run run = { .begin_ns = 1000000000, .begin_unix_ns = 1000000000 };
	struct feed feed = {};
	struct event event;
	unsigned int type;

	feed_begin(&feed, view, &run);
	for (type = RECORD_TRANSITION; type < TYPES; type++) {
		event = event_of(type);
		if (type != RECORD_CGROUP)
			feed_event(&feed, &event);
	}
	assert_int_equal(feed_end(&feed, 3000000000, 3000000000), 0);
}

static struct notes told_live(const struct run_needs *needs)
{
	struct notes notes = { .view.event = note };
	struct views views;

	views_init(&views, NULL, NULL);
	assert_int_equal(views_add(&views, &notes.view, "notes", needs, true), 0);
	tell_all(&views.view);
	return notes;
}

static struct notes told_by_window(const struct run_needs *needs)
{
	struct notes notes = { .view.event = note };
	struct view *window = recording_window_new(&notes.view, needs, 0, 0);

	assert_non_null(window);
	tell_all(window);
	recording_window_free(window);
	return notes;
}

/* Whatever the needs, each alone and all pairs of them. */
static void window_tells_what_a_live_run_does(void **state)
{
	const struct run_needs each[] = {
		{ .emit_states = ~0U }, { .emit_states = 1U << STATE_CLOSE_WAIT }, { .emit_states = 1U << STATE_LISTEN },
		{ .holder_states = 1U << STATE_CLOSE_WAIT }, { .present = true }, { .accepts = true }, { .ports = true },
		{ .bind_failures = BIND_FAILURES_WHERE_FREE }, { .namespaces = true },
	};
	size_t i, j, type;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(each) * ARRAY_SIZE(each); i++) {
		struct run_needs needs = each[i / ARRAY_SIZE(each)];
		const struct run_needs *other = &each[i % ARRAY_SIZE(each)];
		struct notes live, window;

		needs.emit_states |= other->emit_states;
		needs.holder_states |= other->holder_states;
		needs.present |= other->present;
		needs.accepts |= other->accepts;
		needs.ports |= other->ports;
		needs.bind_failures |= other->bind_failures;
		needs.namespaces |= other->namespaces;
		live = told_live(&needs);
		window = told_by_window(&needs);
		for (j = 0, type = RECORD_TRANSITION; type < TYPES; type++) {
			if (live.told[type] != window.told[type])
				print_error("needs %zu, type %zu: live %u, window %u\n", i, type, live.told[type], window.told[type]);
			j += live.told[type] != window.told[type];
		}
		assert_int_equal(j, 0);
	}
}

/* Three that a view does not get because of its states, and gets by what it asks for. */
static void asked_for_is_told(void **state)
{
	const struct run_needs none = { .emit_states = ~0U }, all = { .accepts = true, .bind_failures = BIND_FAILURES_ALWAYS, .present = true };
	static const unsigned int types[] = { RECORD_ACCEPTED, RECORD_BIND_FAILED, RECORD_HOLDER };
	struct notes without = told_by_window(&none), with = told_by_window(&all);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		assert_int_equal(without.told[types[i]], 0);
		assert_int_equal(with.told[types[i]], 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(window_tells_what_a_live_run_does),
		cmocka_unit_test(asked_for_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
