/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `top` is asked for, live and of a recording. */
#ifndef TCPDWELL_TOP_OPTIONS_H
#define TCPDWELL_TOP_OPTIONS_H

#include "options.h"
#include "options_grouping.h"
#include "show/top/model.h"

struct top_options {
	struct grouping_options grouping;
	enum measure sort; /* or SORT_BY_LABEL */
	bool batch, wide;
};

struct top_config top_config_of(const struct options *options);
void top_needs(const struct options *options, struct run_needs *needs);

#endif
