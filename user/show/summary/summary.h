/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What happened, in sentences: failed connects, what was stuck, who made TIME_WAIT and CLOSE_WAIT, what was lost. */
#ifndef TCPDWELL_SHOW_SUMMARY_SUMMARY_H
#define TCPDWELL_SHOW_SUMMARY_SUMMARY_H

#include "event/event.h"
#include "util/output.h"

struct summary_config {
	bool json;
};

/* NULL: no memory. */
struct view *summary_view_new(const struct summary_config *config, struct output *output);
void summary_view_free(struct view *view);

#endif
