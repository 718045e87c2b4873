/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The view of `trace`: a line for each event, the totals at the end. */
#ifndef TCPDWELL_SHOW_TRACE_LINES_H
#define TCPDWELL_SHOW_TRACE_LINES_H

#include "event/event.h"
#include "show/trace/transition_text.h"
#include "util/output.h"

struct lines_config {
	uint32_t states; /* bit (1 << state): transitions from or to these are shown */
	bool connect_failed; /* and connects that failed */
	bool accepts; /* and how long connections waited for accept() */
	bool holders; /* and who has sockets that wait: JSON only */
	bool json, cmdline; /* command lines too, in JSON */
	bool at_once; /* it ends when it has begun: nothing can happen meanwhile */
	struct transition_columns columns; /* of text */
};

/* NULL: no memory. `output` stays the caller's and must outlive the view. */
struct view *lines_view_new(const struct lines_config *config, struct output *output);
void lines_view_free(struct view *view);

#endif
