// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The recorded source: lines of a file -> selected, counted events -> a view. What live.c takes from the kernel is taken from
 * the file; totals are counted anew, because filters may leave out what was recorded.
 */
#include "recording/recording.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "event/names.h"
#include "filter/name_filter.h"
#include "attribute/pod_names.h"
#include "attribute/programs.h"
#include "recording/input.h"
#include "recording/parse.h"
#include "recording/succession.h"
#include "source/feed.h"
#include "source/wanted.h"
#include "filter/event_filter.h"
#include "util/failure.h"
#include "util/id_map.h"
#include "util/number.h"
#include "util/stop.h"
#include "util/tcp_state.h"

/*
 * Ticks that no line tells of are bought with lines, so that a small file can't keep us busy: a line of ours is a second away from
 * the next at most. Where these are too few ticks are further apart.
 */
#ifndef TICKS_AT_BEGIN /* the fuzzer has no patience */
#define TICKS_AT_BEGIN 20000
#endif
#define TICKS_OF_LINE 20
#define KNOWN_MAX (4 << 20)
#define HOLE_NS 1000000000ULL /* between two runs; what is shorter happens between two lines as well */
#define FOREIGN_LINES 1000 /* with nothing of ours among them: it is something else */

struct replay {
	const struct run_options *options;
	const struct run_needs *needs;
	struct wanted wanted;
	struct view *view;
	struct feed feed;
	struct recording_findings *findings;
	struct pod_names *names; /* that were met */
	struct programs *programs; /* the same of what processes ran */
	struct recorded header; /* the first; the view may keep its strings */
	struct succession succession;
	struct reaches reaches; /* of runs that were read */
	struct reach_begin part_begin; /* of the header that was followed last */
	uint64_t run_begin_ns, run_end_ns; /* of its run, as far as it was read, on that run's own clock */
	uint64_t until_ns; /* on the same: from then on another run has told of it; 0: none has */
	struct health earlier_health; /* of recordings that ended before this one */
	struct id_map looked; /* sockets that looks told of and are not gone: bool, is it a listener, by id */
	struct id_map known; /* connections that were told of and are not gone: an empty value by id */
	uint64_t begin_ns;
	uint64_t unix_offset_ns; /* UTC - monotonic, modulo 2^64 */
	uint64_t told_offset_ns; /* the same by the last header, on the clock of its own run */
	bool has_no_clock; /* no line has told a monotonic one: UTC is in its place */
	uint64_t shift_ns; /* from the monotonic clock of this recording to that of the first */
	uint64_t ticks_left;
	uint64_t now_ns, now_unix_ns; /* of the last tick */
	bool begun, ended;
	bool over; /* its seconds are, or it was asked to end */
	bool known_before; /* a file goes on from one that we have read */
	bool relisting; /* until the first tick of a file all that is there is told anew */
	bool other_run; /* and that list is of another run than the lines before it */
	bool skipping; /* to the next header */
	uint64_t last_part; /* of the header before, also while skipping */
	uint64_t cuts; /* files so far that end within a member */
	bool part_is_cut, is_cut; /* what was read of that part, of one before it */
	bool part_ended; /* there was an end since that header */
	bool has_gap; /* something of this file could not be read */
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
	replay->unix_offset_ns = replay->told_offset_ns = run->begin_unix_ns - run->begin_ns;
	feed_begin(&replay->feed, replay->view, run);
}

/* The file's first line is missing: what can be shown without it is shown. */
static void begin_headless(struct replay *replay, const struct recorded *first)
{
	struct run run = {
		.recorded = true,
		.names = replay->names,
		.programs = replay->programs,
		.begin_ns = first->time_ns ?: first->unix_ns,
		.begin_unix_ns = first->unix_ns,
	};

	replay->findings->headless = true;
	replay->has_no_clock = !first->time_ns;
	begin(replay, &run);
}

/*
 * Follows which connections are there. 1: one that is listed again, by a further file; 0 or -ENOMEM. Those beyond the most that we
 * remember may be counted twice.
 */
static int know(struct replay *replay, const struct transition *record)
{
	if (!record->id || (record->type != RECORD_TRANSITION && record->type != RECORD_SOCKET))
		return 0;
	if (record->new_state == STATE_CLOSE) {
		id_map_remove(&replay->known, record->id);
		return 0;
	}
	if (id_map_find(&replay->known, record->id))
		return record->type == RECORD_SOCKET;
	return replay->known.used < KNOWN_MAX && !id_map_put(&replay->known, record->id) ? -ENOMEM : 0;
}

static void recount(struct replay *replay, bool begins)
{
	if (begins)
		id_map_clear(&replay->known);
	feed_recount(&replay->feed, begins);
}

