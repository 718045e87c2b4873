/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The second of the two formats, made of the first. Pure. */
#ifndef TCPDWELL_EXPORT_OPENMETRICS_H
#define TCPDWELL_EXPORT_OPENMETRICS_H

#include "util/buffer.h"

#define METRICS_TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_TYPE_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* An exposition in Prometheus' text format, as OpenMetrics 1.0.0 has it; appended to `out`. */
void openmetrics_of(struct buffer *out, const char *text, size_t size);

#endif
