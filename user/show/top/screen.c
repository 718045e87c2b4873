// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `top` on the terminal. */
#include "show/top/screen.h"

#include <stdlib.h>

#include "event/summary.h"
#include "show/findings_ask.h"
#include "show/screen.h"
#include "show/top/ui.h"

struct top_screen {
	struct screen screen; /* first */
	struct top_config config;
	struct top_model model;
	struct top_ui ui;
	struct diagnosis diagnosis;
	struct model_tick room;
};

static struct top_screen *of(const struct screen *screen)
{
	return (struct top_screen *)screen;
}

static void begin(struct screen *screen, const struct run *run)
{
	top_model_begin(&of(screen)->model, run);
	diagnosis_begin(&of(screen)->diagnosis, run);
}

static int event(struct screen *screen, const struct event *event)
{
	top_model_event(&of(screen)->model, event);
	return diagnosis_event(&of(screen)->diagnosis, event);
}

static void recount(struct screen *screen, bool begins)
{
	model_recount(of(screen)->model.books, begins);
	diagnosis_recount(&of(screen)->diagnosis, begins);
}

static bool is_due(const struct screen *screen, const struct tick *tick)
{
	return top_model_is_due(&of(screen)->model, tick);
}

static void end_interval(struct screen *screen, const struct tick *tick)
{
	struct top_screen *top = of(screen);

	top_model_end_interval(&top->model, model_tick(top->model.books, tick, &top->room));
}

static int measure(struct screen *screen, const struct tick *tick)
{
	struct top_screen *top = of(screen);

	int err = diagnosis_tick(&top->diagnosis, tick, false);

	return err < 0 ? err : top_model_measure(&top->model, model_tick(top->model.books, tick, &top->room));
}

static bool is_over(const struct screen *screen)
{
	const struct top_screen *top = of(screen);

	return top->config.count && top->model.intervals >= top->config.count;
}

static bool farewell(struct screen *screen, const struct tick *last, char *out, size_t size)
{
	struct top_screen *top = of(screen);

	return summary_text(out, size, model_tick(top->model.books, last, &top->room), top->model.begin_ns);
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

struct view *top_screen_new(const struct top_config *config, const struct terminal_guard *guard)
{
	const struct diagnosis_config diagnosis = {
		.filter = config->filter,
		.ask = findings_ask_process,
		.cpu_ns = clock_cpu_ns,
	};
	struct top_screen *top = calloc(1, sizeof(*top));

	if (!top)
		return NULL;
	top->config = *config;
	screen_init(&top->screen, &kind, &top->ui.panel, config->color, guard);
	top_ui_init(&top->ui, &top->model, config->rows);
	top->ui.diagnosis = &top->diagnosis;
	if (!diagnosis_init(&top->diagnosis, &diagnosis) && !top_model_init(&top->model, config, true))
		return &top->screen.view;
	top_screen_free(&top->screen.view);
	return NULL;
}

void top_screen_free(struct view *view)
{
	struct top_screen *top = (struct top_screen *)view;

	if (!top)
		return;
	screen_release(&top->screen);
	top_ui_release(&top->ui);
	top_model_release(&top->model);
	diagnosis_release(&top->diagnosis);
	free(top);
}
