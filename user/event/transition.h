/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events as JSON. Pure: an event in, bytes out. */
#ifndef TCPDWELL_EVENT_TRANSITION_H
#define TCPDWELL_EVENT_TRANSITION_H

#include <stdbool.h>
#include <stddef.h>

#include "event/event.h"
#include "event/names.h"
#include "util/json.h"

/* Fields that sockets have in every kind of object: endpoint, side, owner, cgroup. Into an object that is open. */
void event_endpoint_json(struct json *json, const struct event *event);
void event_owner_json(struct json *json, const struct event *event);

/* All fields of any type of event, into an object that is open. */
void event_fields_json(struct json *json, const struct event *event);

/* The same as a whole line. */
void event_json(struct json *json, const struct event *event);

#endif
