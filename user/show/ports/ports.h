/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The view `ports` on an output: a picture an interval, as tables or as JSON. */
#ifndef TCPDWELL_SHOW_PORTS_PORTS_H
#define TCPDWELL_SHOW_PORTS_PORTS_H

#include "show/ports/model.h"
#include "util/output.h"

/* NULL: no memory. The output is the caller's. */
struct view *ports_view_new(const struct ports_config *config, struct output *output);
void ports_view_free(struct view *view);

#endif
