/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What looks at all sockets found, as fields of JSON. Pure: an event in, bytes out. */
#ifndef TCPDWELL_EVENT_PRESENT_JSON_H
#define TCPDWELL_EVENT_PRESENT_JSON_H

#include "event/event.h"
#include "util/json.h"

/* Into an object that is open: what RECORD_PRESENT and RECORD_LISTENER have beside ends and owner. */
void present_fields_json(struct json *json, const struct present *present);
void listener_fields_json(struct json *json, const struct listener_facts *listener);

/* "netns", "counters", "gauges", "settings", "unknown": of RECORD_NAMESPACE, beside type and time. */
void namespace_fields_json(struct json *json, uint32_t netns, const struct namespace_facts *facts);

#endif
