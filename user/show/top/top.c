// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Intervals of `top` as they end, as in vmstat: INTERVAL [COUNT]. */
#include "show/top/top.h"

#include <stdlib.h>

#include "event/summary.h"
#include "show/top/model.h"
#include "show/top/table.h"

#define DEFAULT_ROWS 20

struct top_view {
	struct view view;
	struct top_config config;
	struct output *output;
	struct top_model model;
	struct json json;
	struct buffer text;
};

static int write_out(struct top_view *top)
{
	int err = json_error(&top->json) ?: top->text.error;

	if (!err)
		err = output_write(top->output, top->json.data, top->json.size);
	if (!err)
		err = output_write(top->output, top->text.data, top->text.size);
	json_clear(&top->json);
	buffer_clear(&top->text);
	return err ?: output_flush(top->output);
}

static int show_interval(struct top_view *top, const struct tick *tick)
{
	const struct top_config *config = &top->config;
	int err;

	top_model_end_interval(&top->model, tick);
	err = top_model_measure(&top->model, tick);
	if (err)
		return err;
	if (config->json)
		top_interval_json(&top->json, &top->model, config->rows ?: SIZE_MAX);
	else
		top_table_text(&top->text, &top->model, config->rows ?: DEFAULT_ROWS);
	return write_out(top);
}

static int top_begin(struct view *view, const struct run *run)
{
	struct top_view *top = (struct top_view *)view;

	top_model_begin(&top->model, run);
	if (top->config.json)
		header_json(&top->json, run);
	else
		buffer_append_string(&top->text, source_note(run));
	return write_out(top);
}

static int top_event(struct view *view, const struct event *event)
{
	top_model_event(&((struct top_view *)view)->model, event);
	return 0;
}

static int top_recount(struct view *view, bool begins)
{
	model_recount(((struct top_view *)view)->model.books, begins);
	return 0;
}

static bool count_is_reached(const struct top_view *top)
{
	return top->config.count && top->model.intervals >= top->config.count;
}

static int top_tick(struct view *view, const struct tick *tick)
{
	struct top_view *top = (struct top_view *)view;
	struct model_tick room;
	int err = 0;

	tick = model_tick(top->model.books, tick, &room);
	if (top_model_is_due(&top->model, tick))
		err = show_interval(top, tick);
	view->tick_ms = top_model_wait_ms(&top->model, tick);
	return err ?: count_is_reached(top);
}

/* What was missing in all of them is said once. */
static void finish_text(struct top_view *top, const struct tick *last)
{
	char summary[1024];

	if (top_missing_text(&top->text, &top->model))
		buffer_append_string(&top->text, "\n\n");
	if (summary_text(summary, sizeof(summary), last, top->model.begin_ns))
		buffer_append_string(&top->text, summary + (summary[0] == '\n'));
}

/* An interval that was cut short is shown too, unless nothing can have come since the last. */
static int top_end(struct view *view, const struct tick *last)
{
	struct top_view *top = (struct top_view *)view;
	struct model_tick room;
	int err = 0;

	last = model_tick(top->model.books, last, &room);
	if (!count_is_reached(top) && (last->time_ns - top->model.interval_begin_ns > 10000000 || !top->model.intervals))
		err = show_interval(top, last);
	last = model_tick(top->model.books, last, &room);
	if (top->config.json)
		summary_json(&top->json, last, top->model.begin_ns);
	else
		finish_text(top, last);
	return err ?: write_out(top);
}

struct view *top_view_new(const struct top_config *config, struct output *output)
{
	struct top_view *top = calloc(1, sizeof(*top));

	if (!top)
		return NULL;
	top->view = (struct view){
		.begin = top_begin,
		.event = top_event,
		.recount = top_recount,
		.tick = top_tick,
		.end = top_end,
	};
	top->config = *config;
	top->output = output;
	json_init(&top->json);
	buffer_init(&top->text);
	if (!top_model_init(&top->model, config, false))
		return &top->view;
	top_view_free(&top->view);
	return NULL;
}

void top_view_free(struct view *view)
{
	struct top_view *top = (struct top_view *)view;

	if (!top)
		return;
	top_model_release(&top->model);
	json_release(&top->json);
	buffer_release(&top->text);
	free(top);
}
