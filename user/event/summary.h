/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every output says at its beginning and end: header, totals, and what was lost. */
#ifndef TCPDWELL_EVENT_SUMMARY_H
#define TCPDWELL_EVENT_SUMMARY_H

#include <stddef.h>

#include "event/event.h"
#include "event/names.h"
#include "util/json.h"

/* {"type":"header",…}, and its fields alone into an object that is open. */
void header_json(struct json *json, const struct run *run);
void header_fields_json(struct json *json, const struct run *run);

/* A line for the begin of a text output whose source tells less than tracing does; "" of a traced run. */
const char *source_note(const struct run *run);

/* Fields lost, missed, healed, … into an object that is open: all of them, zero or not. */
void health_json(struct json *json, const struct health *health);

/* The object "totals" into an object that is open. */
void totals_json(struct json *json, const struct totals *totals);

/* connect_failed, and connect_failed_REASON; `unseen` as in struct totals. */
void connect_failures_json(struct json *json, const uint64_t failures[CONNECT_FAILURES], uint32_t unseen);

/* {"type":"summary",…} */
void summary_json(struct json *json, const struct tick *last, uint64_t begin_ns);

/* Two lines or more: totals, and each kind of loss that is not zero. `size` 1024 is always enough. Returns the length. */
size_t summary_text(char *out, size_t size, const struct tick *last, uint64_t begin_ns);

/* What it means that sockets could not enter TIME_WAIT, "" when all could. Returns the length. `size` 128 is always enough. */
size_t overflows_text(char *out, size_t size, uint64_t overflows);

/* "lost 3 records, missed 2 transitions", "" when all is well. Returns the length. */
size_t health_text(char *out, size_t size, const struct health *health);

#endif
