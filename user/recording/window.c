// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Until the window begins a model keeps what is there; then it is told, and totals begin at zero. */
#include "recording/window.h"

#include <stdlib.h>
#include <string.h>

#include "event/names.h"
#include "recording/kept_ports.h"
#include "recording/live_sockets.h"
#include "recording/rebase.h"
#include "source/feed.h"
#include "source/wanted.h"
#include "util/number.h"

#define COARSE_MS 1000 /* between ticks before it begins, where nobody asks for that to the millisecond */

struct window {
	struct view view;
	struct view *inner;
	struct wanted wanted;
	uint64_t since_ns, until_ns; /* UTC */
	uint64_t since_time_ns; /* monotonic */
	struct run run;
	struct recording_live live; /* until it begins */
	struct kept_ports ports; /* until it begins */
	struct rebase rebase; /* from then on */
	struct feed feed;
	struct health before; /* of what was lost before it began */
	const struct holes *holes; /* of all that was read; NULL: none so far */
	uint64_t holes_taken;
	bool recounting, begun, ended;
	uint64_t last_ns, last_unix_ns; /* the last that was told to us */
};

static void pass_on(struct window *window, const struct event *event)
{
	struct event told;

	if (!wanted_has(&window->wanted, event))
		return;
	if (event->listener || event->namespace) {
		told = rebase_event(&window->rebase, event);
		event = &told;
	}
	feed_event(&window->feed, event);
}

static int tell(void *context, const struct event *event)
{
	struct window *window = context;
	int err = rebase_begin(&window->rebase, event);

	if (err)
		feed_fail(&window->feed, err);
	pass_on(window, event);
	return 0;
}

/* At `time_ns`: as a live run would begin. */
static void begin(struct window *window, const struct tick *now)
{
	size_t untold; /* none: all are taken */

	window->run.begin_ns = now->time_ns;
	window->run.begin_unix_ns = now->unix_ns;
	window->begun = true;
	window->view.tick_ms = window->inner->tick_ms;
	window->feed.totals.told = window->wanted.states;
	feed_begin(&window->feed, window->inner, &window->run);
	kept_ports_tell(&window->ports, now, tell, window);
	recording_live_tell(&window->live, now, tell, window, &untold);
	recording_live_tell_listeners(&window->live, now, tell, window);
	recording_live_tell_looks(&window->live, now, tell, window);
	kept_ports_release(&window->ports);
	kept_ports_init(&window->ports);
	recording_live_release(&window->live);
}

static int result_of(struct window *window)
{
	return window->begun ? window->feed.guard.result : 0;
}

static int window_begin(struct view *view, const struct run *run)
{
	struct window *window = (struct window *)view;
	const struct tick now = { .time_ns = run->begin_ns, .unix_ns = run->begin_unix_ns };

	window->run = *run;
	if (window->until_ns && run->begin_unix_ns >= window->until_ns) /* nothing before it is known */
		return 1;
	if (run->begin_unix_ns >= window->since_ns && run->begin_ns >= window->since_time_ns && !window->begun)
		begin(window, &now);
	window->last_ns = run->begin_ns;
	window->last_unix_ns = run->begin_unix_ns;
	return result_of(window);
}

/* It begins when it was to, or a hole ended that this is in, however late after that something is told; but time never goes back. */
static struct tick begin_of(const struct window *window, uint64_t time_ns, uint64_t unix_ns)
{
	bool in_hole = window->holes && holes_has(window->holes, window->since_ns);
	uint64_t since_ns = in_hole ? window->holes->last.end_ns : window->since_ns;
	uint64_t late_ns = since_ns && window->last_unix_ns < since_ns && unix_ns > since_ns ? unix_ns - since_ns : 0;

	if (late_ns > elapsed_ns(time_ns, window->last_ns))
		late_ns = 0;
	return (struct tick){ .time_ns = time_ns - late_ns, .unix_ns = unix_ns - late_ns };
}

/* 1: it is over. */
static int follow(struct window *window, uint64_t time_ns, uint64_t unix_ns)
{
	struct tick first;

	if (window->until_ns && unix_ns >= window->until_ns)
		return 1;
	if (!window->begun && window->holes && holes_has(window->holes, unix_ns))
		return 0;
	if (!window->begun && unix_ns >= window->since_ns && time_ns >= window->since_time_ns && !window->recounting) {
		first = begin_of(window, time_ns, unix_ns);
		begin(window, &first);
	}
	window->last_ns = time_ns;
	window->last_unix_ns = unix_ns;
	return 0;
}

static int window_event(struct view *view, const struct event *event)
{
	struct window *window = (struct window *)view;

	if (follow(window, event->record.time_ns, event->unix_ns))
		return 1;
	if (window->begun)
		pass_on(window, event);
	else if (event->ports)
		kept_ports_take(&window->ports, event->ports);
	else
		model_event(window->live.own, event);
	return result_of(window);
}

