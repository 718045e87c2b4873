// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Where a file, and each part of a large one, begins and ends: with a header, what is there, and what was lost so far; and when the next
 * one does.
 */
#include "recording/view_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/log.h"
#include "util/stop.h"

#define GATHER_BYTES (240 << 10) /* of lines before they go to the compressor: with the longest line still one member, recording/file.c */
#define ROTATE_MARGIN 65536 /* what may be inside the compressor when the size is looked at */
#define PART_SHARE 32 /* unless that takes more than one in so many bytes */
#define LIST_SHARE 8 /* of a file, where it may grow for that */
#define PART_MARKS 8 /* in a part: one is never far from the end */

static int open_part(struct recording_view *recording, int fd)
{
	int err = fd < 0 ? fd : recording_file_new(&recording->file, fd);

	if (err && fd >= 0)
		close(fd);
	if (!err)
		recording_file_ask(recording->file, recording->config.room, recording->config.context);
	if (recording->marks)
		recording->marks->count = 0;
	recording->part_bytes = recording->list_bytes = recording->mark_bytes = 0;
	return err;
}

/* A part that begins there. */
struct recording_mark view_place_of(const struct recording_view *recording, uint64_t offset)
{
	return (struct recording_mark){ offset, recording->run.begin_unix_ns, recording->run.begin_ns, recording->part.number };
}

static bool has_marks(const struct recording_view *recording)
{
	return recording->marks && recording->marks->count;
}

/* Behind what was written so far; `lists`: with the list of parts, else one that leads to it. */
static int mark(struct recording_view *recording, bool lists)
{
	unsigned char bytes[RECORDING_MARK_BYTES];
	int err = view_pass_on(recording) ?: recording_file_finish(recording->file);
	uint64_t offset = recording_file_bytes(recording->file);
	size_t size = lists ? recording_marks_list(recording->marks, offset, bytes) : recording_marks_pointer(recording->marks, offset, bytes);

	err = err ?: recording_file_append(recording->file, bytes, size);
	recording->mark_bytes = recording_file_bytes(recording->file);
	return err;
}

int view_end_part(struct recording_view *recording, const struct tick *tick, const char *next)
{
	int err;

	recording_end_json(&recording->json, tick, next);
	err = view_pass_on(recording);
	err = err ?: recording_file_finish(recording->file);
	return err || !has_marks(recording) ? err : mark(recording, false);
}

/* How large the file becomes if it begins with a list of so many bytes; 0: there is no end. */
static uint64_t size_with_list(const struct recording_view *recording, uint64_t list_bytes)
{
	uint64_t least = recording->config.max_bytes, most = recording->config.most_bytes;
	uint64_t wanted = list_bytes < most / LIST_SHARE ? list_bytes * LIST_SHARE : most;

	return wanted > least ? wanted : least;
}

/* At least a quarter of a file is for what happens, however many connections there are. */
static bool is_full_of_sockets(const struct recording_view *recording)
{
	uint64_t bytes = recording_file_bytes(recording->file), max = size_with_list(recording, bytes);

	return max && bytes + ROTATE_MARGIN >= max / 4 * 3;
}

/* 1 when there is no more room, or no more time, for what is there. */
static int tell_socket(void *context, const struct event *event)
{
	struct recording_view *recording = context;

	view_tell(recording, event);
	if (recording->json.size < GATHER_BYTES)
		return 0;
	return view_pass_on(recording) ?: is_full_of_sockets(recording) || stop_is_overdue();
}

static void warn_of_untold(struct recording_view *recording, uint64_t untold)
{
	if (recording->warned || recording->config.endures || stop_is_requested())
		return;
	recording->warned = true;
	log_warn("%s has no room for all connections that are there when it begins: %llu of them are in it only if something happens to "
		 "them. Give --max-size more, or read the files together",
		 recording_series_path(recording->series), (unsigned long long)untold);
}

static int tell_what_is_there(struct recording_view *recording, const struct tick *tick)
{
	int err;

	/* Few lines that say much, before those of which there may be too many. */
	err = recording_live_tell_listeners(&recording->live, tick, tell_socket, recording);
	err = err ?: recording_live_tell(&recording->live, tick, tell_socket, recording, &recording->untold.count);
	if (recording->untold.count) {
		recording_untold_json(&recording->json, tick, recording->untold.count);
		warn_of_untold(recording, recording->untold.count);
	}
	err = err ?: recording_live_tell_looks(&recording->live, tick, tell_socket, recording);
	return err ?: kept_ports_tell(&recording->ports, tick, view_tell_late, recording);
}

