/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines of looks at all sockets back to what they were made of (event/present_json.h). What is missing counts as not known. */
#ifndef TCPDWELL_RECORDING_PARSE_PRESENT_H
#define TCPDWELL_RECORDING_PARSE_PRESENT_H

#include "event/listener.h"
#include "event/namespace_facts.h"
#include "event/present.h"
#include "recording/fields.h"

void present_parse(struct present *present, const struct fields *fields);
void listener_parse(struct listener_facts *listener, const struct fields *fields);
void namespace_parse(struct namespace_facts *facts, const struct fields *fields);

#endif
