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
#include <sys/random.h>
#include <unistd.h>

#include "event/summary.h"
#include "recording/file.h"
#include "recording/live_sockets.h"
#include "recording/series.h"
#include "util/log.h"
#include "util/stop.h"
#include "util/text.h"

#define NSEC_PER_MSEC 1000000ULL
#define TICK_NS (100 * NSEC_PER_MSEC) /* between tick lines while there are events */
#define IDLE_TICK_NS (1000 * NSEC_PER_MSEC) /* between tick lines else */
#define FLUSH_NS (500 * NSEC_PER_MSEC)
#define GATHER_BYTES 65536 /* of lines before they go to the compressor */
#define ROTATE_MARGIN 65536 /* what may be inside the compressor when the size is looked at */

struct recording_view {
	struct view view;
	struct recording_config config;
	struct recording_series *series;
	struct recording_file *file;
	struct model *live; /* where there may be another file */
	struct id_map untold; /* connections of which this file says nothing yet */
	struct json json;
	struct run run; /* its strings are ours; begin: of this file */
	uint64_t begin_ns; /* of the run */
	struct recording_part part;
	struct health told; /* what the last health line said */
	struct tick tick; /* the last that was told to us; what it points to is the run's */
	uint64_t tick_ns, flush_ns; /* when the last was written */
	bool has_events, has_unflushed; /* since then */
	bool begun, warned;
	char error[768];
};

