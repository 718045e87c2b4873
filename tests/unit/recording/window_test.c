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
#include "source/wanted.h"
#include "util/tcp_state.h"

#define TYPES (RECORD_NAMESPACE + 1)

/* A view that keeps of what types it was told, and what counters said last. */
struct notes {
	struct view view;
	unsigned int told[TYPES];
	uint64_t begin_ns, begin_unix_ns;
	uint64_t new_drops, overflows; /* of TIME_WAIT */
	uint16_t port, bound_port;
	uint64_t end_unix_ns, end_lost;
	int64_t end_fin_wait2;
};

static const struct container no_container;

static int note(struct view *view, const struct event *event)
{
	struct notes *notes = (struct notes *)view;

	notes->told[event->record.type]++;
	if (event->listener)
		notes->new_drops = event->listener->new_drops;
	if (event->namespace)
		notes->overflows = event->namespace->counters[NS_TIME_WAIT_OVERFLOW].grown;
	if (event->ports) {
		notes->port = event->ports->settings.low;
		notes->bound_port = event->ports->n_bound ? event->ports->bound[0].port : 0;
	}
	return 0;
}

static int note_begin(struct view *view, const struct run *run)
{
	((struct notes *)view)->begin_ns = run->begin_ns;
	((struct notes *)view)->begin_unix_ns = run->begin_unix_ns;
	return 0;
}

