// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "show/findings_line.h"

#include <stdlib.h>

#include "show/findings_ask.h"

struct findings_line {
	struct view view;
	struct diagnosis diagnosis;
	struct output *output;
};

static int line_begin(struct view *view, const struct run *run)
{
	diagnosis_begin(&((struct findings_line *)view)->diagnosis, run);
	return 0;
}

static int line_event(struct view *view, const struct event *event)
{
	return diagnosis_event(&((struct findings_line *)view)->diagnosis, event);
}

static int line_recount(struct view *view, bool begins)
{
	diagnosis_recount(&((struct findings_line *)view)->diagnosis, begins);
	return 0;
}

static int line_tick(struct view *view, const struct tick *tick)
{
	int err = diagnosis_tick(&((struct findings_line *)view)->diagnosis, tick, false);

	return err < 0 ? err : 0;
}

static int line_end(struct view *view, const struct tick *last)
{
	struct findings_line *line = (struct findings_line *)view;
	int err = diagnosis_tick(&line->diagnosis, last, true);
	char codes[CODES * CODE_WORDS];

	if (err < 0)
		return err;
	diagnosis_codes(&line->diagnosis, codes, sizeof(codes), true);
	if (codes[0])
		output_printf(line->output, "\nfindings: %s (tcpdwell diagnose tells them)\n", codes);
	return output_flush(line->output);
}

struct view *findings_line_new(const struct filter *filter, uint32_t max_sockets, bool partial, struct output *output)
{
	const struct diagnosis_config config = {
		.filter = filter,
		.max_sockets = max_sockets,
		.partial = partial,
		.ask = findings_ask_process,
		.cpu_ns = clock_cpu_ns,
	};
	struct findings_line *line = calloc(1, sizeof(*line));

	if (!line)
		return NULL;
	line->view = (struct view){
		.begin = line_begin,
		.event = line_event,
		.recount = line_recount,
		.tick = line_tick,
		.end = line_end,
		.tick_ms = VIEW_IDLE_MS,
	};
	line->output = output;
	if (!diagnosis_init(&line->diagnosis, &config))
		return &line->view;
	findings_line_free(&line->view);
	return NULL;
}

void findings_line_free(struct view *view)
{
	struct findings_line *line = (struct findings_line *)view;

	if (!line)
		return;
	diagnosis_release(&line->diagnosis);
	free(line);
}
