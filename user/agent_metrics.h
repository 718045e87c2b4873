/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The metrics of `agent`: the view and the server that hands out what it renders. */
#ifndef TCPDWELL_AGENT_METRICS_H
#define TCPDWELL_AGENT_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "export/http/http.h"
#include "export/metrics/metrics.h"

struct agent_metrics_options {
	const char *listen; /* "none": nothing is served */
	const char *allowed_hosts;
	uint32_t series;
};

struct agent_metrics {
	struct http *http; /* NULL: nothing is served */
	struct view *view; /* NULL likewise */
	struct run_needs needs;
};

/*
 * Before anything else is opened: the server is a copy of this process. `more` as in struct metrics_config. 0, or negative errno with
 * a sentence in `error`; close also after a failure.
 */
int agent_metrics_open(struct agent_metrics *metrics, const struct agent_metrics_options *options, const struct metrics_config *more,
		       char *error, size_t error_size);
void agent_metrics_close(struct agent_metrics *metrics);

#endif
