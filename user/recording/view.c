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

#include "attribute/socket_users.h"
#include "event/summary.h"
#include "recording/file.h"
#include "recording/kept_ports.h"
#include "recording/live_sockets.h"
#include "recording/marks.h"
#include "recording/series.h"
#include "recording/untold.h"
#include "util/log.h"
#include "util/stop.h"
#include "util/text.h"

#define NSEC_PER_MSEC 1000000ULL
#define TICK_NS (100 * NSEC_PER_MSEC) /* between tick lines while there are events */
#define IDLE_TICK_NS (1000 * NSEC_PER_MSEC) /* between tick lines else */
#define COPY_TICK_MS 1000 /* of a copy: no ticks between lines of a recording, which are as far apart as these at most */
#define FLUSH_NS (500 * NSEC_PER_MSEC)
#define GATHER_BYTES (240 << 10) /* of lines before they go to the compressor: with the longest line still one member, recording/file.c */
#define ROTATE_MARGIN 65536 /* what may be inside the compressor when the size is looked at */
#define PART_BYTES (4 << 20) /* of a file: then what is there is told anew, so that who looks for a later time can begin there */
#define PART_SHARE 32 /* unless that takes more than one in so many bytes */
#define LIST_SHARE 8 /* of a file, where it may grow for that */
#define PART_MARKS 8 /* in a part: one is never far from the end */
#define RETRY_NS (2000 * NSEC_PER_MSEC) /* after something could not be written */
#define PLACE_NS 1000000000ULL /* it is looked so often whether the file is still where it was to be */
#define FORGET_NS (10000 * NSEC_PER_MSEC) /* between two looks for processes that are gone */

struct recording_view {
	struct view view;
	struct recording_config config;
	struct recording_series *series;
	struct recording_file *file;
	struct recording_live live; /* where there may be another file or part */
	struct kept_ports ports; /* there too */
	struct recording_marks *marks; /* of the parts of this file */
	uint64_t part_bytes, list_bytes; /* where its last part began, what it took to tell what was there */
	uint64_t mark_bytes; /* where its last mark ended */
	struct recording_mark first; /* its first part */
	struct untold untold; /* of this file */
	struct json json;
	struct socket_users *users;
	struct run run; /* its strings are ours; begin: of this file */
	uint64_t begin_ns; /* of the run */
	struct recording_part part;
	struct health told; /* what the last health line said */
	struct tick tick; /* the last that was told to us; what it points to is the run's */
	uint64_t tick_ns, flush_ns; /* when the last was written */
	bool has_events, has_unflushed; /* since then */
	bool begun, warned;
	bool displaced; /* as far as we told */
	uint64_t place_ns; /* when it was last looked */
	struct recording_state state;
	uint64_t withheld_told; /* what the last line of it said */
	uint64_t retry_ns; /* while suspended */
	uint64_t forget_ns; /* when processes were last forgotten */
	bool rotates; /* with the next tick */
	char error[768];
};

static int failed(struct recording_view *recording, int err)
{
	uint64_t unwritten = recording->file ? recording_file_unwritten(recording->file) : 0;
	char bytes[TEXT_NUMBER];
	int size;

	if (recording->error[0])
		return err;
	size = snprintf(recording->error, sizeof(recording->error), "writing %.400s failed: %s", recording_series_path(recording->series),
			err == -ECANCELED ? "nobody took it in time" : strerror(-err));
	text_bytes(bytes, unwritten);
	if (unwritten)
		snprintf(recording->error + size, sizeof(recording->error) - size, "; %s of it are lost", bytes);
	return err;
}

/* Nothing is written until it can be; what is there is followed on. */
static void suspend(struct recording_view *recording)
{
	recording_file_free(recording->file);
	recording->file = NULL;
	recording_series_drop_empty(recording->series);
	json_clear(&recording->json);
	recording->retry_ns = recording->tick.time_ns + RETRY_NS;
	recording->state.suspensions += !recording->state.suspended;
	recording->state.suspended = true;
}

/* What becomes of the run where something could not be written. */
static int outcome(struct recording_view *recording, int err)
{
	if (!err)
		return 0;
	if (!recording->config.endures)
		return failed(recording, err);
	suspend(recording);
	return 0;
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
	if (!err)
		recording_file_ask(recording->file, recording->config.room, recording->config.context);
	if (recording->marks)
		recording->marks->count = 0;
	recording->part_bytes = recording->list_bytes = recording->mark_bytes = 0;
	return err;
}

