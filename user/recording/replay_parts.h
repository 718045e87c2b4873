/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the recorded source's own files share; nobody else includes it. */
#ifndef TCPDWELL_RECORDING_REPLAY_PARTS_H
#define TCPDWELL_RECORDING_REPLAY_PARTS_H

#include "attribute/programs.h"
#include "recording/parse.h"
#include "recording/reach.h"
#include "recording/recording.h"
#include "recording/succession.h"
#include "source/feed.h"
#include "source/wanted.h"
#include "util/id_map.h"

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
static inline bool replay_is_done(const struct replay *replay)
{
	return replay->over || feed_is_over(&replay->feed);
}

/* replay_time.c: time passes up to a line's. Views get their ticks, and never see it go back. */
void replay_advance(struct replay *replay, uint64_t time_ns, uint64_t unix_ns);
void replay_tell_tick(struct replay *replay);

/* Are the seconds of -d over by then? It ends there, between two lines. */
bool replay_is_over(const struct replay *replay, uint64_t time_ns);
void replay_end_early(struct replay *replay);

/* Both clocks are told of one moment. */
void replay_learn_clock(struct replay *replay, uint64_t unix_ns, uint64_t time_ns);

/* A line's times on the clock of the first run, each from the other where one is not told. */
void replay_settle_times(struct replay *replay, struct recorded *recorded);

/* replay_runs.c: headers. Files, their parts, copies, other runs, and the list of what is there with which each begins. */
void replay_header(struct replay *replay, struct recorded *recorded);

/* The file's first line is missing: what can be shown without it is shown. */
void replay_begin_headless(struct replay *replay, const struct recorded *first);

/* Else it is of a file, or of the begin of one, that was read already. */
bool replay_is_news(struct replay *replay);

/* The line is of a time that another run has told of; then all up to the next header is left out. */
bool replay_comes_to_other(struct replay *replay, uint64_t time_ns);
void replay_leave_out_rest(struct replay *replay);
void replay_end_list(struct replay *replay);

/* replay_events.c: what passes the filters goes to the view. */
void replay_event(struct replay *replay, struct recorded *recorded);

/* All that is there is told anew: that begins, or is over. */
void replay_recount(struct replay *replay, bool begins);

/* What looks found before is not there any more, or is told again. */
void replay_forget_looks(struct replay *replay);

#endif
