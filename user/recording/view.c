// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What `record` does with a live run: every event becomes a line of a file. Lines reach the file at least twice a second, so
 * that a crash loses no more.
 */
#include "recording/view_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "attribute/socket_users.h"
#include "event/summary.h"
#include "util/log.h"
#include "util/text.h"

#define PART_BYTES (4 << 20) /* of a file: then what is there is told anew, so that who looks for a later time can begin there */
#define TICK_NS (100 * NSEC_PER_MSEC) /* between tick lines while there are events */
#define IDLE_TICK_NS (1000 * NSEC_PER_MSEC) /* between tick lines else */
#define COPY_TICK_MS 1000 /* of a copy: no ticks between lines of a recording, which are as far apart as these at most */
#define FLUSH_NS (500 * NSEC_PER_MSEC)
#define PLACE_NS 1000000000ULL /* it is looked so often whether the file is still where it was to be */
#define FORGET_NS (10000 * NSEC_PER_MSEC) /* between two looks for processes that are gone */

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
	recording->first = view_place_of(recording, 0);
	socket_users_begin(recording->users, run);
	recording_series_trim(recording->series);
	recording_header_json(&recording->json, &recording->run, &recording->part);
	return outcome(recording, err ?: view_flush(recording, run->begin_ns));
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
	err = outcome(recording, view_make_room(recording, event));
	if (err)
		return err;
	if (recording->state.suspended || !untold_is_within_rate(&recording->untold, &recording->live, event))
		return withhold(recording, event);
	untold_tell_before(&recording->untold, &recording->live, &recording->tick, view_tell_late, recording, event);
	view_tell(recording, event);
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

static bool flush_is_due(const struct recording_view *recording, const struct tick *tick)
{
	return (recording->json.size || recording->has_unflushed) && tick->time_ns - recording->flush_ns >= FLUSH_NS;
}

static int recording_tick(struct view *view, const struct tick *tick)
{
	struct recording_view *recording = (struct recording_view *)view;
	int err = 0;

	untold_settle(&recording->untold, &recording->live);
	recording->tick = *tick;
	forget_processes(recording, tick);
	if (recording->state.suspended)
		return tick->time_ns < recording->retry_ns ? 0 : outcome(recording, view_resume(recording, tick));
	look_at_place(recording, tick);
	untold_tell_stuck(&recording->untold, &recording->live, tick, view_tell_late, recording);
	if (recording->config.copies || tick->time_ns - recording->tick_ns >= (recording->has_events ? TICK_NS : IDLE_TICK_NS))
		view_tell_tick(recording, tick);
	err = view_files_tick(recording, tick);
	if (err == 1)
		err = flush_is_due(recording, tick) ? view_flush(recording, tick->time_ns) : 0;
	return outcome(recording, err);
}

static int recording_end(struct view *view, const struct tick *last)
{
	struct recording_view *recording = (struct recording_view *)view;

	if (recording->state.suspended)
		return 0;
	view_tell_tick(recording, last);
	summary_json(&recording->json, last, recording->begin_ns);
	return outcome(recording, view_end_part(recording, last, NULL));
}

/* Something that no other run has. */
static void name_run(struct recording_view *recording)
{
	uint64_t number = clock_unix_ns();

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number ^= (uint64_t)getpid() << 40;
	snprintf(recording->part.run, sizeof(recording->part.run), "%016llx", (unsigned long long)number);
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
	recording->part.with_ports = config->ports;
	name_run(recording);
	json_init(&recording->json);
	kept_ports_init(&recording->ports);
	recording->users = socket_users_new(config->cmdline);
	err = recording->users ? view_open_first(recording, error, error_size) : -ENOMEM;
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
