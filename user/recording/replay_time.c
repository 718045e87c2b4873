// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The clocks of what is replayed: runs of several boots on one line of time, and ticks where nothing was written. */
#include "recording/replay_parts.h"

#include "util/number.h"
#include "util/stop.h"

/* Both clocks are told of one moment. */
void replay_learn_clock(struct replay *replay, uint64_t unix_ns, uint64_t time_ns)
{
	replay->told_offset_ns = unix_ns - time_ns;
	if (replay->has_no_clock)
		replay->shift_ns = replay->told_offset_ns - replay->unix_offset_ns;
	replay->has_no_clock = false;
}

void replay_tell_tick(struct replay *replay)
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
void replay_advance(struct replay *replay, uint64_t time_ns, uint64_t unix_ns)
{
	uint64_t gap_ns = elapsed_ns(time_ns, replay->now_ns), step_ns = step_of(replay, gap_ns);

	for (; gap_ns >= step_ns && gap_ns && !replay_is_done(replay) && !stop_is_requested(); gap_ns -= step_ns) {
		replay->now_ns += step_ns;
		replay->now_unix_ns += step_ns;
		replay->ticks_left -= replay->ticks_left > 0;
		replay_tell_tick(replay);
	}
	if (time_ns <= replay->now_ns || replay_is_done(replay))
		return;
	replay->now_ns = time_ns;
	replay->now_unix_ns = unix_ns;
}

bool replay_is_over(const struct replay *replay, uint64_t time_ns)
{
	double seconds = replay->options->seconds;

	return seconds >= 0 && time_ns > replay->begin_ns && (time_ns - replay->begin_ns) / 1e9 >= seconds;
}

/* The run's end by -d lies between two lines: it is where a live run would have ended. */
void replay_end_early(struct replay *replay)
{
	uint64_t end_ns = replay->begin_ns + number_u64(replay->options->seconds * 1e9);

	replay_advance(replay, end_ns, end_ns + replay->unix_offset_ns);
	replay->ended = replay->over = true;
}

/* Either clock can be told from the other; without any, it is now. */
void replay_settle_times(struct replay *replay, struct recorded *recorded)
{
	struct transition *record = &recorded->event.record;

	if (replay->has_no_clock && recorded->time_ns && recorded->unix_ns)
		replay_learn_clock(replay, recorded->unix_ns, recorded->time_ns);
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
