/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Findings by code and severity, and the descriptors of the processes that they are of. Pure. */
#ifndef TCPDWELL_EXPORT_METRICS_FINDINGS_H
#define TCPDWELL_EXPORT_METRICS_FINDINGS_H

#include "diagnose/diagnosis.h"
#include "export/metrics/text.h"

#define FINDING_PROCESSES 20 /* processes with a finding whose descriptors are told, at most */
#define FINDING_SERIES (CODES * SEVERITIES + 2 * FINDING_PROCESSES)

void findings_write(const struct diagnosis *diagnosis, struct metrics_text *text);

#endif
