/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Completes owners that the kernel side could not tell at the moment of the event: it left the credentials of the
 * socket's file, here the processes of the machine are asked whose they are.
 */
#ifndef TCPDWELL_COLLECT_OWNER_H
#define TCPDWELL_COLLECT_OWNER_H

#include <stdbool.h>

struct owner_finder;
struct snapshot;
struct tracer;
struct transition;

/* NULL: no memory. Both stay the caller's. */
struct owner_finder *owner_finder_new(const struct tracer *tracer, struct snapshot *snapshot);
void owner_finder_free(struct owner_finder *finder);

/* A new batch of records: processes may be listed anew, once. */
void owner_finder_new_batch(struct owner_finder *finder);

/* Fills in record->owner and attribution if they can be found. */
void owner_finder_complete(struct owner_finder *finder, struct transition *record);

#endif
