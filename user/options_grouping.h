/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the commands that show groups share: --by -r --max-rows INTERVAL COUNT. */
#ifndef TCPDWELL_OPTIONS_GROUPING_H
#define TCPDWELL_OPTIONS_GROUPING_H

#include "account/group.h"
#include "options.h"

struct grouping_options {
	unsigned int by; /* see account/group.h */
	uint32_t rows; /* shown; 0 = the command's default */
	uint32_t max_groups; /* kept apart; 0 = default */
	uint64_t interval_ns; /* 0 = the command's default */
	uint64_t count; /* intervals; 0 = no end */
};

extern const struct option_row grouping_rows[];

#endif