static void forget_looked(struct replay *replay, uint64_t id, bool listens)
{
	static const struct present present = { .gone = true };
	static const struct listener_facts listener = { .gone = true };
	static const struct container nowhere;
	struct event event = { .unix_ns = replay->now_unix_ns, .container = &nowhere };

	event.record.id = id;
	event.record.time_ns = replay->now_ns;
	event.record.type = listens ? RECORD_LISTENER : RECORD_PRESENT;
	event.record.old_state = event.record.new_state = listens ? STATE_LISTEN : STATE_ESTABLISHED;
	if (listens)
		event.listener = &listener;
	else
		event.present = &present;
	feed_event(&replay->feed, &event);
}

/* What looks found before is not there any more, or is told again. */
static void forget_looks(struct replay *replay)
{
	const uint64_t *listens;
	size_t cursor = 0;
	uint64_t id;

	while ((listens = id_map_next(&replay->looked, &cursor, &id)))
		forget_looked(replay, id, *listens);
	id_map_clear(&replay->looked);
}

/* False: no memory. */
static bool note_look(struct replay *replay, const struct event *event)
{
	bool gone = event->present ? event->present->gone : event->listener->gone;
	uint64_t *listens;

	if (gone) {
		id_map_remove(&replay->looked, event->record.id);
		return true;
	}
	listens = id_map_put(&replay->looked, event->record.id);
	if (listens)
		*listens = event->listener != NULL;
	return listens;
}

/* Both clocks are told of one moment. */
static void learn_clock(struct replay *replay, uint64_t unix_ns, uint64_t time_ns)
{
	replay->told_offset_ns = unix_ns - time_ns;
	if (replay->has_no_clock)
		replay->shift_ns = replay->told_offset_ns - replay->unix_offset_ns;
	replay->has_no_clock = false;
}

/* The list with which a file begins is all that is there; nothing is known of what happened before. */
static void begin_anew(struct replay *replay)
{
	if (!replay->relisting)
		recount(replay, true);
	replay->relisting = true;
	forget_looks(replay);
}

static void end_list(struct replay *replay)
{
	if (replay->relisting)
		recount(replay, false);
	replay->relisting = replay->other_run = false;
}

static void tell_tick(struct replay *replay)
{
	feed_tick(&replay->feed, replay->now_ns, replay->now_unix_ns);
}

/* How far ticks are apart in a gap. */
static uint64_t step_of(struct replay *replay, uint64_t gap_ns)
{
	uint64_t step_ns = feed_tick_ms(&replay->feed, false) * 1000000ULL;

	if (gap_ns / step_ns <= replay->ticks_left)
		return step_ns;
	replay->findings->condensed = true;
	return gap_ns / (replay->ticks_left ?: 1);
}

/*
 * Time passes up to a line's. A live run ticks while nothing happens, and so do we: nothing was counted meanwhile. Time never
 * goes back for a view.
 */
static void advance(struct replay *replay, uint64_t time_ns, uint64_t unix_ns)
{
	uint64_t gap_ns = elapsed_ns(time_ns, replay->now_ns), step_ns = step_of(replay, gap_ns);

	for (; gap_ns >= step_ns && gap_ns && !is_done(replay) && !stop_is_requested(); gap_ns -= step_ns) {
		replay->now_ns += step_ns;
		replay->now_unix_ns += step_ns;
		replay->ticks_left -= replay->ticks_left > 0;
		tell_tick(replay);
	}
	if (time_ns <= replay->now_ns || is_done(replay))
		return;
	replay->now_ns = time_ns;
	replay->now_unix_ns = unix_ns;
}

static bool is_over(const struct replay *replay, uint64_t time_ns)
{
	double seconds = replay->options->seconds;

	return seconds >= 0 && time_ns > replay->begin_ns && (time_ns - replay->begin_ns) / 1e9 >= seconds;
}

/* The run's end by -d lies between two lines: it is where a live run would have ended. */
static void end_early(struct replay *replay)
{
	uint64_t end_ns = replay->begin_ns + number_u64(replay->options->seconds * 1e9);

	advance(replay, end_ns, end_ns + replay->unix_offset_ns);
	replay->ended = replay->over = true;
}

/* Up to the next run's begin nobody knows that anything ended. */
static void pass_hole(struct replay *replay, uint64_t time_ns, uint64_t unix_ns)
{
	if (unix_ns < replay->now_unix_ns + HOLE_NS)
		return;
	holes_add(&replay->feed.holes, replay->now_unix_ns, unix_ns);
	if (is_over(replay, time_ns))
		end_early(replay);
	else
		advance(replay, time_ns, unix_ns);
}