static int window_recount(struct view *view, bool begins)
{
	struct window *window = (struct window *)view;

	window->recounting = begins;
	if (window->begun)
		feed_recount(&window->feed, begins);
	else
		model_recount(window->live.own, begins);
	return result_of(window);
}

/* Those that it has a part in. */
static void take_hole(struct window *window, const struct tick *tick)
{
	const struct holes *holes = window->holes = tick->holes;

	if (!holes || holes->count == window->holes_taken)
		return;
	window->holes_taken = holes->count;
	if (window->begun || (window->since_ns && holes->last.end_ns > window->since_ns))
		holes_add(&window->feed.holes, holes->last.begin_ns, holes->last.end_ns);
}

/* What was lost since it began. */
static void take_health(struct window *window, const struct tick *tick)
{
	struct health now = *tick->health;
	uint64_t unknown = window->feed.health.unknown, *counter;
	const char *name;
	size_t i;

	for (i = 0; (counter = health_counter(&now, i, &name)); i++) {
		uint64_t before = *health_counter(&window->before, i, &name);

		*counter -= *counter > before ? before : *counter;
	}
	window->feed.health = now;
	window->feed.health.unknown = unknown;
	window->feed.totals.fin_wait2_timewait = tick->totals->fin_wait2_timewait;
	window->feed.holders_check_ns = tick->holders_check_ns;
	window->feed.holders_seen_ns = tick->holders_seen_ns;
	window->feed.present_seen_ns = tick->present_seen_ns;
}

static int window_tick(struct view *view, const struct tick *tick)
{
	struct window *window = (struct window *)view;

	take_hole(window, tick);
	if (follow(window, tick->time_ns, tick->unix_ns))
		return 1;
	if (!window->begun) {
		window->before = *tick->health;
		model_forget(window->live.own, tick->time_ns);
		return 0;
	}
	take_health(window, tick);
	feed_tick(&window->feed, tick->time_ns, tick->unix_ns);
	view->tick_ms = window->inner->tick_ms;
	return result_of(window);
}

/* A window that ends before the run ends then: what the run tells last is of a time behind it. */
static int window_end(struct view *view, const struct tick *last)
{
	struct window *window = (struct window *)view;
	uint64_t early_ns = window->until_ns && last->unix_ns > window->until_ns ? last->unix_ns - window->until_ns : 0;

	take_hole(window, last);
	if (!window->begun)
		return 0;
	if (!early_ns)
		take_health(window, last);
	return feed_end(&window->feed, last->time_ns - early_ns, last->unix_ns - early_ns);
}

struct view *recording_window_new(struct view *inner, const struct run_needs *needs, uint64_t since_unix_ns, uint64_t until_unix_ns)
{
	struct window *window = calloc(1, sizeof(*window));

	if (!window)
		return NULL;
	if (recording_live_init(&window->live, NULL)) {
		free(window);
		return NULL;
	}
	window->view = (struct view){
		.begin = window_begin,
		.event = window_event,
		.recount = window_recount,
		.tick = window_tick,
		.end = window_end,
		.tick_ms = inner->tick_ms,
		.tells_at_end = inner->tells_at_end,
	};
	window->inner = inner;
	window->wanted = wanted_by(needs);
	window->since_ns = since_unix_ns;
	window->until_ns = until_unix_ns;
	kept_ports_init(&window->ports);
	rebase_init(&window->rebase);
	return &window->view;
}

void recording_window_begin_at(struct view *view, uint64_t time_ns)
{
	((struct window *)view)->since_time_ns = time_ns;
	view->tick_ms = time_ns ? COARSE_MS : ((struct window *)view)->inner->tick_ms;
}

void recording_window_free(struct view *view)
{
	struct window *window = (struct window *)view;

	if (!window)
		return;
	recording_live_release(&window->live);
	kept_ports_release(&window->ports);
	rebase_release(&window->rebase);
	free(window);
}

struct run_needs recording_window_needs(const struct run_needs *needs)
{
	struct run_needs all = *needs;

	all.emit_states = ~0U;
	all.track_all = true;
	all.accepts = true; /* for the model of what is there when it begins */
	all.bind_failures = BIND_FAILURES_ALWAYS;
	return all;
}

bool recording_window_has_begun(const struct view *view)
{
	return ((const struct window *)view)->begun;
}

uint64_t recording_window_last(const struct view *view)
{
	return ((const struct window *)view)->last_unix_ns;
}

const struct holes *recording_window_holes(const struct view *view)
{
	return &((const struct window *)view)->feed.holes;
}
