/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The view of `hist`: how long sockets stay in each state, by any key, and how long those that are there have been. */
#ifndef TCPDWELL_SHOW_HIST_HIST_H
#define TCPDWELL_SHOW_HIST_HIST_H

#include "event/event.h"
#include "options.h"
#include "util/output.h"

/* NULL: no memory. `output` stays the caller's and must outlive the view. */
struct view *hist_view_new(const struct options *options, struct output *output);
void hist_view_free(struct view *view);

/* The states that are shown: bit (1 << state). */
uint32_t hist_states(const struct options *options);

/* "count", "open", "name", as given to -s: 0, 1, 2. -EINVAL. */
int hist_sort_parse(const char *text);

#endif
