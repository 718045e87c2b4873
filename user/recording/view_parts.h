/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the parts of the view of `record` share: view.c what it is told, view_lines.c its lines, view_files.c its files and their parts. */
#ifndef TCPDWELL_RECORDING_VIEW_PARTS_H
#define TCPDWELL_RECORDING_VIEW_PARTS_H

#include "recording/file.h"
#include "recording/kept_ports.h"
#include "recording/live_sockets.h"
#include "recording/marks.h"
#include "recording/recording.h"
#include "recording/series.h"
#include "recording/untold.h"

#define NSEC_PER_MSEC 1000000ULL
#define RETRY_NS (2000 * NSEC_PER_MSEC) /* after something could not be written */

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

/* Lines to the compressor. 0 or negative errno, as below. */
int view_pass_on(struct recording_view *recording);

/* And from there to the file. */
int view_flush(struct recording_view *recording, uint64_t now_ns);

/* With who has the socket and what the process runs. The second one for others to call: 0. */
void view_tell(struct recording_view *recording, const struct event *event);
int view_tell_late(void *context, const struct event *event);

/* With what was lost since the last one. */
void view_tell_tick(struct recording_view *recording, const struct tick *tick);

/* The first file, before the run begins; a sentence in `error` where that fails. */
int view_open_first(struct recording_view *recording, char *error, size_t error_size);

/* A part that begins there. */
struct recording_mark view_place_of(const struct recording_view *recording, uint64_t offset);

/* Much can happen between two ticks: called before each event, it begins the next file where this one is full. */
int view_make_room(struct recording_view *recording, const struct event *event);

/* The next file, part or mark, if one is due; 1: none is. */
int view_files_tick(struct recording_view *recording, const struct tick *tick);

/* A new file after some could not be written, as if the last one were full; where that can't be either it stays suspended. */
int view_resume(struct recording_view *recording, const struct tick *tick);

/* The last line of a file; `next`: the file that goes on, NULL: none. */
int view_end_part(struct recording_view *recording, const struct tick *tick, const char *next);

#endif