/* The next file, or part of it: a header of its own, what is there, what was lost so far. */
static int begin_part(struct recording_view *recording, const struct tick *tick)
{
	int err;

	recording->part.number++;
	recording->part.continued = true;
	recording->run.begin_ns = tick->time_ns;
	recording->run.begin_unix_ns = tick->unix_ns;
	if (!recording_file_bytes(recording->file))
		recording->first = view_place_of(recording, 0);
	memset(&recording->told, 0, sizeof(recording->told));
	recording_header_json(&recording->json, &recording->run, &recording->part);
	recording_live_complete(&recording->live, recording->run.names);
	err = tell_what_is_there(recording, tick);
	view_tell_tick(recording, tick);
	return err ?: view_flush(recording, tick->time_ns);
}

/* Where not all is listed that is there, nobody can begin. Marks come when the part can be used: a writer may be killed before. */
static int mark_part(struct recording_view *recording, uint64_t offset)
{
	const struct recording_mark part = view_place_of(recording, offset);

	if (untold_any(&recording->untold, &recording->live))
		return 0;
	if (!recording->marks->count)
		recording_marks_add(recording->marks, &recording->first);
	recording_marks_add(recording->marks, &part);
	return mark(recording, true);
}

static bool part_is_due(const struct recording_view *recording)
{
	uint64_t bytes = recording_file_bytes(recording->file), part = bytes - recording->part_bytes, max = recording->config.max_bytes;
	uint64_t least = recording->config.part_bytes;

	return recording->marks && part >= least && part / PART_SHARE >= recording->list_bytes && (!max || bytes + least < max);
}

static int begin_part_of_file(struct recording_view *recording, const struct tick *tick)
{
	int err = view_pass_on(recording) ?: recording_file_finish(recording->file);
	uint64_t offset = recording_file_bytes(recording->file);

	err = err ?: begin_part(recording, tick) ?: mark_part(recording, offset);
	recording->part_bytes = recording_file_bytes(recording->file);
	recording->list_bytes = recording->part_bytes - offset;
	return err;
}

static bool mark_is_due(const struct recording_view *recording)
{
	return has_marks(recording) &&
	       recording_file_bytes(recording->file) - recording->mark_bytes >= recording->config.part_bytes / PART_MARKS;
}

static bool is_full(const struct recording_view *recording)
{
	uint64_t max = size_with_list(recording, recording->list_bytes);

	return recording->rotates || (max && recording_file_bytes(recording->file) + ROTATE_MARGIN >= max);
}

static int no_next(struct recording_view *recording, int err)
{
	snprintf(recording->error, sizeof(recording->error), "%.400s is full, and the file after it can't be made: %s",
		 recording_series_path(recording->series), strerror(-err));
	return err;
}

static int begin_file(struct recording_view *recording, const struct tick *tick)
{
	int err = begin_part(recording, tick);

	recording->part_bytes = recording->list_bytes = recording_file_bytes(recording->file);
	return err;
}

/* The next file is there before the last one names it. Without it the last one is complete all the same. */
static int rotate(struct recording_view *recording, const struct tick *tick)
{
	int fd = recording_series_next(recording->series), err;

	recording->rotates = false;
	err = view_end_part(recording, tick, fd < 0 ? NULL : recording_series_name(recording->series));
	if (fd < 0)
		return no_next(recording, err ?: fd);
	if (err) {
		close(fd);
		return err;
	}
	recording_file_free(recording->file);
	recording->file = NULL;
	err = open_part(recording, fd) ?: begin_file(recording, tick);
	if (!err)
		recording_series_trim(recording->series);
	return err;
}

/*
 * Much can happen between two ticks: the size is looked at whenever lines went to the compressor. Before an event, since what is there
 * is known of those before it.
 */
int view_make_room(struct recording_view *recording, const struct event *event)
{
	struct tick tick = recording->tick;
	int err;

	if (recording->json.size < GATHER_BYTES)
		return 0;
	err = view_pass_on(recording);
	if (err || !is_full(recording))
		return err;
	tick.time_ns = event->record.time_ns;
	tick.unix_ns = event->unix_ns;
	return rotate(recording, &tick);
}

/* A new file, as if the last one were full. */
int view_resume(struct recording_view *recording, const struct tick *tick)
{
	int err = recording->config.room ? recording->config.room(recording->config.context, ROTATE_MARGIN) : 0;

	recording->retry_ns = tick->time_ns + RETRY_NS;
	err = err ?: open_part(recording, recording_series_next(recording->series));
	if (err)
		return 0;
	recording->state.suspended = false;
	return begin_file(recording, tick);
}

int view_open_first(struct recording_view *recording, char *error, size_t error_size)
{
	const struct recording_config *config = &recording->config;
	const struct recording_place place = {
		.path = config->file,
		.many = config->max_bytes != 0,
		.keep = config->keep_files,
		.owns_folder = config->owns_folder,
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

int view_files_tick(struct recording_view *recording, const struct tick *tick)
{
	if (is_full(recording))
		return rotate(recording, tick);
	if (part_is_due(recording))
		return begin_part_of_file(recording, tick);
	return mark_is_due(recording) ? mark(recording, false) : 1;
}
