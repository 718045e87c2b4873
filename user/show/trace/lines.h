/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The view of `trace`: a line for each event, the totals at the end. */
#ifndef TCPDWELL_SHOW_TRACE_LINES_H
#define TCPDWELL_SHOW_TRACE_LINES_H

#include "event/event.h"
#include "options.h"
#include "util/output.h"

/* NULL: no memory. `output` stays the caller's and must outlive the view. */
struct view *lines_view_new(const struct options *options, struct output *output);
void lines_view_free(struct view *view);

/* The states that `trace` shows transitions of, by its options: bit (1 << state). */
uint32_t lines_states(const struct options *options);

/* Should standard output be coloured? */
bool use_color(const struct options *options);

#endif
