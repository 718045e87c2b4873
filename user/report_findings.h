/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcpdwell report DIR: what the agent found while it happened. */
#ifndef TCPDWELL_REPORT_FINDINGS_H
#define TCPDWELL_REPORT_FINDINGS_H

#include "recording/files.h"

/* A line each on standard output, then an empty one; nothing where there are none. What can be changed is told by diagnose. */
void report_findings_show(const struct recording_selection *selection);

#endif
