/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes in lines of JSON: who they are, what they run, where they belong. event_owner_json() is in event/transition.h. */
#ifndef TCPDWELL_EVENT_OWNER_JSON_H
#define TCPDWELL_EVENT_OWNER_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "event/event.h"
#include "util/json.h"

/* Under these three names; null where there is no such process. */
void event_process_json(struct json *json, const struct process *process, const char *pid, const char *ns_pid, const char *comm);

/* What it runs; a command line only where that was asked for. */
void event_program_json(struct json *json, const struct event *event);

/* Its cgroup, container and pod. */
void event_cgroup_json(struct json *json, const struct event *event);

/* What event_owner_json() writes, valid until the next call. NULL: no memory. */
const char *event_owner_text(const struct event *event, bool sparse, size_t *size);

#endif
