/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `report FILE top` on a terminal: the interactive table with a cursor in time. */
#ifndef TCPDWELL_REPORT_TOP_H
#define TCPDWELL_REPORT_TOP_H

#include "options.h"
#include "recording/files.h"

/* Can it be: a terminal, files that can be read more than once, and nothing asked for that is a list? */
bool report_top_is_wanted(const struct options *options, const struct recording_selection *selection);

/* Shows the time that is asked for (UTC), 0: the end. Returns the exit code. */
int report_top_run(const struct options *options, const struct recording_selection *selection, uint64_t at_unix_ns);

#endif
