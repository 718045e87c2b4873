// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events to the recording, and to a tally that becomes an interval every 10 s. */
#include "history/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history/budget.h"
#include "history/database.h"
#include "history/tally.h"
#include "recording/recording.h"
#include "util/failure.h"
#include "util/links.h"
#include "util/log.h"
#include "util/text.h"

#define NSEC_PER_SEC 1000000000ULL
#define INTERVAL_NS (10 * NSEC_PER_SEC)
#define CHECKPOINT_NS (60 * NSEC_PER_SEC)
#define KEPT_PART 3 /* of the share of events may be files that are kept for what was found in them */
#define KEEP_NS (120 * NSEC_PER_SEC) /* so long what is written then is kept too */
#define PRUNES 12 /* at most, before an interval is given up */
#define JUMP_NS (2 * NSEC_PER_SEC) /* of the clock against the monotonic one: somebody set it */

struct history {
	struct view view;
	int folder;
	char *path, *events_path;
	struct budget budget;
	struct view *events;
	struct database *database;
	struct tally tally;
	struct run run; /* for a database that is begun later */
	uint64_t begin_ns, begin_unix_ns; /* of the interval */
	uint64_t checkpoint_ns, now_ns, place_ns;
	uint64_t keep_until_ns; /* 0 = nothing is kept at the moment */
	uint64_t seen_transitions, seen_lost, seen_withheld; /* at its begin */
	uint64_t intervals_lost, told_lost;
	bool told_suspended;
	bool displaced; /* the folder is not where it was: intervals would be begun anew there; events go on where the folder is now */
};

/* Room for events is made by giving up the oldest of them. */
static int room_for_events(void *context, uint64_t bytes)
{
	struct history *history = context;
	int err;

	while ((err = budget_ask_events(&history->budget, bytes)) && history->events && recording_view_drop_oldest(history->events, history->budget.events / KEPT_PART))
		budget_look(&history->budget);
	return err;
}

static int history_begin(struct view *view, const struct run *run)
{
	struct history *history = (struct history *)view;

	history->begin_ns = history->checkpoint_ns = run->begin_ns;
	history->begin_unix_ns = run->begin_unix_ns;
	history->run = *run;
	database_begin_run(history->database, run);
	return history->events->begin(history->events, run);
}

static int history_event(struct view *view, const struct event *event)
{
	struct history *history = (struct history *)view;

	tally_event(&history->tally, event);
	return history->events->event(history->events, event);
}

static int history_recount(struct view *view, bool begins)
{
	struct history *history = (struct history *)view;

	return history->events->recount(history->events, begins);
}

/* Once, until it succeeds again. */
static void tell_loss(struct history *history, int err)
{
	if (!history->intervals_lost || history->told_lost)
		return;
	log_warn("intervals of the history can't be written: %s; tracing goes on", strerror(-err));
	history->told_lost = history->intervals_lost;
}

static void note_losses(struct history *history, uint64_t unix_ns)
{
	if (!history->told_lost)
		return;
	database_note_loss(history->database, unix_ns, "intervals", history->intervals_lost - (history->told_lost - 1),
			   "could not be written");
	log_warn("intervals of the history are written again; %llu were lost",
		 (unsigned long long)(history->intervals_lost - (history->told_lost - 1)));
	history->told_lost = 0;
}

/* The log is emptied, then the oldest is given up, until there is room. */
static int make_room(struct history *history, const struct interval *interval)
{
	unsigned int tries;
	int err = -ENOSPC;

	for (tries = 0; tries < PRUNES && err == -ENOSPC; tries++) {
		if (tries && !database_prune(history->database) && !budget_drop_set_aside(&history->budget))
			break;
		database_checkpoint(history->database);
		budget_look(&history->budget);
		err = database_add(history->database, interval, &history->tally);
	}
	return err;
}

