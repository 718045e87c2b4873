// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What `record` does with a live run: every event becomes a line of a file. Lines reach the file at least twice a second, so
 * that a crash loses no more.
 */
#include "recording/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording/file.h"
#include "recording/live_sockets.h"
#include "event/summary.h"
#include "util/log.h"

#define NSEC_PER_MSEC 1000000ULL
#define TICK_NS (100 * NSEC_PER_MSEC) /* between tick lines while there are events */
#define IDLE_TICK_NS (1000 * NSEC_PER_MSEC) /* between tick lines else */
#define FLUSH_NS (500 * NSEC_PER_MSEC)
#define GATHER_BYTES 65536 /* of lines before they go to the compressor */
#define PATH_BYTES 4096
#define ROTATE_MARGIN 65536 /* what may be inside the compressor when the size is looked at */

struct recording_view {
	struct view view;
	struct recording_config config;
	struct recording_file *file;
	struct model *live; /* where there may be another file */
	struct json json;
	struct run run; /* its strings are ours; begin: of this file */
	uint64_t begin_ns; /* of the run */
	struct recording_part part;
	struct health told; /* what the last health line said */
	struct tick tick; /* the last that was told to us; what it points to is the run's */
	uint64_t tick_ns, flush_ns; /* when the last was written */
	uint64_t first_bytes; /* of this file's header and sockets */
	uint64_t finished_bytes; /* of earlier files that are kept */
	uint64_t first; /* number of the oldest that is */
	bool has_events, has_unflushed; /* since then */
	char error[512];
};

static void path_of(const struct recording_view *recording, uint64_t part, char path[PATH_BYTES])
{
	int size = snprintf(path, PATH_BYTES, "%s", recording->config.file);

	if (part && size < PATH_BYTES)
		snprintf(path + size, PATH_BYTES - size, ".%llu", (unsigned long long)part);
}

static int failed(struct recording_view *recording, int err)
{
	char path[PATH_BYTES];

	if (!err || recording->error[0])
		return err;
	path_of(recording, recording->part.number, path);
	if (err == -EEXIST)
		snprintf(recording->error, sizeof(recording->error),
			 "%.400s is there and is not a recording; choose another name, or remove it", path);
	else
		snprintf(recording->error, sizeof(recording->error), "writing %.400s failed: %s", path, strerror(-err));
	return err;
}

/* Lines to the compressor. */
static int pass_on(struct recording_view *recording)
{
	int err = json_error(&recording->json);

	if (!err && recording->json.size)
		err = recording_file_write(recording->file, recording->json.data, recording->json.size);
	if (recording->json.size)
		recording->has_unflushed = true;
	json_clear(&recording->json);
	return err;
}

static int flush(struct recording_view *recording, uint64_t now_ns)
{
	int err = pass_on(recording);

	recording->flush_ns = now_ns;
	recording->has_unflushed = false;
	return err ?: recording_file_flush(recording->file);
}

static int open_part(struct recording_view *recording)
{
	char path[PATH_BYTES];
	int err;

	path_of(recording, recording->part.number, path);
	err = recording_file_new(&recording->file, path);
	if (!err)
		recording_header_json(&recording->json, &recording->run, &recording->part);
	return err;
}

static int keep_run(struct run *kept, const struct run *run)
{
	int fact, err = 0;

	*kept = *run;
	kept->kernel = run->kernel ? strdup(run->kernel) : NULL;
	for (fact = 0; fact < FACTS; fact++) {
		kept->hooks[fact] = run->hooks[fact] ? strdup(run->hooks[fact]) : NULL;
		if (run->hooks[fact] && !kept->hooks[fact])
			err = -ENOMEM;
	}
	return err;
}

static int recording_begin(struct view *view, const struct run *run)
{
	static const struct health no_health;
	static const struct totals no_totals;
	struct recording_view *recording = (struct recording_view *)view;
	int err = keep_run(&recording->run, run);

	recording->begin_ns = run->begin_ns;
	recording->tick_ns = run->begin_ns;
	recording->tick = (struct tick){ run->begin_ns, run->begin_unix_ns, &no_health, &no_totals };
	if (!err)
		err = open_part(recording);
	return failed(recording, err ?: flush(recording, run->begin_ns));
}

static void tell_tick(struct recording_view *recording, const struct tick *tick)
{
	if (memcmp(&recording->told, tick->health, sizeof(recording->told))) {
		recording_health_json(&recording->json, tick);
		recording->told = *tick->health;
	}
	recording_tick_json(&recording->json, tick);
	recording->tick_ns = tick->time_ns;
	recording->has_events = false;
}

static int end_part(struct recording_view *recording, const struct tick *tick, const char *next)
{
	int err;

	recording_end_json(&recording->json, tick, next);
	err = pass_on(recording) ?: recording_file_finish(recording->file);
	recording->finished_bytes += recording_file_bytes(recording->file);
	return err;
}

static int tell_socket(void *context, const struct event *event)
{
	struct recording_view *recording = context;

	recording_event_json(&recording->json, event);
	return recording->json.size >= GATHER_BYTES ? pass_on(recording) : 0;
}