static int failed(struct recording_view *recording, int err)
{
	uint64_t unwritten = recording->file ? recording_file_unwritten(recording->file) : 0;
	char bytes[TEXT_NUMBER];
	int size;

	if (!err || recording->error[0])
		return err;
	size = snprintf(recording->error, sizeof(recording->error), "writing %.400s failed: %s", recording_series_path(recording->series),
			err == -ECANCELED ? "nobody took it in time" : strerror(-err));
	text_bytes(bytes, unwritten);
	if (unwritten)
		snprintf(recording->error + size, sizeof(recording->error) - size, "; %s of it are lost", bytes);
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

static int open_part(struct recording_view *recording, int fd)
{
	int err = fd < 0 ? fd : recording_file_new(&recording->file, fd);

	if (err && fd >= 0)
		close(fd);
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
	recording->begun = true;
	recording_series_trim(recording->series);
	recording_header_json(&recording->json, &recording->run, &recording->part);
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
	err = pass_on(recording);
	return err ?: recording_file_finish(recording->file);
}

/* At least a quarter of a file is for what happens, however many connections there are. */
static bool is_full_of_sockets(const struct recording_view *recording)
{
	return recording_file_bytes(recording->file) + ROTATE_MARGIN >= recording->config.max_bytes / 4 * 3;
}

/* 1 when there is no more room, or no more time, for what is there. */
static int tell_socket(void *context, const struct event *event)
{
	struct recording_view *recording = context;

	recording_event_json(&recording->json, event);
	if (recording->json.size < GATHER_BYTES)
		return 0;
	return pass_on(recording) ?: is_full_of_sockets(recording) || stop_is_overdue();
}

static int tell_late(void *context, const struct event *event)
{
	recording_event_json(&((struct recording_view *)context)->json, event);
	return 0;
}

static void warn_of_untold(struct recording_view *recording, uint64_t untold)
{
	if (recording->warned || stop_is_requested())
		return;
	recording->warned = true;
	log_warn("%s has no room for all connections that are there when it begins: %llu of them are in it only if something happens to "
		 "them. Give --max-size more, or read the files together",
		 recording_series_path(recording->series), (unsigned long long)untold);
}

static int tell_what_is_there(struct recording_view *recording, const struct tick *tick)
{
	int err;

	id_map_clear(&recording->untold);
	err = recording_live_tell(recording->live, tick, tell_socket, recording, &recording->untold);
	if (recording->untold.used) {
		recording_untold_json(&recording->json, tick, recording->untold.used);
		warn_of_untold(recording, recording->untold.used);
	}
	return err;
}

/* The next file: a header of its own, what is there, what was lost so far. */
static int begin_part(struct recording_view *recording, const struct tick *tick)
{
	int err;

	recording->part.number++;
	recording->part.continued = true;
	recording->run.begin_ns = tick->time_ns;
	recording->run.begin_unix_ns = tick->unix_ns;
	memset(&recording->told, 0, sizeof(recording->told));
	recording_header_json(&recording->json, &recording->run, &recording->part);
	model_complete(recording->live, recording->run.names);
	err = tell_what_is_there(recording, tick);
	tell_tick(recording, tick);
	return err ?: flush(recording, tick->time_ns);
}

static bool is_full(const struct recording_view *recording)
{
	uint64_t max = recording->config.max_bytes;

	return max && recording_file_bytes(recording->file) + ROTATE_MARGIN >= max;
}

static int no_next(struct recording_view *recording, int err)
{
	snprintf(recording->error, sizeof(recording->error), "%.400s is full, and the file after it can't be made: %s",
		 recording_series_path(recording->series), strerror(-err));
	return err;
}

/* The next file is there before the last one names it. Without it the last one is complete all the same. */
static int rotate(struct recording_view *recording, const struct tick *tick)
{
	int fd = recording_series_next(recording->series), err;

	err = end_part(recording, tick, fd < 0 ? NULL : recording_series_name(recording->series));
	if (fd < 0)
		return no_next(recording, err ?: fd);
	if (err) {
		close(fd);
		return err;
	}
	recording_file_free(recording->file);
	recording->file = NULL;
	err = open_part(recording, fd) ?: begin_part(recording, tick);
	if (!err)
		recording_series_trim(recording->series);
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

	if (recording->live)
		recording_live_tell_one(recording->live, &recording->tick, tell_late, recording, &recording->untold, event->record.id);
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
	if (begins)
		id_map_clear(&recording->untold);
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

/* Something that no other run has. */
static void name_run(struct recording_view *recording)
{
	uint64_t number = clock_unix_ns();

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number ^= (uint64_t)getpid() << 40;
	snprintf(recording->part.run, sizeof(recording->part.run), "%016llx", (unsigned long long)number);
}

static int open_first(struct recording_view *recording, char *error, size_t error_size)
{
	const struct recording_config *config = &recording->config;
	const struct recording_place place = {
		.path = config->file,
		.many = config->max_bytes != 0,
		.keep = config->keep_files,
		.wait_seconds = config->wait_seconds,
	};
	int err = recording_series_new(&recording->series, &place, error, error_size);

	if (!err)
		err = open_part(recording, recording_series_first(recording->series));
	if (!err && config->max_bytes && recording_series_is_stream(recording->series)) {
		snprintf(error, error_size, "--max-size begins new files, which %.300s can't have", config->file);
		err = -ESPIPE;
	}
	return err;
}

int recording_view_new(struct view **ret, const struct recording_config *config, char *error, size_t error_size)
{
	struct recording_view *recording = calloc(1, sizeof(*recording));
	int err;

	if (!recording)
		return -ENOMEM;
	recording->view = (struct view){
		.begin = recording_begin,
		.event = recording_event,
		.recount = recording_recount,
		.tick = recording_tick,
		.end = recording_end,
	};
	recording->config = *config;
	recording->part.format = RECORDING_FORMAT;
	name_run(recording);
	json_init(&recording->json);
	id_map_init(&recording->untold, sizeof(uint64_t));
	err = config->max_bytes && !(recording->live = recording_live_new()) ? -ENOMEM : 0;
	err = err ?: open_first(recording, error, error_size);
	if (err)
		recording_view_free(&recording->view);
	else
		*ret = &recording->view;
	return err;
}

void recording_view_free(struct view *view)
{
	struct recording_view *recording = (struct recording_view *)view;
	int fact;

	if (!recording)
		return;
	if (recording->series && !recording->begun)
		recording_series_abandon(recording->series);
	recording_file_free(recording->file);
	recording_series_free(recording->series);
	model_free(recording->live);
	id_map_release(&recording->untold);
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

size_t recording_view_describe(const struct view *view, char *text, size_t size)
{
	const struct recording_view *recording = (const struct recording_view *)view;
	struct recording_extent extent = recording_series_extent(recording->series);
	char bytes[TEXT_NUMBER];

	if (recording_series_is_stream(recording->series))
		extent.bytes = recording_file_bytes(recording->file);
	text_bytes(bytes, extent.bytes);
	if (extent.files < 2)
		return snprintf(text, size, "%s in %s", bytes, extent.last);
	return snprintf(text, size, "%s in %u files, %s to %s", bytes, extent.files, extent.first, extent.last);
}
