// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events, ticks and keys in, frames out. */
#include "show/screen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "show/terminal.h"
#include "util/stop.h"

#define KEYS_MS 50 /* how long a key may wait */
#define PATIENCE_NS 300000000ULL /* then one sees how far reading has come, and a key ends it */

static int draw(struct screen *screen)
{
	unsigned int rows, columns;
	int err;

	terminal_size(screen->terminal, &rows, &columns);
	err = panel_draw(screen->panel, &screen->frame, rows, columns);
	if (!err)
		terminal_paint(screen->terminal, &screen->frame);
	screen->drawn = true;
	return err;
}

/* 1 when something may have changed. */
static int take_keys(struct screen *screen)
{
	int key, err, taken = 0;

	while (!screen->panel->quit && (key = terminal_key(screen->terminal)) != TERMINAL_NOTHING) {
		err = panel_key(screen->panel, key);
		if (err)
			return err;
		taken = 1;
	}
	if (terminal_wait(0) < 0) /* its other end is gone: nobody is there to end it */
		screen->panel->quit = true;
	return taken || screen->panel->quit;
}

static int begin(struct view *view, const struct run *run)
{
	struct screen *screen = (struct screen *)view;

	int err = screen->kind->begin(screen, run);

	if (err)
		return err;
	if (screen->timeline) {
		timeline_begin(screen->timeline, run);
		screen->reading_since_ns = clock_monotonic_ns();
	}
	if (!screen->terminal)
		screen->terminal = terminal_new(screen->color, screen->guard);
	return screen->terminal ? 0 : -EIO;
}

static int event(struct view *view, const struct event *event)
{
	struct screen *screen = (struct screen *)view;

	return screen->kind->event(screen, event);
}

static int recount(struct view *view, bool begins)
{
	struct screen *screen = (struct screen *)view;

	screen->kind->recount(screen, begins);
	return 0;
}

static int measure(struct screen *screen, const struct tick *tick)
{
	int err = screen->kind->measure(screen, tick);

	return err ?: panel_refresh(screen->panel);
}

/* A key in the picture that stands. 1: the picture is left, for another time or for good. */
static int take_key_in_time(struct screen *screen, int key)
{
	struct panel *panel = screen->panel;
	enum timeline_step step = TIMELINE_NO_KEY;
	int err;

	if (!panel->question && !panel->typing && !panel->help)
		step = timeline_key(screen->timeline, key);
	err = step == TIMELINE_NO_KEY ? panel_key(panel, key) : 0;
	if (step == TIMELINE_ASK)
		panel_ask(panel, "Go to (03:12, 2026-11-28 03:12, 10m ago, +5m, -5m)");
	if (panel->question && panel->answered) {
		panel->question = NULL;
		step = timeline_go_to(screen->timeline, panel->answer);
	}
	return err ?: step == TIMELINE_GO || panel->quit;
}

/* The picture of a time stands until a key wants another one. 1: the run is over. */
static int stand(struct screen *screen, const struct tick *tick, bool at_end)
{
	int key, left = 0, err;

	timeline_show(screen->timeline, tick, at_end);
	err = measure(screen, tick) ?: draw(screen);
	while (!err && !left && !stop_is_requested()) {
		key = terminal_key(screen->terminal);
		if (key == TERMINAL_NOTHING) {
			screen->panel->quit = terminal_wait(-1) < 0;
			left = screen->panel->quit;
			continue;
		}
		left = take_key_in_time(screen, key);
		if (left < 0)
			return left;
		if (screen->panel->stale)
			err = measure(screen, tick);
		if (!err && screen->timeline->again)
			snprintf(screen->timeline->note, TIMELINE_NOTE, "Reading ...");
		err = err ?: draw(screen);
		if (screen->timeline->again)
			screen->timeline->note[0] = '\0';
	}
	screen->reading_since_ns = clock_monotonic_ns();
	return err ?: screen->panel->quit || screen->timeline->again || stop_is_requested();
}

/* Is one shown that was not before? */
static bool has_begun_finding(struct screen *screen, const struct tick *tick)
{
	if (!screen->kind->has_new_finding(screen))
		return false;
	timeline_add_finding(screen->timeline, tick->unix_ns);
	return true;
}

/* Long reading is seen, and ends where it is with any key. */
static int show_progress(struct screen *screen, const struct tick *tick, bool *is_interrupted)
{
	uint64_t now_ns = clock_monotonic_ns();
	int err;

	if (now_ns - screen->reading_since_ns < PATIENCE_NS)
		return 0;
	*is_interrupted = terminal_wait(0) != 0;
	if (*is_interrupted)
		return 0;
	timeline_show(screen->timeline, tick, false);
	snprintf(screen->timeline->note, TIMELINE_NOTE, "Reading, any key stops it here ...");
	err = measure(screen, tick) ?: draw(screen);
	screen->timeline->note[0] = '\0';
	screen->reading_since_ns = clock_monotonic_ns();
	return err;
}

static int tick_in_time(struct screen *screen, const struct tick *tick, bool due)
{
	bool is_found = false, is_interrupted = false;
	int err = 0;

	if (due) {
		err = screen->kind->pass(screen, tick);
		is_found = !err && has_begun_finding(screen, tick) && screen->timeline->want == WANT_FINDING;
		err = err ?: show_progress(screen, tick, &is_interrupted);
	}
	if (err || (!is_found && !is_interrupted && !timeline_is_reached(screen->timeline, tick)))
		return err;
	return stand(screen, tick, false);
}

static int tick(struct view *view, const struct tick *tick)
{
	struct screen *screen = (struct screen *)view;
	bool due = screen->kind->is_due(screen, tick);
	int keys, err = 0;

	if (due)
		screen->kind->end_interval(screen, tick);
	if (screen->timeline)
		return tick_in_time(screen, tick, due);
	keys = take_keys(screen);
	/* While paused the picture stays, but the intervals go on. */
	if ((due && !screen->panel->paused) || screen->panel->stale || !screen->drawn)
		err = measure(screen, tick);
	if (keys < 0 || err)
		return keys < 0 ? keys : err;
	if (due || keys || !screen->drawn)
		err = draw(screen);
	return err ?: screen->panel->quit || screen->kind->is_over(screen);
}

static int end(struct view *view, const struct tick *last)
{
	struct screen *screen = (struct screen *)view;
	char text[1024];
	int err;

	if (screen->timeline) {
		err = screen->panel->quit || screen->timeline->again || stop_is_requested() ? 0 : stand(screen, last, true);
		return err < 0 ? err : 0;
	}
	terminal_free(screen->terminal);
	screen->terminal = NULL;
	if (screen->kind->farewell(screen, last, text, sizeof(text)))
		fputs(text + (text[0] == '\n'), stdout);
	return fflush(stdout) ? -errno : 0;
}

void screen_init(struct screen *screen, const struct screen_kind *kind, struct panel *panel, bool color,
		 const struct terminal_guard *guard)
{
	memset(screen, 0, sizeof(*screen));
	screen->view = (struct view){
		.begin = begin,
		.event = event,
		.recount = recount,
		.tick = tick,
		.end = end,
		.tick_ms = KEYS_MS,
	};
	screen->kind = kind;
	screen->panel = panel;
	screen->color = color;
	screen->guard = guard;
	frame_init(&screen->frame);
}

void screen_release(struct screen *screen)
{
	terminal_free(screen->terminal);
	screen->terminal = NULL;
	frame_release(&screen->frame);
}
