/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One histogram, of a group in a state, as text and as JSON. Pure. */
#ifndef TCPDWELL_SHOW_HIST_FORMAT_H
#define TCPDWELL_SHOW_HIST_FORMAT_H

#include "account/group.h"
#include "util/buffer.h"
#include "util/json.h"

/* What is said of every histogram of an interval. */
struct hist_interval {
	uint64_t unix_ns; /* its end */
	double seconds;
	char by[GROUP_BY_TEXT];
};

/*
 * A line with the figures, and one with a bar for each power of two; `color` as escape sequences.
 * `what` is the state's name, or what else lasted.
 */
void hist_text(struct buffer *out, const struct group *group, const char *what, const struct account *account, bool color);

/* {"type":"histogram",…} and a newline. `of`: what lasted, where it is not the state; else NULL. */
void hist_json(struct json *json, const struct hist_interval *interval, const struct group *group, unsigned int state,
	       const char *of, const struct account *account);

#endif
