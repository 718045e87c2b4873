// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `top` on the terminal. */
#include "show/top/screen.h"

#include <stdlib.h>
#include <string.h>

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
	struct diagnosis_config rules;
	bool begun;
};

static struct top_screen *of(const struct screen *screen)
{
	return (struct top_screen *)screen;
}

/* Another run: nothing is known any more, but what was chosen with keys stays. */
static int begin_again(struct top_screen *top)
{
	int err;

	diagnosis_release(&top->diagnosis);
	err = diagnosis_init(&top->diagnosis, &top->rules) ?: top_model_renew(&top->model, &top->config);
	top->ui.opened = 0;
	memset(top->ui.taken, 0, sizeof(top->ui.taken));
	return err;
}

static int begin(struct screen *screen, const struct run *run)
{
	struct top_screen *top = of(screen);
	int err = top->begun ? begin_again(top) : 0;

	if (err)
		return err;
	top->begun = true;
	top_model_begin(&top->model, run);
	diagnosis_begin(&top->diagnosis, run);
	return 0;
}

static int pass(struct screen *screen, const struct tick *tick)
{
	int err = diagnosis_tick(&of(screen)->diagnosis, tick, false);

	if (err >= 0)
		model_forget(of(screen)->model.books, tick->time_ns);
	return err < 0 ? err : 0;
}

static bool has_new_finding(struct screen *screen)
{
	return top_findings_take_new(&of(screen)->ui);
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
	.pass = pass,
	.has_new_finding = has_new_finding,
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
	struct top_screen *top = calloc(1, sizeof(*top));

	if (!top)
		return NULL;
	top->config = *config;
	top->rules = (struct diagnosis_config){
		.filter = config->filter,
		.ask = config->timeline ? NULL : findings_ask_process, /* processes of then can't be asked */
		.cpu_ns = config->timeline ? NULL : clock_cpu_ns,
	};
	screen_init(&top->screen, &kind, &top->ui.panel, config->color, guard);
	top->screen.timeline = config->timeline;
	top_ui_init(&top->ui, &top->model, config->rows);
	if (config->timeline)
		top_ui_set_timeline(&top->ui, config->timeline);
	top->ui.diagnosis = &top->diagnosis;
	if (!diagnosis_init(&top->diagnosis, &top->rules) && !top_model_init(&top->model, config, true))
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
