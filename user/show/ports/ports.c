// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Pictures of `ports` as intervals end: INTERVAL [COUNT]. */
#include "show/ports/ports.h"

#include <stdlib.h>

#include "event/summary.h"
#include "show/ports/table.h"

#define DEFAULT_ROWS 20
#define CUT_SHORT_NS 10000000 /* an interval of less is not worth a picture */

struct ports_view {
	struct view view;
	struct output *output;
	struct ports_config config;
	struct ports_model model;
	struct json json;
	struct buffer text;
};

static int write_out(struct ports_view *ports)
{
	int err = json_error(&ports->json) ?: ports->text.error;

	if (!err)
		err = output_write(ports->output, ports->json.data, ports->json.size);
	if (!err)
		err = output_write(ports->output, ports->text.data, ports->text.size);
	json_clear(&ports->json);
	buffer_clear(&ports->text);
	return err ?: output_flush(ports->output);
}

static int show_interval(struct ports_view *ports, const struct tick *tick)
{
	const struct ports_config *config = &ports->config;
	int err;

	ports_model_end_interval(&ports->model, tick);
	err = ports_model_measure(&ports->model, tick);
	if (err)
		return err;
	if (config->json)
		ports_picture_json(&ports->json, &ports->model, config->rows ?: SIZE_MAX);
	else
		ports_table_text(&ports->text, &ports->model, config->rows ?: DEFAULT_ROWS);
	return write_out(ports);
}

static int ports_begin(struct view *view, const struct run *run)
{
	struct ports_view *ports = (struct ports_view *)view;

	ports_model_begin(&ports->model, run);
	if (ports->config.json)
		header_json(&ports->json, run);
	else
		buffer_append_string(&ports->text, source_note(run));
	return write_out(ports);
}

static int ports_event(struct view *view, const struct event *event)
{
	return ports_model_event(&((struct ports_view *)view)->model, event);
}

static int ports_recount(struct view *view, bool begins)
{
	ports_model_recount(&((struct ports_view *)view)->model, begins);
	return 0;
}

static bool count_is_reached(const struct ports_view *ports)
{
	return ports->config.count && ports->model.intervals >= ports->config.count;
}

static int ports_tick(struct view *view, const struct tick *tick)
{
	struct ports_view *ports = (struct ports_view *)view;
	int err = 0;

	if (ports_model_is_due(&ports->model, tick))
		err = show_interval(ports, tick);
	view->tick_ms = ports_model_wait_ms(&ports->model, tick);
	return err ?: count_is_reached(ports);
}

/* An interval that was cut short is shown too, unless nothing can have come since the last. */
static int ports_end(struct view *view, const struct tick *last)
{
	struct ports_view *ports = (struct ports_view *)view;
	bool cut_short = last->time_ns - ports->model.interval_begin_ns > CUT_SHORT_NS || !ports->model.intervals;
	char summary[1024];
	int err = 0;

	if (!count_is_reached(ports) && cut_short)
		err = show_interval(ports, last);
	if (ports->config.json)
		summary_json(&ports->json, last, ports->model.begin_ns);
	else if (summary_text(summary, sizeof(summary), last, ports->model.begin_ns))
		buffer_append_string(&ports->text, summary + (summary[0] == '\n'));
	return err ?: write_out(ports);
}

struct view *ports_view_new(const struct ports_config *config, struct output *output)
{
	struct ports_view *ports = calloc(1, sizeof(*ports));

	if (!ports)
		return NULL;
	ports->view = (struct view){
		.begin = ports_begin,
		.event = ports_event,
		.recount = ports_recount,
		.tick = ports_tick,
		.end = ports_end,
	};
	ports->output = output;
	json_init(&ports->json);
	buffer_init(&ports->text);
	ports->config = *config;
	if (!ports_model_init(&ports->model, &config->model))
		return &ports->view;
	ports_view_free(&ports->view);
	return NULL;
}

void ports_view_free(struct view *view)
{
	struct ports_view *ports = (struct ports_view *)view;

	if (!ports)
		return;
	ports_model_release(&ports->model);
	json_release(&ports->json);
	buffer_release(&ports->text);
	free(ports);
}