static int keep_run(struct run *kept, const struct run *run)
{
	int fact, err = 0;

	*kept = *run;
	kept->kernel = run->kernel ? strdup(run->kernel) : NULL;
	kept->host = run->host ? strdup(run->host) : NULL;
	kept->boot = run->boot ? strdup(run->boot) : NULL;
	for (fact = 0; fact < FACTS; fact++) {
		kept->hooks[fact] = run->hooks[fact] ? strdup(run->hooks[fact]) : NULL;
		if (run->hooks[fact] && !kept->hooks[fact])
			err = -ENOMEM;
	}
	return err;
}

/* A part that begins there. */
static struct recording_mark place_of(const struct recording_view *recording, uint64_t offset)
{
	return (struct recording_mark){ offset, recording->run.begin_unix_ns, recording->run.begin_ns, recording->part.number };
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
	recording->first = place_of(recording, 0);
	socket_users_begin(recording->users, run);
	recording_series_trim(recording->series);
	recording_header_json(&recording->json, &recording->run, &recording->part);
	return outcome(recording, err ?: flush(recording, run->begin_ns));
}

static void tell_tick(struct recording_view *recording, const struct tick *tick)
{
	if (memcmp(&recording->told, tick->health, sizeof(recording->told))) {
		recording_health_json(&recording->json, tick);
		recording->told = *tick->health;
	}
	if (recording->state.withheld != recording->withheld_told) {
		recording_withheld_json(&recording->json, tick, recording->state.withheld - recording->withheld_told);
		recording->withheld_told = recording->state.withheld;
	}
	recording_tick_json(&recording->json, tick);
	recording->tick_ns = tick->time_ns;
	recording->has_events = false;
}

/* Behind what was written so far; `lists`: with the list of parts, else one that leads to it. */
static int mark(struct recording_view *recording, bool lists)
{
	unsigned char bytes[RECORDING_MARK_BYTES];
	int err = pass_on(recording) ?: recording_file_finish(recording->file);
	uint64_t offset = recording_file_bytes(recording->file);
	size_t size = lists ? recording_marks_list(recording->marks, offset, bytes) : recording_marks_pointer(recording->marks, offset, bytes);

	err = err ?: recording_file_append(recording->file, bytes, size);
	recording->mark_bytes = recording_file_bytes(recording->file);
	return err;
}

static bool has_marks(const struct recording_view *recording)
{
	return recording->marks && recording->marks->count;
}