/* The folder was deleted, moved or replaced, or its disk unmounted. Nothing is begun anew where nobody meant it to be. */
static void look_at_folder(struct history *history)
{
	struct stat there, ours;
	bool displaced = stat(history->path, &there) || fstat(history->folder, &ours) || there.st_dev != ours.st_dev || there.st_ino != ours.st_ino;

	if (displaced && !history->displaced)
		log_warn("the folder of the history, %.400s, was deleted, moved or replaced, or its disk unmounted: no intervals are kept until it "
			 "is there again or the agent is started anew, and events only in a folder that was moved; tracing goes on", history->path);
	if (!displaced && history->displaced)
		log_warn("the folder of the history, %.400s, is there again", history->path);
	history->displaced = displaced;
}

/* The same of the folder of events in it, which may be made anew: that this is the history's folder is known. */
static void look_at_events(struct history *history)
{
	struct stat there;
	int fd;

	if (!fstatat(history->folder, HISTORY_EVENTS, &there, AT_SYMLINK_NOFOLLOW)) {
		if (!S_ISDIR(there.st_mode) || recording_view_is_in(history->events, &there))
			return;
	} else if (errno != ENOENT || mkdirat(history->folder, HISTORY_EVENTS, 0700)) {
		return;
	}
	fd = openat(history->folder, HISTORY_EVENTS, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	log_warn("%.400s was deleted, moved or replaced while it was written: what was in it is not there any more, and what follows is in a new "
		 "one", history->events_path);
	recording_view_move(history->events, fd);
}

/* Somebody may have deleted the database, or put another in its place. */
static void look_at_database(struct history *history, uint64_t unix_ns)
{
	bool was_open = database_is_open(history->database);

	if (database_look(history->database) <= 0)
		return;
	database_begin_run(history->database, &history->run);
	if (was_open)
		database_note_loss(history->database, unix_ns, "database", 0, "was deleted or replaced while it was written");
}

static int write_interval(struct history *history, const struct interval *interval)
{
	int err = database_add(history->database, interval, &history->tally);

	if (err == -EUCLEAN)
		err = database_renew(history->database) ?: database_begin_run(history->database, &history->run) ?: database_add(history->database, interval, &history->tally);
	return err == -ENOSPC ? make_room(history, interval) : err;
}

static void end_interval(struct history *history, const struct tick *tick)
{
	uint64_t withheld = recording_view_state(history->events).withheld;
	struct interval interval = {
		.begin_unix_ns = history->begin_unix_ns,
		.end_unix_ns = tick->unix_ns,
		.transitions = tick->totals->transitions - history->seen_transitions,
		.lost = tick->health->lost - history->seen_lost,
		.withheld = withheld - history->seen_withheld,
	};
	int err;

	budget_look(&history->budget);
	tally_live(&history->tally, recording_view_live(history->events), tick->time_ns);
	tally_fold(&history->tally, budget_flows(&history->budget));
	if (!history->displaced)
		look_at_database(history, tick->unix_ns);
	err = history->displaced ? -ENOENT : write_interval(history, &interval);
	history->intervals_lost += err != 0;
	if (history->displaced)
		history->told_lost = history->told_lost ?: history->intervals_lost;
	else if (err)
		tell_loss(history, err);
	else
		note_losses(history, tick->unix_ns);
	tally_clear(&history->tally);
	history->begin_ns = tick->time_ns;
	history->begin_unix_ns = tick->unix_ns;
	history->seen_transitions = tick->totals->transitions;
	history->seen_lost = tick->health->lost;
	history->seen_withheld = withheld;
}

/* Somebody set the clock: the interval ends where the old time did. */
static void look_at_clock(struct history *history, const struct tick *tick)
{
	uint64_t expected = history->begin_unix_ns + (tick->time_ns - history->begin_ns);
	struct tick until = *tick;
	char text[64];
	int64_t seconds;

	if (tick->unix_ns + JUMP_NS > expected && expected + JUMP_NS > tick->unix_ns)
		return;
	seconds = (int64_t)(tick->unix_ns - expected) / (int64_t)NSEC_PER_SEC;
	snprintf(text, sizeof(text), "the clock was set by %+lld s", (long long)seconds);
	until.unix_ns = expected;
	end_interval(history, &until);
	history->begin_unix_ns = tick->unix_ns;
	database_note_loss(history->database, tick->unix_ns, "clock", 0, text);
	recording_view_rotate(history->events);
}

/* Intervals begin at full ten seconds of the clock. */
static bool interval_is_over(const struct history *history, const struct tick *tick)
{
	return tick->unix_ns / INTERVAL_NS != history->begin_unix_ns / INTERVAL_NS || tick->time_ns - history->begin_ns >= INTERVAL_NS;
}

static void tell_suspension(struct history *history)
{
	bool suspended = recording_view_state(history->events).suspended;

	if (suspended == history->told_suspended || history->displaced)
		return;
	history->told_suspended = suspended;
	if (suspended)
		log_warn("events of the history can't be written: no room, or the disk fails; tracing goes on");
	else
		log_warn("events of the history are written again");
}

static int history_tick(struct view *view, const struct tick *tick)
{
	struct history *history = (struct history *)view;
	int result;

	if (tick->time_ns - history->place_ns >= NSEC_PER_SEC) {
		history->place_ns = tick->time_ns;
		look_at_folder(history);
		if (!history->displaced)
			look_at_events(history);
	}
	look_at_clock(history, tick);
	if (interval_is_over(history, tick))
		end_interval(history, tick);
	if (!history->displaced && tick->time_ns - history->checkpoint_ns >= CHECKPOINT_NS) {
		database_trim(history->database);
		database_checkpoint(history->database);
		history->checkpoint_ns = tick->time_ns;
	}
	history->now_ns = tick->time_ns;
	result = history->events->tick(history->events, tick);
	if (history->keep_until_ns)
		recording_view_keep_last(history->events);
	if (tick->time_ns >= history->keep_until_ns)
		history->keep_until_ns = 0;
	tell_suspension(history);
	return result;
}

static int history_end(struct view *view, const struct tick *last)
{
	struct history *history = (struct history *)view;

	look_at_folder(history);
	end_interval(history, last);
	return history->events->end(history->events, last);
}

static int no_folder(const char *path, int err, char *error, size_t error_size)
{
	fail(error, error_size, "the history %.200s can't be written: %s", path,
	     err == -EWOULDBLOCK ? "another tcpdwell agent writes there" :
	     err == -ELOOP	 ? "a link on the way to it is of somebody else's making, or leads in a circle" :
	     err == -EXDEV	 ? "its folder events is a link, and what is elsewhere is not ours" :
				   strerror(-err));
	return err == -EWOULDBLOCK ? -EBUSY : err;
}

static int make_folder(struct history *history, const char *path)
{
	struct links_end end;
	int err = links_walk(&end, path, true);

	if (err)
		return err;
	if (mkdirat(end.folder, end.name, 0700) && errno != EEXIST)
		err = -errno;
	if (!err)
		history->folder = openat(end.folder, end.name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | end.flags);
	if (!err && history->folder < 0)
		err = -errno;
	close(end.folder);
	return err;
}

/* Events elsewhere would have neither the budget of this folder nor room on its disk, and be removed there: what is there may be others'. */
static int open_folder(struct history *history, const char *path)
{
	struct stat status;
	int err;

	umask(077);
	history->path = strdup(path);
	if (!history->path)
		return -ENOMEM;
	err = make_folder(history, path);
	if (err)
		return err;
	if (flock(history->folder, LOCK_EX | LOCK_NB))
		return -errno;
	if (mkdirat(history->folder, HISTORY_EVENTS, 0700) && errno != EEXIST)
		return -errno;
	if (!fstatat(history->folder, HISTORY_EVENTS, &status, AT_SYMLINK_NOFOLLOW) && S_ISLNK(status.st_mode))
		return -EXDEV;
	return asprintf(&history->events_path, "%s/" HISTORY_EVENTS "/", path) < 0 ? -ENOMEM : 0;
}

static int open_events(struct history *history, const struct history_config *config, char *error, size_t error_size)
{
	const struct recording_config events = {
		.file = history->events_path,
		.max_bytes = history->budget.segment,
		.most_bytes = history->budget.crowded_segment,
		.room = room_for_events,
		.context = history,
		.endures = true,
		.owns_folder = true,
		.max_event_rate = config->max_event_rate,
		.books = config->books,
	};

	return recording_view_new(&history->events, &events, error, error_size);
}

/* The budget may have become smaller, and what is there is more. */
static void fit(struct history *history)
{
	room_for_events(history, 0);
	database_trim(history->database);
	budget_look(&history->budget);
	while (budget_ask_intervals(&history->budget, 0) && budget_drop_set_aside(&history->budget))
		;
	room_for_events(history, 0);
}

/* What is in a log that a larger budget left is in two places for a moment. */
static void make_room_for_log(struct history *history)
{
	while (budget_log_is_stuck(&history->budget) && recording_view_drop_oldest(history->events, 0))
		;
	if (budget_log_is_stuck(&history->budget))
		budget_drop_database(&history->budget);
}

int history_view_new(struct view **ret, const struct history_config *config, char *error, size_t error_size)
{
	struct history *history = calloc(1, sizeof(*history));
	int err;

	if (!history)
		return -ENOMEM;
	history->view = (struct view){
		.begin = history_begin,
		.event = history_event,
		.recount = history_recount,
		.tick = history_tick,
		.end = history_end,
	};
	history->folder = -1;
	tally_init(&history->tally);
	err = open_folder(history, config->folder);
	if (err) {
		err = no_folder(config->folder, err, error, error_size);
		history_view_free(&history->view);
		return err;
	}
	budget_init(&history->budget, history->folder, config->budget);
	err = open_events(history, config, error, error_size);
	if (!err) {
		look_at_events(history); /* nothing is removed where another path may lead by now */
		room_for_events(history, 0);
		make_room_for_log(history);
	}
	err = err ?: database_new(&history->database, config->folder, &history->budget, error, error_size);
	if (err) {
		history_view_free(&history->view);
		return err;
	}
	fit(history);
	*ret = &history->view;
	return 0;
}

void history_view_free(struct view *view)
{
	struct history *history = (struct history *)view;

	if (!history)
		return;
	if (history->events)
		recording_view_free(history->events);
	database_free(history->database);
	tally_clear(&history->tally);
	if (history->folder >= 0)
		close(history->folder);
	free(history->events_path);
	free(history->path);
	free(history);
}

void history_view_needs(struct run_needs *needs)
{
	*needs = (struct run_needs){ .emit_states = ~0U, .track_all = true, .holder_states = ~0U, .writes_files = true,
				     .renames_files = true,
				     .local_ports = true,
				     .listeners = true,
				     .namespaces = true,
				     .namespace_settings = true };
}

struct history_state history_view_state(const struct view *view)
{
	const struct history *history = (const struct history *)view;
	struct recording_state events = recording_view_state(history->events);

	return (struct history_state){
		.budget_bytes = history->budget.limit,
		.used_bytes = budget_used(&history->budget),
		.events_bytes = history->budget.used_events,
		.intervals_bytes = history->budget.used_intervals,
		.events_withheld = events.withheld,
		.intervals_lost = history->intervals_lost,
		.set_aside = database_set_aside(history->database),
		.suspended = history->displaced || events.suspended,
	};
}

int64_t history_view_finding_begins(struct view *view, uint64_t unix_ns, const char *code, const char *severity, const char *text)
{
	return database_add_finding(((struct history *)view)->database, unix_ns, code, severity, text);
}

void history_view_finding_worsens(struct view *view, int64_t id, const char *severity, const char *text)
{
	database_reword_finding(((struct history *)view)->database, id, severity, text);
}

void history_view_finding_goes_on(struct view *view, int64_t id, uint64_t unix_ns, uint64_t count, bool ended)
{
	database_update_finding(((struct history *)view)->database, id, unix_ns, count, ended);
}

void history_view_keep(struct view *view)
{
	struct history *history = (struct history *)view;

	recording_view_keep_last(history->events);
	history->keep_until_ns = history->now_ns + KEEP_NS;
}
