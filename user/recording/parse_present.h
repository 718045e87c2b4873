/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines of looks at all sockets back to what they were made of (event/present_json.h). What is missing counts as not known. */
#ifndef TCPDWELL_RECORDING_PARSE_PRESENT_H
#define TCPDWELL_RECORDING_PARSE_PRESENT_H

#include "event/listener.h"
#include "event/namespace_facts.h"
#include "event/present.h"

struct json_t; /* of jansson */

/* A field of a line; 0 where it is missing, of another type, negative or more than `max`. */
uint64_t recorded_number(const struct json_t *json, const char *key, uint64_t max);

void present_parse(struct present *present, const struct json_t *json);
void listener_parse(struct listener_facts *listener, const struct json_t *json);
void namespace_parse(struct namespace_facts *facts, const struct json_t *json);

#endif
