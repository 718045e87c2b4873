// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events, ticks and keys in, frames out. */
#include "show/ports/screen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "event/summary.h"
#include "show/ports/ui.h"
#include "show/terminal.h"

#define KEYS_MS 50 /* how long a key may wait */

struct ports_screen {
	struct view view;
	const struct terminal_guard *guard;
	struct ports_config config;
	struct ports_model model;
	struct ports_ui ui;
	struct frame frame;
	struct terminal *terminal;
	bool drawn;
};

static int draw(struct ports_screen *screen)
{
	unsigned int rows, columns;
	int err;

	terminal_size(screen->terminal, &rows, &columns);
	err = ports_ui_draw(&screen->ui, &screen->frame, rows, columns);
	if (!err)
		terminal_paint(screen->terminal, &screen->frame);
	screen->drawn = true;
	return err;
}

/* 1 when something may have changed. */
static int take_keys(struct ports_screen *screen)
{
	int key, err, taken = 0;

	while ((key = terminal_key(screen->terminal)) != TERMINAL_NOTHING) {
		err = ports_ui_key(&screen->ui, key);
		if (err)
			return err;
		taken = 1;
	}
	return taken;
}

static int begin(struct view *view, const struct run *run)
{
	struct ports_screen *screen = (struct ports_screen *)view;

	ports_model_begin(&screen->model, run);
	screen->terminal = terminal_new(screen->config.color, screen->guard);
	return screen->terminal ? 0 : -EIO;
}

static int event(struct view *view, const struct event *event)
{
	return ports_model_event(&((struct ports_screen *)view)->model, event);
}

static int recount(struct view *view, bool begins)
{
	ports_model_recount(&((struct ports_screen *)view)->model, begins);
	return 0;
}

static int measure(struct ports_screen *screen, const struct tick *tick)
{
	int err = ports_model_measure(&screen->model, tick);

	return err ?: ports_ui_refresh(&screen->ui);
}

static bool count_is_reached(const struct ports_screen *screen)
{
	return screen->config.count && screen->model.intervals >= screen->config.count;
}

static int tick(struct view *view, const struct tick *tick)
{
	struct ports_screen *screen = (struct ports_screen *)view;
	bool due = ports_model_is_due(&screen->model, tick);
	int keys, err = 0;

	if (due)
		ports_model_end_interval(&screen->model, tick);
	keys = take_keys(screen);
	/* While paused the picture stays, but the intervals go on. */
	if ((due && !screen->ui.paused) || !screen->drawn)
		err = measure(screen, tick);
	if (keys < 0 || err)
		return keys < 0 ? keys : err;
	if (due || keys || !screen->drawn)
		err = draw(screen);
	return err ?: screen->ui.quit || count_is_reached(screen);
}

static int end(struct view *view, const struct tick *last)
{
	struct ports_screen *screen = (struct ports_screen *)view;
	char summary[1024];

	terminal_free(screen->terminal);
	screen->terminal = NULL;
	if (summary_text(summary, sizeof(summary), last, screen->model.begin_ns))
		fputs(summary + (summary[0] == '\n'), stdout);
	return fflush(stdout) ? -errno : 0;
}

struct view *ports_screen_new(const struct ports_config *config, const struct terminal_guard *guard)
{
	struct ports_screen *screen = calloc(1, sizeof(*screen));

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
	screen->guard = guard;
	frame_init(&screen->frame);
	ports_ui_init(&screen->ui, &screen->model, config->rows);
	screen->config = *config;
	if (!ports_model_init(&screen->model, &config->model))
		return &screen->view;
	ports_screen_free(&screen->view);
	return NULL;
}

void ports_screen_free(struct view *view)
{
	struct ports_screen *screen = (struct ports_screen *)view;

	if (!screen)
		return;
	terminal_free(screen->terminal);
	ports_ui_release(&screen->ui);
	ports_model_release(&screen->model);
	frame_release(&screen->frame);
	free(screen);
}
