// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The choice between the sources of this machine. */
#include "source.h"

#include "collect/live.h"
#include "polling/polling.h"

int source_run(const struct run_options *options, const struct run_needs *needs, struct view *view, char *error,
	       size_t error_size)
{
	return options->polls ? polling_run(options, needs, view, error, error_size) :
				live_run(options, needs, view, error, error_size);
}
