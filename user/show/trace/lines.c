// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lines: what came since the last tick goes out in one write. */
#include "show/trace/lines.h"

#include <errno.h>
#include <stdlib.h>

#include "attribute/socket_users.h"
#include "event/summary.h"
#include "event/transition.h"
#include "util/tcp_state.h"

struct lines_view {
	struct view view;
	struct lines_config config;
	struct output *output;
	struct json json;
	struct socket_users *users; /* NULL: text says nothing of them */
	uint64_t begin_ns;
};

static int write_json(struct lines_view *lines)
{
	int err = json_error(&lines->json);

	if (!err)
		err = output_write_through(lines->output, lines->json.data, lines->json.size);
	json_clear(&lines->json);
	return err;
}

/* Not flushed: the head is seen with the first tick, when the sockets from before are known. Scripts wait for it. */
static int lines_begin(struct view *view, const struct run *run)
{
	struct lines_view *lines = (struct lines_view *)view;
	char text[512];
	int err;

	lines->begin_ns = run->begin_ns;
	if (lines->config.json) {
		socket_users_begin(lines->users, run);
		header_json(&lines->json, run);
		err = json_error(&lines->json);
	} else {
		output_string(lines->output, source_note(run));
		err = output_write(lines->output, text, transition_head(text, sizeof(text), &lines->config.columns));
	}
	return err;
}

static bool is_shown(const struct lines_view *lines, const struct event *event)
{
	const struct transition *record = &event->record;

	if (record->type == RECORD_CONNECT_FAILED)
		return lines->config.connect_failed;
	if (record->type == RECORD_ACCEPTED)
		return lines->config.accepts;
	if (record->type == RECORD_HOLDER)
		return lines->config.holders;
	if (record->type != RECORD_TRANSITION)
		return false;
	return event_concerns(event, lines->config.states);
}

/* What is not shown may tell who has what. */
static int add_json(struct lines_view *lines, const struct event *event)
{
	struct event known = *event;

	socket_users_event(lines->users, &known);
	if (!is_shown(lines, &known))
		return 0;
	event_json(&lines->json, &known);
	return json_error(&lines->json) || lines->json.size >= OUTPUT_GATHER_BYTES ? write_json(lines) : 0;
}

static int lines_event(struct view *view, const struct event *event)
{
	struct lines_view *lines = (struct lines_view *)view;
	char text[512];

	if (lines->config.json)
		return add_json(lines, event);
	if (!is_shown(lines, event))
		return 0;
	return output_write(lines->output, text, transition_line(text, sizeof(text), &lines->config.columns, event));
}

static int lines_tick(struct view *view, const struct tick *tick)
{
	struct lines_view *lines = (struct lines_view *)view;
	struct output *output = lines->output;
	int err = lines->json.size || json_error(&lines->json) ? write_json(lines) : 0;

	(void)tick;
	if (err)
		return err;
	return output_reader_gone(output) ? -EPIPE : output_flush(output);
}

static int lines_recount(struct view *view, bool begins)
{
	struct lines_view *lines = (struct lines_view *)view;

	if (begins && lines->users)
		socket_users_recount(lines->users);
	return 0;
}

static int lines_end(struct view *view, const struct tick *last)
{
	struct lines_view *lines = (struct lines_view *)view;
	char text[1024];
	int err;

	if (lines->config.json) {
		summary_json(&lines->json, last, lines->begin_ns);
		err = write_json(lines);
	} else {
		err = output_write(lines->output, text, summary_text(text, sizeof(text), last, lines->begin_ns));
		if (lines->config.at_once)
			output_string(lines->output, "-d 0 ends before a socket can enter or leave a state; top, leaks, ports and hist take it as one look at what is there\n");
	}
	return err ?: output_flush(lines->output);
}

struct view *lines_view_new(const struct lines_config *config, struct output *output)
{
	struct lines_view *lines = calloc(1, sizeof(*lines));

	if (!lines)
		return NULL;
	lines->view = (struct view){ .begin = lines_begin, .event = lines_event, .recount = lines_recount, .tick = lines_tick, .end = lines_end };
	lines->config = *config;
	lines->output = output;
	json_init(&lines->json);
	if (config->json)
		lines->users = socket_users_new(config->cmdline);
	if (!config->json || lines->users)
		return &lines->view;
	lines_view_free(&lines->view);
	return NULL;
}

void lines_view_free(struct view *view)
{
	struct lines_view *lines = (struct lines_view *)view;

	if (!lines)
		return;
	json_release(&lines->json);
	socket_users_free(lines->users);
	free(lines);
}
