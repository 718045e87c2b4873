// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events, ticks and keys in, frames out. */
#include "show/screen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "show/terminal.h"

#define KEYS_MS 50 /* how long a key may wait */

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
	return taken;
}

static int begin(struct view *view, const struct run *run)
{
	struct screen *screen = (struct screen *)view;

	screen->kind->begin(screen, run);
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

static int tick(struct view *view, const struct tick *tick)
{
	struct screen *screen = (struct screen *)view;
	bool due = screen->kind->is_due(screen, tick);
	int keys, err = 0;

	if (due)
		screen->kind->end_interval(screen, tick);
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
