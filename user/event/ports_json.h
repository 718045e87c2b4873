/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is known of a namespace's ports as JSON, for recordings. */
#ifndef TCPDWELL_EVENT_PORTS_JSON_H
#define TCPDWELL_EVENT_PORTS_JSON_H

#include "event/event.h"
#include "event/port_facts.h"
#include "util/json.h"

/* All fields of an event of type RECORD_PORTS, into an object that is open. */
void port_facts_fields_json(struct json *json, const struct event *event);

#endif
