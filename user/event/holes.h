/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Times between recorded runs, of which nothing is known: the agent was dead, or one recording ended before the next began. */
#ifndef TCPDWELL_EVENT_HOLES_H
#define TCPDWELL_EVENT_HOLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/json.h"

#define HOLES_NAMED 8

struct hole {
	uint64_t begin_ns, end_ns; /* UTC */
};

struct holes {
	struct hole list[HOLES_NAMED]; /* the first of them */
	struct hole last;
	uint64_t count, ns; /* of all */
};

void holes_add(struct holes *holes, uint64_t begin_ns, uint64_t end_ns);

/* Is it in the last one? */
bool holes_has(const struct holes *holes, uint64_t unix_ns);

/* How much of the time up to now was in holes, as of the last one, or later. `holes` may be NULL. */
uint64_t holes_until(const struct holes *holes, uint64_t unix_ns);

/*
 * Seconds of an interval that began then (monotonic) and ends with `tick`, without what was in holes, so that rates are of the time that was
 * traced: more than 0. `holes_ns`: holes_until() when it began, and then now.
 */
struct tick;
double holes_seconds_of(const struct tick *tick, uint64_t begin_ns, uint64_t *holes_ns);

/* `what` "not traced": "not traced 2026-11-28 12:46:13 to 12:50:29", "" without any. Returns the length. */
#define HOLES_TEXT 512
size_t holes_text(char out[HOLES_TEXT], const char *what, const struct holes *holes);

/* "not_traced": [{"begin":…,"end":…}] and "not_traced_s" into an object that is open; nothing without any. */
void holes_json(struct json *json, const struct holes *holes);

#endif