/* Its clock may be of another boot: its place in time is that of UTC. */
static void begin_other_run(struct replay *replay, const struct recorded *header)
{
	replay->findings->joined++;
	replay->findings->unordered |= header->run.begin_unix_ns < replay->now_unix_ns;
	replay->shift_ns = header->run.begin_unix_ns - header->run.begin_ns - replay->unix_offset_ns;
	replay->earlier_health = replay->feed.health;
	pass_hole(replay, header->run.begin_ns + replay->shift_ns, header->run.begin_unix_ns);
	if (is_done(replay))
		return;
	begin_anew(replay);
	replay->other_run = true;
}

/* A file ends with a line, but its parts do not. */
static bool is_further_part(const struct replay *replay, const struct recorded *header)
{
	return !replay->part_ended && header->part == replay->last_part + 1;
}

/* By another run, which was read before. */
static bool is_covered(struct replay *replay, const struct recorded *header)
{
	const struct reach_begin begin = recorded_begin(header);

	switch (succession_step(&replay->succession, header)) {
	case SUCCESSION_AGAIN:
		return false;
	case SUCCESSION_OTHER:
		reaches_add(&replay->reaches, &replay->part_begin, replay->run_begin_ns, replay->run_end_ns, NULL);
		break;
	default:
		break;
	}
	return reaches_cover(&replay->reaches, &begin);
}

/* The line is of a time that another run has told of. */
static bool comes_to_other(struct replay *replay, uint64_t time_ns)
{
	if (replay->until_ns && time_ns > replay->until_ns)
		return true;
	if (time_ns > replay->run_end_ns)
		replay->run_end_ns = time_ns;
	return false;
}

static void leave_out_rest(struct replay *replay)
{
	replay->findings->covered++;
	replay->skipping = replay->ended = true;
}

static void note_part(struct replay *replay, const struct recorded *header)
{
	replay->part_begin = recorded_begin(header);
	replay->until_ns = reaches_next(&replay->reaches, &replay->part_begin);
}

static void note_run(struct replay *replay, const struct recorded *header)
{
	replay->run_begin_ns = replay->run_end_ns = header->run.begin_ns;
}

/* Else it is of a file, or of the begin of one, that was read already. */
static bool is_news(struct replay *replay)
{
	enum succession_line line;

	if (replay->skipping)
		return false;
	line = succession_line(&replay->succession);
	if (line == SUCCESSION_RESUMED)
		replay->has_gap = replay->part_is_cut = false;
	return line != SUCCESSION_KNOWN;
}

static void begin_further(struct replay *replay, const struct recorded *header)
{
	bool is_part = replay->skipping && is_further_part(replay, header), covers = is_covered(replay, header);
	enum succession_step step = covers ? SUCCESSION_AGAIN : succession_follow(&replay->succession, header);

	replay->last_part = header->part;
	replay->part_ended = false;
	replay->skipping = covers || (step == SUCCESSION_AGAIN && !succession_resume(&replay->succession, header));
	if (step == SUCCESSION_AGAIN) {
		*(covers ? &replay->findings->covered : &replay->findings->repeated) += !is_part;
		return;
	}
	note_part(replay, header);
	replay->is_cut |= replay->part_is_cut;
	replay->part_is_cut = false;
	replay->findings->unfollowed = false;
	if (step == SUCCESSION_NEXT && replay->has_gap)
		begin_anew(replay);
	replay->known_before = step == SUCCESSION_NEXT && !replay->has_gap;
	replay->has_gap = false;
	if (step == SUCCESSION_OTHER) {
		note_run(replay, header);
		begin_other_run(replay, header);
	} else if (step == SUCCESSION_GAP) {
		replay->findings->missing++;
		begin_anew(replay);
	}
}

static void on_header(struct replay *replay, struct recorded *recorded)
{
	if (!recorded->run.begin_ns)
		recorded->run.begin_ns = recorded->run.begin_unix_ns;
	if (replay->begun) {
		learn_clock(replay, recorded->run.begin_unix_ns, recorded->run.begin_ns);
		begin_further(replay, recorded);
		return;
	}
	replay->findings->format = recorded->format;
	replay->findings->continued = recorded->continued;
	succession_follow(&replay->succession, recorded);
	note_part(replay, recorded);
	note_run(replay, recorded);
	recorded->run.names = replay->names;
	recorded->run.programs = replay->programs;
	replay->header = *recorded;
	recorded->fields = NULL;
	begin(replay, &replay->header.run);
}

