// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The recorded source: lines of a file -> selected, counted events -> a view. What live.c takes from the kernel is taken from
 * the file; totals are counted anew, because filters may leave out what was recorded.
 */
#include "recording/recording.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "filter/name_filter.h"
#include "attribute/pod_names.h"
#include "recording/input.h"
#include "recording/parse.h"
#include "source/feed.h"
#include "filter/event_filter.h"
#include "util/failure.h"

#ifndef TICKS_MAX /* the fuzzer has no patience */
#define TICKS_MAX 20000 /* between two lines; where these are too few, ticks are further apart */
#endif
#define FOREIGN_LINES 1000 /* with nothing of ours among them: it is something else */

struct replay {
	const struct run_options *options;
	const struct run_needs *needs;
	struct view *view;
	struct feed feed;
	struct recording_findings *findings;
	struct pod_names *names; /* that were met */
	struct recorded header; /* the view may keep its strings */
	uint64_t begin_ns;
	uint64_t unix_offset_ns; /* UTC - monotonic, modulo 2^64 */
	uint64_t now_ns, now_unix_ns; /* of the last tick */
	bool begun, ended;
	bool over; /* its seconds are */
	bool repeating; /* a further file says again what is there */
};

/* No more lines are wanted. */
static bool is_done(const struct replay *replay)
{
	return replay->over || feed_is_over(&replay->feed);
}

static void begin(struct replay *replay, const struct run *run)
{
	replay->begun = true;
	replay->begin_ns = replay->now_ns = run->begin_ns;
	replay->now_unix_ns = run->begin_unix_ns;
	replay->unix_offset_ns = run->begin_unix_ns - run->begin_ns;
	feed_begin(&replay->feed, replay->view, run);
}

/* The file's first line is missing: what can be shown without it is shown. */
static void begin_headless(struct replay *replay, const struct recorded *first)
{
	struct run run = {
		.recorded = true,
		.names = replay->names,
		.begin_ns = first->time_ns ?: first->unix_ns,
		.begin_unix_ns = first->unix_ns,
	};

	replay->findings->headless = true;
	begin(replay, &run);
}

static void on_header(struct replay *replay, struct recorded *recorded)
{
	struct recording_findings *findings = replay->findings;

	findings->unfollowed = false;
	if (replay->begun) {
		replay->repeating = recorded->continued;
		return;
	}
	findings->format = recorded->format;
	findings->continued = recorded->continued;
	if (!recorded->run.begin_ns)
		recorded->run.begin_ns = recorded->run.begin_unix_ns;
	recorded->run.names = replay->names;
	replay->header = *recorded;
	recorded->json = NULL;
	begin(replay, &replay->header.run);
}

/* Either clock can be told from the other; without any, it is now. */
static void settle_times(const struct replay *replay, struct recorded *recorded)
{
	struct transition *record = &recorded->event.record;

	if (!recorded->time_ns)
		recorded->time_ns = recorded->unix_ns ? recorded->unix_ns - replay->unix_offset_ns : replay->now_ns;
	if (!recorded->unix_ns)
		recorded->unix_ns = recorded->time_ns + replay->unix_offset_ns;
	record->time_ns = recorded->time_ns;
	recorded->event.unix_ns = recorded->unix_ns;
	if (!record->since_ns && recorded->dwell_ns && recorded->dwell_ns < record->time_ns)
		record->since_ns = record->time_ns - recorded->dwell_ns;
}

static void tell_tick(struct replay *replay)
{
	feed_tick(&replay->feed, replay->now_ns, replay->now_unix_ns);
}

/*
 * Time passes up to a line's. A live run ticks while nothing happens, and so do we: nothing was counted meanwhile. Time never
 * goes back for a view.
 */
static void advance(struct replay *replay, uint64_t time_ns, uint64_t unix_ns)
{
	uint64_t gap_ns = time_ns > replay->now_ns ? time_ns - replay->now_ns : 0;
	uint64_t step_ns = feed_tick_ms(&replay->feed, false) * 1000000ULL;

	if (gap_ns / step_ns > TICKS_MAX)
		step_ns = gap_ns / TICKS_MAX;
	for (; gap_ns >= step_ns && !is_done(replay); gap_ns -= step_ns) {
		replay->now_ns += step_ns;
		replay->now_unix_ns += step_ns;
		tell_tick(replay);
	}
	if (time_ns <= replay->now_ns || is_done(replay))
		return;
	replay->now_ns = time_ns;
	replay->now_unix_ns = unix_ns;
}

static bool is_selected(const struct replay *replay, const struct event *event)
{
	if (replay->repeating && event->record.type == RECORD_SOCKET)
		return false;
	if (event->held)
		return replay->needs->holder_states;
	if (replay->findings->unnamed && names_decide(&replay->options->filter, event->cgroup, event->container) == NAMES_PASS)
		replay->findings->unnamed = false;
	return event_has_state(event, replay->needs->emit_states) && event_passes(&replay->options->filter, event);
}

static void on_event(struct replay *replay, const struct recorded *recorded)
{
	pod_names_learn(replay->names, recorded->event.container);
	if (!is_selected(replay, &recorded->event))
		return;
	feed_event(&replay->feed, &recorded->event);
}

static void on_recount(struct replay *replay, bool begins)
{
	replay->repeating = false;
	feed_recount(&replay->feed, begins);
}

