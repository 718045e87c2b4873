/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Times as people write and read them, in the zone of the machine ($TZ). */
#ifndef TCPDWELL_UTIL_MOMENT_H
#define TCPDWELL_UTIL_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MOMENT_FORMS "give 03:12, yesterday 03:12, 2026-11-28 03:12, 2h or 10m ago"

/*
 * "03:12" and "03:12:04" (the last time that it was so late), "today 03:12", "yesterday 03:12", "2026-11-28", "2026-11-28 03:12",
 * "2026-11-28T03:12:04Z" (UTC), "2h", "10m ago", "@1795913989", "now". 0, or -EINVAL.
 */
int moment_parse(const char *text, uint64_t now_unix_ns, uint64_t *unix_ns);

/* Was a time of day that is still to come today taken for yesterday's? `unix_ns` is what moment_parse() made of it. */
bool moment_is_yesterdays(const char *text, uint64_t now_unix_ns, uint64_t unix_ns);

/* "2026-11-28 03:12:04". */
#define MOMENT_TEXT 32
void moment_text(char out[MOMENT_TEXT], uint64_t unix_ns);

/* The same without the date. */
void moment_text_of_day(char out[MOMENT_TEXT], uint64_t unix_ns);

#endif
