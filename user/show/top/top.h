/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The view of `top` without a terminal: a table, or a JSON object, an interval. */
#ifndef TCPDWELL_SHOW_TOP_TOP_H
#define TCPDWELL_SHOW_TOP_TOP_H

#include "show/top/model.h"
#include "util/output.h"

/* NULL: no memory. `output` stays the caller's and must outlive the view. */
struct view *top_view_new(const struct top_config *config, struct output *output);
void top_view_free(struct view *view);

#endif
