// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What holds where nothing was asked for. */
#include "run/run.h"

#include <string.h>

void run_options_init(struct run_options *options)
{
	memset(options, 0, sizeof(*options));
	filter_init(&options->filter, NULL);
	options->seconds = -1;
}
