// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `ports` on the terminal. */
#include "show/ports/screen.h"

#include <stdlib.h>

#include "event/summary.h"
#include "show/screen.h"
#include "show/ports/ui.h"

struct ports_screen {
	struct screen screen; /* first */
	struct ports_config config;
	struct ports_model model;
	struct ports_ui ui;
};

static struct ports_screen *of(const struct screen *screen)
{
	return (struct ports_screen *)screen;
}

static int begin(struct screen *screen, const struct run *run)
{
	ports_model_begin(&of(screen)->model, run);
	return 0;
}

static int event(struct screen *screen, const struct event *event)
{
	return ports_model_event(&of(screen)->model, event);
}

static void recount(struct screen *screen, bool begins)
{
	ports_model_recount(&of(screen)->model, begins);
}

static bool is_due(const struct screen *screen, const struct tick *tick)
{
	return ports_model_is_due(&of(screen)->model, tick);
}

static void end_interval(struct screen *screen, const struct tick *tick)
{
	ports_model_end_interval(&of(screen)->model, tick);
}

static int measure(struct screen *screen, const struct tick *tick)
{
	return ports_model_measure(&of(screen)->model, tick);
}

static bool is_over(const struct screen *screen)
{
	const struct ports_screen *ports = of(screen);

	return ports->config.count && ports->model.intervals >= ports->config.count;
}

static bool farewell(struct screen *screen, const struct tick *last, char *out, size_t size)
{
	return summary_text(out, size, last, of(screen)->model.begin_ns);
}

static const struct screen_kind kind = {
	.begin = begin,
	.event = event,
	.recount = recount,
	.is_due = is_due,
	.end_interval = end_interval,
	.measure = measure,
	.is_over = is_over,
	.farewell = farewell,
};

struct view *ports_screen_new(const struct ports_config *config, const struct terminal_guard *guard)
{
	struct ports_screen *ports = calloc(1, sizeof(*ports));

	if (!ports)
		return NULL;
	ports->config = *config;
	screen_init(&ports->screen, &kind, &ports->ui.panel, config->color, guard);
	ports_ui_init(&ports->ui, &ports->model, config->rows);
	if (!ports_model_init(&ports->model, &config->model))
		return &ports->screen.view;
	ports_screen_free(&ports->screen.view);
	return NULL;
}

void ports_screen_free(struct view *view)
{
	struct ports_screen *ports = (struct ports_screen *)view;

	if (!ports)
		return;
	screen_release(&ports->screen);
	ports_ui_release(&ports->ui);
	ports_model_release(&ports->model);
	free(ports);
}
