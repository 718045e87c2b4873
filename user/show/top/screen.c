// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events, ticks and keys in, frames out. */
#include "show/top/screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "event/summary.h"
#include "show/terminal.h"
#include "show/top/ui.h"

#define KEYS_MS 50 /* how long a key may wait */

struct top_screen {
	struct view view;
	struct top_config config;
	const struct terminal_guard *guard;
	struct top_model model;
	struct top_ui ui;
	struct frame frame;
	struct terminal *terminal;
	bool drawn;
};

static int draw(struct top_screen *screen)
{
	unsigned int rows, columns;
	int err;

	terminal_size(screen->terminal, &rows, &columns);
	err = top_ui_draw(&screen->ui, &screen->frame, rows, columns);
	if (!err)
		terminal_paint(screen->terminal, &screen->frame);
	screen->drawn = true;
	return err;
}

/* 1 when something may have changed. */
static int take_keys(struct top_screen *screen)
{
	int key, err, taken = 0;

	while ((key = terminal_key(screen->terminal)) != TERMINAL_NOTHING) {
		err = top_ui_key(&screen->ui, key);
		if (err)
			return err;
		taken = 1;
	}
	return taken;
}

static int begin(struct view *view, const struct run *run)
{
	struct top_screen *screen = (struct top_screen *)view;

	top_model_begin(&screen->model, run);
	screen->terminal = terminal_new(screen->config.color, screen->guard);
	return screen->terminal ? 0 : -EIO;
}

static int event(struct view *view, const struct event *event)
{
	top_model_event(&((struct top_screen *)view)->model, event);
	return 0;
}

static int recount(struct view *view, bool begins)
{
	model_recount(((struct top_screen *)view)->model.books, begins);
	return 0;
}

static int measure(struct top_screen *screen, const struct tick *tick)
{
	int err = top_model_measure(&screen->model, tick);

	return err ?: top_ui_refresh(&screen->ui);
}

static bool count_is_reached(const struct top_screen *screen)
{
	return screen->config.count && screen->model.intervals >= screen->config.count;
}

static int tick(struct view *view, const struct tick *tick)
{
	struct top_screen *screen = (struct top_screen *)view;
	bool due = top_model_is_due(&screen->model, tick);
	struct model_tick room;
	int keys, err = 0;

	tick = model_tick(screen->model.books, tick, &room);
	if (due)
		top_model_end_interval(&screen->model, tick);
	keys = take_keys(screen);
	/* While paused the picture stays, but the intervals go on. */
	if ((due && !screen->ui.paused) || screen->ui.stale || !screen->drawn)
		err = measure(screen, tick);
	if (keys < 0 || err)
		return keys < 0 ? keys : err;
	if (due || keys || !screen->drawn)
		err = draw(screen);
	return err ?: screen->ui.quit || count_is_reached(screen);
}

static int end(struct view *view, const struct tick *last)
{
	struct top_screen *screen = (struct top_screen *)view;
	struct model_tick room;
	char summary[1024];

	last = model_tick(screen->model.books, last, &room);
	terminal_free(screen->terminal);
	screen->terminal = NULL;
	if (summary_text(summary, sizeof(summary), last, screen->model.begin_ns))
		fputs(summary + (summary[0] == '\n'), stdout);
	return fflush(stdout) ? -errno : 0;
}

struct view *top_screen_new(const struct top_config *config, const struct terminal_guard *guard)
{
	struct top_screen *screen = calloc(1, sizeof(*screen));

	if (!screen)
		return NULL;
	screen->view = (struct view){
		.begin = begin,
		.event = event,
		.recount = recount,
		.tick = tick,
		.end = end,
		.tick_ms = KEYS_MS,
	};
	screen->config = *config;
	screen->guard = guard;
	frame_init(&screen->frame);
	top_ui_init(&screen->ui, &screen->model, config->rows);
	if (!top_model_init(&screen->model, config, true))
		return &screen->view;
	top_screen_free(&screen->view);
	return NULL;
}

void top_screen_free(struct view *view)
{
	struct top_screen *screen = (struct top_screen *)view;

	if (!screen)
		return;
	terminal_free(screen->terminal);
	top_ui_release(&screen->ui);
	top_model_release(&screen->model);
	frame_release(&screen->frame);
	free(screen);
}