static int end_part(struct recording_view *recording, const struct tick *tick, const char *next)
{
	int err;

	recording_end_json(&recording->json, tick, next);
	err = pass_on(recording);
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

/* With who has the socket and what the process runs. */
static void tell(struct recording_view *recording, const struct event *event)
{
	struct event known = *event;

	socket_users_event(recording->users, &known);
	recording_event_json(&recording->json, &known, recording->run.begin_unix_ns - recording->run.begin_ns);
}

/* 1 when there is no more room, or no more time, for what is there. */
static int tell_socket(void *context, const struct event *event)
{
	struct recording_view *recording = context;

	tell(recording, event);
	if (recording->json.size < GATHER_BYTES)
		return 0;
	return pass_on(recording) ?: is_full_of_sockets(recording) || stop_is_overdue();
}

static int tell_late(void *context, const struct event *event)
{
	tell(context, event);
	return 0;
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

	err = recording_live_tell(&recording->live, tick, tell_socket, recording, &recording->untold.count);
	if (recording->untold.count) {
		recording_untold_json(&recording->json, tick, recording->untold.count);
		warn_of_untold(recording, recording->untold.count);
	}
	err = err ?: recording_live_tell_looks(&recording->live, tick, tell_socket, recording);
	return err ?: kept_ports_tell(&recording->ports, tick, tell_late, recording);
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
		recording->first = place_of(recording, 0);
	memset(&recording->told, 0, sizeof(recording->told));
	recording_header_json(&recording->json, &recording->run, &recording->part);
	recording_live_complete(&recording->live, recording->run.names);
	err = tell_what_is_there(recording, tick);
	tell_tick(recording, tick);
	return err ?: flush(recording, tick->time_ns);
}

/* Where not all is listed that is there, nobody can begin. Marks come when the part can be used: a writer may be killed before. */
static int mark_part(struct recording_view *recording, uint64_t offset)
{
	const struct recording_mark part = place_of(recording, offset);

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
	int err = pass_on(recording) ?: recording_file_finish(recording->file);
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
	err = end_part(recording, tick, fd < 0 ? NULL : recording_series_name(recording->series));
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
static int make_room(struct recording_view *recording, const struct event *event)
{
	struct tick tick = recording->tick;
	int err;

	if (recording->json.size < GATHER_BYTES)
		return 0;
	err = pass_on(recording);
	if (err || !is_full(recording))
		return err;
	tick.time_ns = event->record.time_ns;
	tick.unix_ns = event->unix_ns;
	return rotate(recording, &tick);
}

/* What the next file or part begins with. */
static void follow(struct recording_view *recording, const struct event *event)
{
	if (!recording->live.own)
		return;
	if (event->ports)
		kept_ports_take(&recording->ports, event->ports);
	else
		model_event(recording->live.own, event);
}

/* The file says nothing of it; of its connection only once it is told as one that is there. */
static int withhold(struct recording_view *recording, const struct event *event)
{
	socket_users_note(recording->users, event);
	recording->state.withheld++;
	untold_withhold(&recording->untold, &recording->live, event);
	follow(recording, event);
	return 0;
}

static int recording_event(struct view *view, const struct event *event)
{
	struct recording_view *recording = (struct recording_view *)view;
	int err;

	untold_settle(&recording->untold, &recording->live);
	err = outcome(recording, make_room(recording, event));
	if (err)
		return err;
	if (recording->state.suspended || !untold_is_within_rate(&recording->untold, &recording->live, event))
		return withhold(recording, event);
	untold_tell_before(&recording->untold, &recording->live, &recording->tick, tell_late, recording, event);
	tell(recording, event);
	recording->has_events = true;
	follow(recording, event);
	return 0;
}

static int recording_recount(struct view *view, bool begins)
{
	struct recording_view *recording = (struct recording_view *)view;

	untold_settle(&recording->untold, &recording->live);
	if (begins)
		socket_users_recount(recording->users);
	if (!recording->state.suspended)
		recording_recount_json(&recording->json, recording->tick.unix_ns, recording->tick.time_ns, begins);
	if (!recording->live.own)
		return 0;
	model_recount(recording->live.own, begins);
	if (begins)
		untold_recount(&recording->untold, &recording->live);
	return 0;
}

/* A new file, as if the last one were full. */
static int resume(struct recording_view *recording, const struct tick *tick)
{
	int err = recording->config.room ? recording->config.room(recording->config.context, ROTATE_MARGIN) : 0;

	recording->retry_ns = tick->time_ns + RETRY_NS;
	err = err ?: open_part(recording, recording_series_next(recording->series));
	if (err)
		return 0;
	recording->state.suspended = false;
	return begin_file(recording, tick);
}

static bool is_whole(const struct recording_view *recording)
{
	const struct recording_file *file = recording->file;

	return !file || recording_series_is_whole(recording->series, recording_file_bytes(file) - recording_file_unwritten(file));
}

/* What would follow in a file that was deleted or cut could not be read: it goes on in the next one. */
static void look_at_file(struct recording_view *recording)
{
	if (recording->rotates || is_whole(recording))
		return;
	log_warn("%.400s was deleted, replaced or made shorter while it was written: what was in it is lost, and what follows is in a new file",
		 recording_series_path(recording->series));
	recording->rotates = true;
}

/* What is written goes on to where nobody will find it. Of a history's folders, its owner tells. */
static void look_at_place(struct recording_view *recording, const struct tick *tick)
{
	bool displaced;

	if (tick->time_ns - recording->place_ns < PLACE_NS)
		return;
	recording->place_ns = tick->time_ns;
	if (recording->config.endures) {
		look_at_file(recording);
		return;
	}
	displaced = !recording_view_is_in_place(&recording->view);
	if (displaced && !recording->displaced)
		log_warn("%.400s is not there any more while it is written: it was deleted, replaced or made shorter, or its file system unmounted",
			 recording_series_path(recording->series));
	recording->displaced = displaced;
}

static void forget_processes(struct recording_view *recording, const struct tick *tick)
{
	if (!recording->live.own || tick->time_ns - recording->forget_ns < FORGET_NS)
		return;
	recording->forget_ns = tick->time_ns;
	model_forget(recording->live.own, tick->time_ns);
}

static int recording_tick(struct view *view, const struct tick *tick)
{
	struct recording_view *recording = (struct recording_view *)view;
	int err = 0;

	untold_settle(&recording->untold, &recording->live);
	recording->tick = *tick;
	forget_processes(recording, tick);
	if (recording->state.suspended)
		return tick->time_ns < recording->retry_ns ? 0 : outcome(recording, resume(recording, tick));
	look_at_place(recording, tick);
	untold_tell_stuck(&recording->untold, &recording->live, tick, tell_late, recording);
	if (recording->config.copies || tick->time_ns - recording->tick_ns >= (recording->has_events ? TICK_NS : IDLE_TICK_NS))
		tell_tick(recording, tick);
	if (is_full(recording))
		err = rotate(recording, tick);
	else if (part_is_due(recording))
		err = begin_part_of_file(recording, tick);
	else if (mark_is_due(recording))
		err = mark(recording, false);
	else if ((recording->json.size || recording->has_unflushed) && tick->time_ns - recording->flush_ns >= FLUSH_NS)
		err = flush(recording, tick->time_ns);
	return outcome(recording, err);
}

static int recording_end(struct view *view, const struct tick *last)
{
	struct recording_view *recording = (struct recording_view *)view;

	if (recording->state.suspended)
		return 0;
	tell_tick(recording, last);
	summary_json(&recording->json, last, recording->begin_ns);
	return outcome(recording, end_part(recording, last, NULL));
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

/* Told when the next file or part begins: of a stream there is none. */
static int follow_what_is_there(struct recording_view *recording)
{
	if (recording_series_is_stream(recording->series))
		return 0;
	recording->marks = calloc(1, sizeof(*recording->marks));
	return recording->marks ? recording_live_init(&recording->live, recording->config.books) : -ENOMEM;
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
	recording->view.tick_ms = config->copies ? COPY_TICK_MS : 0;
	recording->config.part_bytes = config->part_bytes ?: PART_BYTES;
	recording->untold.max_event_rate = config->max_event_rate;
	recording->part.format = RECORDING_FORMAT;
	name_run(recording);
	json_init(&recording->json);
	kept_ports_init(&recording->ports);
	recording->users = socket_users_new(config->cmdline);
	err = recording->users ? open_first(recording, error, error_size) : -ENOMEM;
	err = err ?: follow_what_is_there(recording);
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
	recording_live_release(&recording->live);
	free(recording->marks);
	socket_users_free(recording->users);
	kept_ports_release(&recording->ports);
	json_release(&recording->json);
	for (fact = 0; fact < FACTS; fact++)
		free((char *)recording->run.hooks[fact]);
	free((char *)recording->run.kernel);
	free((char *)recording->run.host);
	free((char *)recording->run.boot);
	free(recording);
}

struct recording_state recording_view_state(const struct view *view)
{
	return ((const struct recording_view *)view)->state;
}

struct model *recording_view_live(const struct view *view)
{
	const struct recording_live *live = &((const struct recording_view *)view)->live;

	return live->books ?: live->own;
}

uint64_t recording_view_drop_oldest(struct view *view, uint64_t kept_bytes)
{
	return recording_series_drop_oldest(((struct recording_view *)view)->series, kept_bytes);
}

void recording_view_keep_last(struct view *view)
{
	recording_series_keep_last(((struct recording_view *)view)->series);
}

bool recording_view_is_in(const struct view *view, const struct stat *folder)
{
	return recording_series_is_in(((const struct recording_view *)view)->series, folder);
}

void recording_view_move(struct view *view, int folder)
{
	struct recording_view *recording = (struct recording_view *)view;

	recording_series_move(recording->series, folder);
	recording->rotates = true;
}

void recording_view_rotate(struct view *view)
{
	((struct recording_view *)view)->rotates = true;
}

const char *recording_view_error(const struct view *view)
{
	return ((const struct recording_view *)view)->error;
}

bool recording_view_is_in_place(const struct view *view)
{
	const struct recording_view *recording = (const struct recording_view *)view;

	return recording_series_is_in_place(recording->series) && is_whole(recording);
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
