/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The view `ports` on an output: a picture an interval, as tables or as JSON. */
#ifndef TCPDWELL_SHOW_PORTS_PORTS_H
#define TCPDWELL_SHOW_PORTS_PORTS_H

#include "ports/model.h"
#include "util/output.h"

struct ports_config {
	struct ports_model_config model;
	uint32_t rows; /* shown; 0 = default */
	uint64_t count; /* intervals; 0 = no end */
	bool json, color;
};

/* NULL: no memory. The output is the caller's. */
struct view *ports_view_new(const struct ports_config *config, struct output *output);
void ports_view_free(struct view *view);

#endif
