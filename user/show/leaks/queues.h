/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Accept queues that are part of the report: full, or with a client that has waited for longer than --older-than. Pure. */
#ifndef TCPDWELL_SHOW_LEAKS_QUEUES_H
#define TCPDWELL_SHOW_LEAKS_QUEUES_H

#include "show/leaks/leaks.h"

/* Fills in the report's, the deepest first; the array is the caller's to free. 0 or -ENOMEM. */
int leak_queues_make(struct leaks_report *report);

/* A line each, nothing where there are none; and "accept_queues" into an object that is open. */
void leak_queues_text(struct output *output, const struct leaks_report *report);
void leak_queues_json(struct json *json, const struct leaks_report *report);

#endif
