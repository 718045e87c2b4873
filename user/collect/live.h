/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A live run: kernel records -> completed, healed, counted events -> a view. */
#ifndef TCPDWELL_COLLECT_LIVE_H
#define TCPDWELL_COLLECT_LIVE_H

#include <stddef.h>
#include <stdint.h>

#include "event/event.h"
#include "options.h"

/* What the view needs of the kernel side. */
struct live_needs {
	uint32_t emit_states; /* bit (1 << state) */
	bool track_all; /* the dwell of every state */
	bool writes_files; /* opens files for writing while it runs */
	uint32_t holder_states; /* bit (1 << state): RECORD_HOLDER events keep the view informed who has sockets in these */
	bool filters_processes; /* the view applies process and cgroup filters itself, by the charged process: send all */
};

/*
 * Runs until the view says so, SIGINT or SIGTERM comes, or options->seconds are over; drains, and ends the view. 0, or
 * negative errno: with a sentence in `error` where tracing can't begin, empty where the view failed.
 */
int live_run(const struct options *options, const struct live_needs *needs, struct view *view, char *error,
	     size_t error_size);

#endif
