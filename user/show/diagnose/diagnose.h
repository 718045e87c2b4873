/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The view of `diagnose`: findings as text as they come, or as JSON at the end. */
#ifndef TCPDWELL_SHOW_DIAGNOSE_DIAGNOSE_H
#define TCPDWELL_SHOW_DIAGNOSE_DIAGNOSE_H

#include "diagnose/diagnosis.h"
#include "util/output.h"

struct diagnose_config {
	const struct thresholds *thresholds;
	const struct filter *filter;
	uint32_t max_sockets; /* 0 = default */
	double seconds; /* of the run, for people: "watching for"; < 0: until it is stopped */
	bool json, cmdline, color;
	bool live; /* this machine can be asked about processes */
};

/* NULL: no memory. The output is the caller's. */
struct view *diagnose_view_new(const struct diagnose_config *config, struct output *output);
void diagnose_view_free(struct view *view);

/* Is there a finding of `now` or `soon`? After the end. */
bool diagnose_view_found(const struct view *view);

#endif