static int note_end(struct view *view, const struct tick *last)
{
	struct notes *notes = (struct notes *)view;

	notes->end_unix_ns = last->unix_ns;
	notes->end_lost = last->health->lost;
	notes->end_fin_wait2 = last->totals->fin_wait2_timewait;
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

/* Of who hands on: whatever there is. */
static void all_is_all(void **state)
{
	const struct run_needs all = wanted_all();
	struct notes notes = told_by_window(&all);
	unsigned int type;

	(void)state;
	for (type = RECORD_TRANSITION; type < TYPES; type++)
		assert_int_equal(notes.told[type], type != RECORD_CGROUP);
}

#define NETNS 42
#define SECOND 1000000000ULL
#define UNIX_NS (100 * SECOND) /* UTC - monotonic */

/* What looks find: counters in all, and of these since the run began. */
static void tell_looks(struct feed *feed, uint64_t time_ns, uint64_t id, uint64_t all, uint64_t grown)
{
	const struct bound_socket bound = { .port = 8080 };
	const struct port_facts ports = { .settings = { .netns = NETNS, .low = 42000, .high = 42999 }, .bound = &bound, .n_bound = 1 };
	const struct listener_facts listener = { .drops = all, .new_drops = grown };
	const struct present present = {};
	struct namespace_facts namespace = {};
	struct event event;
	unsigned int type;

	namespace.counters[NS_LISTEN_DROPS] = namespace.counters[NS_TIME_WAIT_OVERFLOW] = (struct namespace_count){ NS_KNOWN, all, grown };
	for (type = RECORD_TRANSITION; type < TYPES; type++) {
		if (type != RECORD_PORTS && type != RECORD_PRESENT && type != RECORD_LISTENER && type != RECORD_NAMESPACE)
			continue;
		event = (struct event){ .record = { .type = type, .id = id + (type == RECORD_PRESENT), .time_ns = time_ns,
						    .endpoint.netns = NETNS, .new_state = STATE_LISTEN },
					.unix_ns = UNIX_NS + time_ns, .container = &no_container };
		event.ports = type == RECORD_PORTS ? &ports : NULL;
		event.present = type == RECORD_PRESENT ? &present : NULL;
		event.listener = type == RECORD_LISTENER ? &listener : NULL;
		event.namespace = type == RECORD_NAMESPACE ? &namespace : NULL;
		feed_event(feed, &event);
	}
}

/* Of a run that begins in the first one. */
static struct view *window_from_third_second(struct notes *notes, struct feed *feed)
{
	const struct run run = { .begin_ns = SECOND, .begin_unix_ns = UNIX_NS + SECOND };
	const struct run_needs all = wanted_all();
	struct view *window;

	*notes = (struct notes){ .view.event = note, .view.begin = note_begin };
	*feed = (struct feed){};
	window = recording_window_new(&notes->view, &all, UNIX_NS + 3 * SECOND, 0);
	assert_non_null(window);
	feed_begin(feed, window, &run);
	return window;
}

/* It is told of what looks found before; what was counted before is not new. */
static void window_begins_with_what_is_there(void **state)
{
	struct notes notes;
	struct feed feed;
	struct view *window = window_from_third_second(&notes, &feed);

	(void)state;
	tell_looks(&feed, 2 * SECOND, 7, 1050, 50);
	assert_int_equal(notes.told[RECORD_LISTENER], 0);
	feed_tick(&feed, 3 * SECOND + 4000, UNIX_NS + 3 * SECOND + 4000);
	assert_int_equal(notes.begin_ns, 3 * SECOND);
	assert_int_equal(notes.begin_unix_ns, UNIX_NS + 3 * SECOND);
	assert_int_equal(notes.told[RECORD_LISTENER], 1);
	assert_int_equal(notes.told[RECORD_PRESENT], 1);
	assert_int_equal(notes.told[RECORD_NAMESPACE], 1);
	assert_int_equal(notes.told[RECORD_PORTS], 1);
	assert_int_equal(notes.port, 42000);
	assert_int_equal(notes.bound_port, 8080);
	assert_int_equal(notes.new_drops, 0);
	assert_int_equal(notes.overflows, 0);
	tell_looks(&feed, 4 * SECOND, 7, 1052, 52);
	assert_int_equal(notes.new_drops, 2);
	assert_int_equal(notes.overflows, 2);
	tell_looks(&feed, 5 * SECOND, 9, 500, 60); /* another socket; another namespace that has got the number */
	assert_int_equal(notes.new_drops, 60);
	assert_int_equal(notes.overflows, 60);
	assert_int_equal(feed_end(&feed, 6 * SECOND, UNIX_NS + 6 * SECOND), 0);
	recording_window_free(window);
}

/* Nothing that was told before can come after its begin. */
static void time_does_not_go_back(void **state)
{
	struct notes notes;
	struct feed feed;
	struct view *window = window_from_third_second(&notes, &feed);

	(void)state;
	feed_tick(&feed, 2 * SECOND, UNIX_NS + 2 * SECOND);
	feed_tick(&feed, 2 * SECOND + 10, UNIX_NS + 3600 * SECOND); /* somebody set the clock */
	assert_int_equal(notes.begin_ns, 2 * SECOND + 10);
	assert_int_equal(notes.begin_unix_ns, UNIX_NS + 3600 * SECOND);
	assert_int_equal(feed_end(&feed, 3 * SECOND, UNIX_NS + 3601 * SECOND), 0);
	recording_window_free(window);
}

/* What is counted in the tick that shows that it is over, or in one at its very end, is not of its time. */
static void nothing_of_behind_its_end(void **state)
{
	const struct run run = { .begin_ns = SECOND, .begin_unix_ns = UNIX_NS + SECOND };
	const struct run_needs all = wanted_all();
	struct notes notes = { .view.end = note_end };
	struct feed feed = {};
	struct view *window = recording_window_new(&notes.view, &all, UNIX_NS + 2 * SECOND, UNIX_NS + 4 * SECOND);
	uint64_t s;

	(void)state;
	feed_begin(&feed, window, &run);
	for (s = 2; s <= 4; s++) {
		feed.totals.fin_wait2_timewait = s;
		feed.health.lost = s;
		feed_tick(&feed, s * SECOND + 10, UNIX_NS + s * SECOND + 10);
		assert_int_equal(feed_is_over(&feed), s == 4);
	}
	assert_int_equal(feed_end(&feed, 4 * SECOND + 10, UNIX_NS + 4 * SECOND + 10), 0);
	assert_int_equal(notes.end_unix_ns, UNIX_NS + 4 * SECOND);
	assert_int_equal(notes.end_fin_wait2, 3);
	assert_int_equal(notes.end_lost, 3);
	recording_window_free(window);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_all),
		cmocka_unit_test(window_begins_with_what_is_there),
		cmocka_unit_test(nothing_of_behind_its_end),
		cmocka_unit_test(time_does_not_go_back),
		cmocka_unit_test(window_tells_what_a_live_run_does),
		cmocka_unit_test(asked_for_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
