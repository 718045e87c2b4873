// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which lines are news: files that go on, copies, runs of the same time, and those that begin anew. */
#include "recording/replay_parts.h"

#include "event/holes.h"

#define HOLE_NS 1000000000ULL /* between two runs; what is shorter happens between two lines as well */

static void replay_begin(struct replay *replay, const struct run *run)
{
	replay->begun = true;
	replay->begin_ns = replay->now_ns = run->begin_ns;
	replay->now_unix_ns = run->begin_unix_ns;
	replay->unix_offset_ns = replay->told_offset_ns = run->begin_unix_ns - run->begin_ns;
	feed_begin(&replay->feed, replay->view, run);
}

/* The file's first line is missing: what can be shown without it is shown. */
void replay_begin_headless(struct replay *replay, const struct recorded *first)
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
	replay_begin(replay, &run);
}

/* The list with which a file begins is all that is there; nothing is known of what happened before. */
static void replay_begin_anew(struct replay *replay)
{
	if (!replay->relisting)
		replay_recount(replay, true);
	replay->relisting = true;
	replay_forget_looks(replay);
}

void replay_end_list(struct replay *replay)
{
	if (replay->relisting)
		replay_recount(replay, false);
	replay->relisting = replay->other_run = false;
}

/* Up to the next run's begin nobody knows that anything ended. */
static void pass_hole(struct replay *replay, uint64_t time_ns, uint64_t unix_ns)
{
	if (unix_ns < replay->now_unix_ns + HOLE_NS)
		return;
	holes_add(&replay->feed.holes, replay->now_unix_ns, unix_ns);
	if (replay_is_over(replay, time_ns))
		replay_end_early(replay);
	else
		replay_advance(replay, time_ns, unix_ns);
}

/* Its clock may be of another boot: its place in time is that of UTC. */
static void begin_other_run(struct replay *replay, const struct recorded *header)
{
	replay->findings->joined++;
	replay->findings->unordered |= header->run.begin_unix_ns < replay->now_unix_ns;
	replay->shift_ns = header->run.begin_unix_ns - header->run.begin_ns - replay->unix_offset_ns;
	replay->earlier_health = replay->feed.health;
	pass_hole(replay, header->run.begin_ns + replay->shift_ns, header->run.begin_unix_ns);
	if (replay_is_done(replay))
		return;
	replay_begin_anew(replay);
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
bool replay_comes_to_other(struct replay *replay, uint64_t time_ns)
{
	if (replay->until_ns && time_ns > replay->until_ns)
		return true;
	if (time_ns > replay->run_end_ns)
		replay->run_end_ns = time_ns;
	return false;
}

void replay_leave_out_rest(struct replay *replay)
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
bool replay_is_news(struct replay *replay)
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
		replay_begin_anew(replay);
	replay->known_before = step == SUCCESSION_NEXT && !replay->has_gap;
	replay->has_gap = false;
	if (step == SUCCESSION_OTHER) {
		note_run(replay, header);
		begin_other_run(replay, header);
	} else if (step == SUCCESSION_GAP) {
		replay->findings->missing++;
		replay_begin_anew(replay);
	}
}

void replay_header(struct replay *replay, struct recorded *recorded)
{
	if (!recorded->run.begin_ns)
		recorded->run.begin_ns = recorded->run.begin_unix_ns;
	if (replay->begun) {
		replay_learn_clock(replay, recorded->run.begin_unix_ns, recorded->run.begin_ns);
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
	replay_begin(replay, &replay->header.run);
}