/* Either clock can be told from the other; without any, it is now. */
static void settle_times(struct replay *replay, struct recorded *recorded)
{
	struct transition *record = &recorded->event.record;

	if (replay->has_no_clock && recorded->time_ns && recorded->unix_ns)
		learn_clock(replay, recorded->unix_ns, recorded->time_ns);
	if (!recorded->time_ns && recorded->unix_ns)
		recorded->time_ns = recorded->unix_ns - replay->told_offset_ns;
	if (recorded->time_ns)
		recorded->time_ns += replay->shift_ns;
	else
		recorded->time_ns = replay->now_ns;
	if (record->since_ns)
		record->since_ns = replay->has_no_clock ? 0 : record->since_ns + replay->shift_ns;
	if (!recorded->unix_ns)
		recorded->unix_ns = recorded->time_ns + replay->unix_offset_ns;
	record->time_ns = recorded->time_ns;
	recorded->event.unix_ns = recorded->unix_ns;
	if (!record->since_ns && recorded->dwell_ns && recorded->dwell_ns < record->time_ns)
		record->since_ns = record->time_ns - recorded->dwell_ns;
}

static bool namespace_passes(const struct filter *filter, const struct event *event)
{
	return filter_wants_netns(filter, event->record.endpoint.netns);
}

/* What is gone is no news to who was not told of it. */
static bool is_selected_look(const struct replay *replay, const struct event *event)
{
	const struct filter *filter = &replay->options->filter;

	if ((event->present && event->present->gone) || (event->listener && event->listener->gone))
		return true;
	return replay->needs->filters_processes ? event_ends_pass(filter, event) : event_passes(filter, event);
}

static bool is_selected(const struct replay *replay, const struct event *event)
{
	const bool wanted = wanted_has(&replay->wanted, event);

	if (event->held || event->ports)
		return wanted;
	if (event->namespace)
		return wanted && namespace_passes(&replay->options->filter, event);
	if (event->present || event->listener)
		return wanted && is_selected_look(replay, event);
	if (replay->findings->unnamed && names_decide(&replay->options->filter, event->cgroup, event->container) == NAMES_PASS)
		replay->findings->unnamed = false;
	if (!wanted)
		return false;
	return replay->needs->filters_processes ? event_ends_pass(&replay->options->filter, event) :
						  event_passes(&replay->options->filter, event);
}

/*
 * A filter on local ports can't know when connect() begins whether it passes, nor could it live (bpf/presence.bpf.h): the view is
 * told of the beginning when the port is known.
 */
static void begin_late(const struct replay *replay, struct transition *record)
{
	if (record->type != RECORD_LOCAL_PORT || !replay->options->filter.n_local_ports)
		return;
	record->type = RECORD_TRANSITION;
	record->old_state = STATE_CLOSE;
	record->time_ns = record->since_ns ?: record->time_ns;
	record->since_ns = 0;
}

static void learn_program(struct replay *replay, const struct event *event)
{
	if (event->program)
		programs_learn(replay->programs, event->held ? &event->held->process : event_charged(event, event_state(event)), event->program);
}

static void on_event(struct replay *replay, struct recorded *recorded)
{
	int known = know(replay, &recorded->event.record);

	if (known < 0)
		feed_fail(&replay->feed, known);
	if (known)
		return;
	pod_names_learn(replay->names, recorded->event.container);
	learn_program(replay, &recorded->event);
	begin_late(replay, &recorded->event.record);
	recorded->event.was_there = replay->other_run;
	if (!is_selected(replay, &recorded->event))
		return;
	if ((recorded->event.present || recorded->event.listener) && !note_look(replay, &recorded->event))
		feed_fail(&replay->feed, -ENOMEM);
	feed_event(&replay->feed, &recorded->event);
}

static void on_recount(struct replay *replay, bool begins)
{
	end_list(replay);
	recount(replay, begins);
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
	settle_times(replay, recorded);
	if (comes_to_other(replay, recorded->time_ns - replay->shift_ns)) {
		leave_out_rest(replay);
		return;
	}
	if (is_over(replay, recorded->time_ns)) {
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
		end_list(replay);
		replay->feed.totals.fin_wait2_timewait = recorded->fin_wait2_timewait;
		replay->feed.holders_seen_ns = recorded->holders_seen_ns ? recorded->holders_seen_ns + replay->shift_ns : 0;
		replay->feed.present_seen_ns = recorded->present_seen_ns ? recorded->present_seen_ns + replay->shift_ns : 0;
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
	if (recorded->type == RECORDED_UNKNOWN || (!replay->begun && recorded->type != RECORDED_EVENT && recorded->type != RECORDED_HEADER)) {
		replay->findings->unknown++;
		return;
	}
	replay->findings->lines++;
	replay->ticks_left += TICKS_OF_LINE;
	if (recorded->type == RECORDED_HEADER) {
		on_header(replay, recorded);
		return;
	}
	if (!replay->begun)
		begin_headless(replay, recorded);
	replay->part_ended |= recorded->type == RECORDED_END;
	if (is_news(replay) && !is_done(replay))
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

	while (got && !is_done(replay) && !is_foreign(replay) && !stop_is_requested()) {
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
	findings->truncated = !findings->corrupt && !is_done(replay) &&
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