static void on_health(struct replay *replay, const struct recorded *recorded)
{
	uint64_t unknown = replay->feed.health.unknown;

	replay->feed.health = recorded->health;
	replay->feed.health.unknown = unknown;
}

static void on_end(struct replay *replay, const struct recorded *recorded)
{
	struct recording_findings *findings = replay->findings;

	replay->ended = true;
	findings->unfollowed = recorded->next != NULL;
	snprintf(findings->next, sizeof(findings->next), "%s", recorded->next ?: "");
	replay->feed.totals.fin_wait2_timewait = recorded->fin_wait2_timewait;
}

static bool is_over(const struct replay *replay, const struct recorded *recorded)
{
	double seconds = replay->options->seconds;

	return seconds >= 0 && recorded->time_ns > replay->begin_ns &&
	       (recorded->time_ns - replay->begin_ns) / 1e9 >= seconds;
}

/* The run's end by -d lies between two lines: it is where a live run would have ended. */
static void end_early(struct replay *replay)
{
	uint64_t end_ns = replay->begin_ns + (uint64_t)(replay->options->seconds * 1e9);

	advance(replay, end_ns, end_ns + replay->unix_offset_ns);
	replay->ended = replay->over = true;
}

static void on_line(struct replay *replay, struct recorded *recorded)
{
	settle_times(replay, recorded);
	if (is_over(replay, recorded)) {
		end_early(replay);
		return;
	}
	replay->ended = false;
	advance(replay, recorded->time_ns, recorded->unix_ns);
	if (is_done(replay))
		return;
	switch (recorded->type) {
	case RECORDED_EVENT:
		on_event(replay, recorded);
		break;
	case RECORDED_RECOUNT:
		on_recount(replay, recorded->begins);
		break;
	case RECORDED_TICK:
		replay->repeating = false;
		replay->feed.totals.fin_wait2_timewait = recorded->fin_wait2_timewait;
		tell_tick(replay);
		break;
	case RECORDED_HEALTH:
		on_health(replay, recorded);
		break;
	case RECORDED_SUMMARY:
		on_health(replay, recorded);
		replay->feed.holders_check_ns = recorded->holders_check_ns;
		replay->ended = true;
		break;
	case RECORDED_END:
		on_end(replay, recorded);
		break;
	default:
		break;
	}
}

static void on_recorded(struct replay *replay, struct recorded *recorded)
{
	if (recorded->type == RECORDED_UNKNOWN) {
		replay->findings->unknown++;
		return;
	}
	if (recorded->type == RECORDED_HEADER) {
		on_header(replay, recorded);
	} else if (!replay->begun && recorded->type != RECORDED_EVENT) {
		replay->findings->unknown++;
		return;
	} else {
		if (!replay->begun)
			begin_headless(replay, recorded);
		if (!is_done(replay))
			on_line(replay, recorded);
	}
	replay->findings->lines++;
}

static void take_line(struct replay *replay, const struct recording_input *input, const char *line, size_t size)
{
	struct recorded recorded;

	if (!recorded_parse(&recorded, line, size)) {
		on_recorded(replay, &recorded);
		recorded_release(&recorded);
	} else if (!recording_input_unterminated(input)) {
		replay->findings->damaged++;
	}
}

static bool is_foreign(const struct replay *replay)
{
	const struct recording_findings *findings = replay->findings;

	return !replay->begun && findings->damaged + findings->unknown > FOREIGN_LINES;
}

static int read_lines(struct replay *replay, struct recording_input *input)
{
	const char *line;
	size_t size;
	int got = 1;

	while (got && !is_done(replay) && !is_foreign(replay)) {
		got = recording_input_line(input, &line, &size);
		if (got == 1)
			take_line(replay, input, line, size);
		else if (got == -E2BIG && replay->begun)
			replay->findings->damaged++;
		else if (got < 0)
			return got == -E2BIG ? 0 : got;
	}
	return 0;
}

static int conclude(struct replay *replay, const struct recording_input *input)
{
	struct recording_findings *findings = replay->findings;

	findings->corrupt = recording_input_corrupt(input);
	findings->truncated = !findings->corrupt && (!replay->ended || recording_input_truncated(input)) && !is_done(replay);
	return feed_end(&replay->feed, replay->now_ns, replay->now_unix_ns);
}

static int fail_reading(int err, char *error, size_t error_size)
{
	fail(error, error_size, "it can't be read: %s", strerror(-err));
	return err;
}

int recording_replay(recording_read *read, void *context, const struct run_options *options, const struct run_needs *needs,
		     struct view *view, struct recording_findings *findings, char *error, size_t error_size)
{
	struct recording_input *input = recording_input_new(read, context);
	struct replay replay = { .options = options, .needs = needs, .view = view, .findings = findings };
	int read_err, err = 0;

	error[0] = '\0';
	memset(findings, 0, sizeof(*findings));
	findings->unnamed = filter_has_names(&options->filter);
	replay.names = pod_names_new(NULL);
	if (!input || !replay.names) {
		recording_input_free(input);
		pod_names_free(replay.names);
		return -ENOMEM;
	}
	read_err = read_lines(&replay, input);
	if (replay.begun)
		err = conclude(&replay, input);
	if (!err && read_err)
		err = fail_reading(read_err, error, error_size);
	else if (!replay.begun)
		err = fail(error, error_size, "it is not a recording of tcpdwell");
	recording_input_free(input);
	pod_names_free(replay.names);
	recorded_release(&replay.header);
	return err;
}
