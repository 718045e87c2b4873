// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The recorded source: lines of a file -> selected, counted events -> a view. What live.c takes from the kernel is taken from
 * the file; totals are counted anew, because filters may leave out what was recorded.
 */
#include "recording/replay_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attribute/pod_names.h"
#include "event/names.h"
#include "filter/name_filter.h"
#include "recording/input.h"
#include "util/failure.h"
#include "util/stop.h"

/*
 * Ticks that no line tells of are bought with lines, so that a small file can't keep us busy: a line of ours is a second away from
 * the next at most. Where these are too few ticks are further apart.
 */
#ifndef TICKS_AT_BEGIN /* the fuzzer has no patience */
#define TICKS_AT_BEGIN 20000
#endif
#define TICKS_OF_LINE 20
#define FOREIGN_LINES 1000 /* with nothing of ours among them: it is something else */

static void on_recount(struct replay *replay, bool begins)
{
	replay_end_list(replay);
	replay_recount(replay, begins);
}

/* Counters of a run begin with it. */
static void on_health(struct replay *replay, const struct recorded *recorded)
{
	uint64_t unknown = replay->feed.health.unknown, *counter;
	const char *name;
	size_t i;

	replay->feed.health = recorded->health;
	for (i = 0; (counter = health_counter(&replay->feed.health, i, &name)); i++)
		*counter += *health_counter(&replay->earlier_health, i, &name);
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

static void on_line(struct replay *replay, struct recorded *recorded)
{
	replay_settle_times(replay, recorded);
	if (replay_comes_to_other(replay, recorded->time_ns - replay->shift_ns)) {
		replay_leave_out_rest(replay);
		return;
	}
	if (replay_is_over(replay, recorded->time_ns)) {
		replay_end_early(replay);
		return;
	}
	replay->ended = false;
	replay_advance(replay, recorded->time_ns, recorded->unix_ns);
	if (replay_is_done(replay))
		return;
	switch (recorded->type) {
	case RECORDED_EVENT:
		replay_event(replay, recorded);
		break;
	case RECORDED_UNTOLD:
		if (!replay->known_before)
			replay->findings->untold = recorded->count;
		break;
	case RECORDED_WITHHELD:
		replay->findings->withheld += recorded->count;
		break;
	case RECORDED_RECOUNT:
		on_recount(replay, recorded->begins);
		break;
	case RECORDED_TICK:
		replay_end_list(replay);
		replay->feed.totals.fin_wait2_timewait = recorded->fin_wait2_timewait;
		replay->feed.holders_seen_ns = recorded->holders_seen_ns ? recorded->holders_seen_ns + replay->shift_ns : 0;
		replay->feed.present_seen_ns = recorded->present_seen_ns ? recorded->present_seen_ns + replay->shift_ns : 0;
		replay_tell_tick(replay);
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
	if (recorded->type == RECORDED_UNKNOWN || (!replay->begun && recorded->type != RECORDED_EVENT && recorded->type != RECORDED_HEADER)) {
		replay->findings->unknown++;
		return;
	}
	replay->findings->lines++;
	replay->ticks_left += TICKS_OF_LINE;
	if (recorded->type == RECORDED_HEADER) {
		replay_header(replay, recorded);
		return;
	}
	if (!replay->begun)
		replay_begin_headless(replay, recorded);
	replay->part_ended |= recorded->type == RECORDED_END;
	if (replay_is_news(replay) && !replay_is_done(replay))
		on_line(replay, recorded);
}

/* A file whose last line was cut was put before another (cat): its header is in the same line. */
static int parse_header_within(struct recorded *header, const char *line, size_t size)
{
	static const char begin[] = "{\"type\":\"header\",";
	const char *found = size ? memmem(line + 1, size - 1, begin, sizeof(begin) - 1) : NULL;

	return found ? recorded_parse(header, found, line + size - found) : -EINVAL;
}

static void take_line(struct replay *replay, const struct recording_input *input, const char *line, size_t size)
{
	struct recorded recorded;
	int err = recorded_parse(&recorded, line, size);

	if (err && err != -ENOMEM) {
		err = parse_header_within(&recorded, line, size);
		replay->part_is_cut |= !err && !replay->skipping && !replay->succession.known;
	}
	if (!err) {
		on_recorded(replay, &recorded);
		recorded_release(&recorded);
	} else if (err == -ENOMEM) {
		feed_fail(&replay->feed, err);
	} else {
		replay->findings->damaged += !recording_input_unterminated(input);
		replay->succession.has_gap |= !recording_input_unterminated(input);
		replay->has_gap = true;
	}
}

static bool is_foreign(const struct replay *replay)
{
	const struct recording_findings *findings = replay->findings;

	return !replay->begun && findings->damaged + findings->unknown > FOREIGN_LINES;
}

/* Of one that was read already nothing is missing. */
static void look_for_cut(struct replay *replay, const struct recording_input *input)
{
	uint64_t cuts = recording_input_cuts(input);

	replay->part_is_cut |= cuts != replay->cuts && !replay->skipping && !replay->succession.known;
	replay->cuts = cuts;
}

static int read_lines(struct replay *replay, struct recording_input *input)
{
	const char *line;
	size_t size;
	int got = 1;

	while (got && !replay_is_done(replay) && !is_foreign(replay) && !stop_is_requested()) {
		got = recording_input_line(input, &line, &size);
		look_for_cut(replay, input);
		if (recording_input_corrupt(input)) {
			replay->has_gap |= !replay->findings->corrupt;
			replay->findings->corrupt = replay->succession.has_gap = true;
		}
		if (got == 1)
			take_line(replay, input, line, size);
		else if (got == -E2BIG && replay->begun)
			replay->findings->damaged++;
		else if (got < 0 && got != -EINTR)
			return got == -E2BIG ? 0 : got;
	}
	replay->over |= stop_is_requested();
	return 0;
}

static int conclude(struct replay *replay, const struct recording_input *input)
{
	struct recording_findings *findings = replay->findings;

	findings->corrupt = recording_input_corrupt(input);
	findings->truncated = !findings->corrupt && !replay_is_done(replay) &&
			      (!replay->ended || replay->is_cut || replay->part_is_cut);
	findings->unended = !replay->ended;
	findings->holes = replay->feed.holes;
	findings->last_unix_ns = replay->now_unix_ns;
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
	struct replay replay = {
		.options = options,
		.needs = needs,
		.wanted = wanted_by(needs),
		.view = view,
		.findings = findings,
		.ticks_left = TICKS_AT_BEGIN, .feed.totals.told = needs->emit_states };
	int read_err, err = 0;

	error[0] = '\0';
	memset(findings, 0, sizeof(*findings));
	findings->unnamed = filter_has_names(&options->filter);
	id_map_init(&replay.looked, sizeof(uint64_t));
	id_map_init(&replay.known, sizeof(uint64_t));
	replay.names = pod_names_new(NULL);
	replay.programs = programs_told_new();
	if (!input || !replay.names || !replay.programs) {
		recording_input_free(input);
		pod_names_free(replay.names);
		programs_free(replay.programs);
		return -ENOMEM;
	}
	read_err = read_lines(&replay, input);
	if (replay.begun)
		err = conclude(&replay, input);
	if (!err && read_err)
		err = fail_reading(read_err, error, error_size);
	else if (!replay.begun)
		err = replay.over ? -EINTR : fail(error, error_size, "it is not a recording of tcpdwell");
	recording_input_free(input);
	pod_names_free(replay.names);
	programs_free(replay.programs);
	id_map_release(&replay.looked);
	id_map_release(&replay.known);
	recorded_release(&replay.header);
	return err;
}