/* The next file: a header of its own, what is there, what was lost so far. */
static int begin_part(struct recording_view *recording, const struct tick *tick)
{
	int err;

	recording_file_free(recording->file);
	recording->file = NULL;
	recording->part.number++;
	recording->part.continued = true;
	recording->run.begin_ns = tick->time_ns;
	recording->run.begin_unix_ns = tick->unix_ns;
	memset(&recording->told, 0, sizeof(recording->told));
	model_complete(recording->live, recording->run.names);
	err = open_part(recording);
	if (!err)
		err = recording_live_tell(recording->live, tick, tell_socket, recording);
	tell_tick(recording, tick);
	if (!err)
		err = flush(recording, tick->time_ns);
	if (!err)
		recording->first_bytes = recording_file_bytes(recording->file);
	return err;
}

/* Files beyond those that are to be kept. One that somebody took away is not missed. */
static void remove_oldest(struct recording_view *recording)
{
	char path[PATH_BYTES];
	struct stat status;

	while (recording->config.keep_files && recording->part.number - recording->first >= recording->config.keep_files) {
		path_of(recording, recording->first++, path);
		if (stat(path, &status))
			continue;
		if (unlink(path))
			log_warn("%s can't be removed: %s", path, strerror(errno));
		else
			recording->finished_bytes -= status.st_size;
	}
}

/* Sockets at a file's begin may take more than the limit by themselves: at least half of it is for what happens. */
static bool is_full(const struct recording_view *recording)
{
	uint64_t bytes = recording_file_bytes(recording->file), max = recording->config.max_bytes;

	return max && bytes + ROTATE_MARGIN >= max && bytes - recording->first_bytes + ROTATE_MARGIN >= max / 2;
}

static int rotate(struct recording_view *recording, const struct tick *tick)
{
	char next[PATH_BYTES];
	const char *name = strrchr(recording->config.file, '/');
	int err;

	snprintf(next, sizeof(next), "%s.%llu", name ? name + 1 : recording->config.file,
		 (unsigned long long)recording->part.number + 1);
	err = end_part(recording, tick, next) ?: begin_part(recording, tick);
	if (!err)
		remove_oldest(recording);
	return err;
}

/* Much can happen between two ticks: the size is looked at whenever lines went to the compressor. */
static int rotate_between_ticks(struct recording_view *recording, const struct event *event)
{
	struct tick tick = recording->tick;

	if (!is_full(recording))
		return 0;
	tick.time_ns = event->record.time_ns;
	tick.unix_ns = event->unix_ns;
	return rotate(recording, &tick);
}

static int recording_event(struct view *view, const struct event *event)
{
	struct recording_view *recording = (struct recording_view *)view;
	int err = 0;

	recording_event_json(&recording->json, event);
	recording->has_events = true;
	if (recording->live)
		model_event(recording->live, event);
	if (recording->json.size >= GATHER_BYTES)
		err = pass_on(recording) ?: rotate_between_ticks(recording, event);
	return failed(recording, err);
}

static int recording_recount(struct view *view, bool begins)
{
	struct recording_view *recording = (struct recording_view *)view;

	recording_recount_json(&recording->json, recording->tick.unix_ns, recording->tick.time_ns, begins);
	if (recording->live)
		model_recount(recording->live, begins);
	return 0;
}

static int recording_tick(struct view *view, const struct tick *tick)
{
	struct recording_view *recording = (struct recording_view *)view;
	int err = 0;

	recording->tick = *tick;
	if (tick->time_ns - recording->tick_ns >= (recording->has_events ? TICK_NS : IDLE_TICK_NS))
		tell_tick(recording, tick);
	if (is_full(recording))
		err = rotate(recording, tick);
	else if ((recording->json.size || recording->has_unflushed) && tick->time_ns - recording->flush_ns >= FLUSH_NS)
		err = flush(recording, tick->time_ns);
	return failed(recording, err);
}

static int recording_end(struct view *view, const struct tick *last)
{
	struct recording_view *recording = (struct recording_view *)view;

	tell_tick(recording, last);
	summary_json(&recording->json, last, recording->begin_ns);
	return failed(recording, end_part(recording, last, NULL));
}

struct view *recording_view_new(const struct recording_config *config)
{
	struct recording_view *recording = calloc(1, sizeof(*recording));

	if (!recording)
		return NULL;
	recording->view = (struct view){
		.begin = recording_begin,
		.event = recording_event,
		.recount = recording_recount,
		.tick = recording_tick,
		.end = recording_end,
	};
	recording->config = *config;
	recording->part.format = RECORDING_FORMAT;
	json_init(&recording->json);
	if (config->max_bytes)
		recording->live = recording_live_new();
	if (!config->max_bytes || recording->live)
		return &recording->view;
	recording_view_free(&recording->view);
	return NULL;
}

void recording_view_free(struct view *view)
{
	struct recording_view *recording = (struct recording_view *)view;
	int fact;

	if (!recording)
		return;
	recording_file_free(recording->file);
	model_free(recording->live);
	json_release(&recording->json);
	for (fact = 0; fact < FACTS; fact++)
		free((char *)recording->run.hooks[fact]);
	free((char *)recording->run.kernel);
	free(recording);
}

const char *recording_view_error(const struct view *view)
{
	return ((const struct recording_view *)view)->error;
}

struct recording_files recording_view_files(const struct view *view)
{
	const struct recording_view *recording = (const struct recording_view *)view;

	return (struct recording_files){ recording->first, recording->part.number, recording->finished_bytes };
}
