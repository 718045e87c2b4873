/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A view of a part of a run: from a time on the view is told as if tracing had begun then, with the sockets that were there; at
 * another time it ends. Before and after nothing is shown.
 */
#ifndef TCPDWELL_RECORDING_WINDOW_H
#define TCPDWELL_RECORDING_WINDOW_H

#include "event/holes.h"
#include "source/run.h"

/* Of UTC; 0: from the begin, to the end. NULL: no memory. The view is the caller's. */
struct view *recording_window_new(struct view *inner, const struct run_needs *needs, uint64_t since_unix_ns, uint64_t until_unix_ns);

/* It begins not before this time of the run's monotonic clock either. */
void recording_window_begin_at(struct view *window, uint64_t time_ns);

/* Accepts NULL. */
void recording_window_free(struct view *window);

/* What the window needs of its source, in place of what the view needs. */
struct run_needs recording_window_needs(const struct run_needs *needs);

/* Was there anything in it? And when did the run end as far as it was told (UTC)? */
bool recording_window_has_begun(const struct view *window);
uint64_t recording_window_last(const struct view *window);

/* Those that it has a part in. */
const struct holes *recording_window_holes(const struct view *window);

#endif
