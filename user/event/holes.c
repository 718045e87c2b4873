// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Few are named, all are counted. */
#include "event/holes.h"

#include <stdio.h>
#include <string.h>

#include "event/event.h"
#include "util/moment.h"
#include "util/number.h"

#define SECONDS_MIN 1e-6

#define TEXT_NAMED 3

void holes_add(struct holes *holes, uint64_t begin_ns, uint64_t end_ns)
{
	if (holes->count < HOLES_NAMED)
		holes->list[holes->count] = (struct hole){ begin_ns, end_ns };
	holes->last = (struct hole){ begin_ns, end_ns };
	holes->count++;
	holes->ns += end_ns - begin_ns;
}

bool holes_has(const struct holes *holes, uint64_t unix_ns)
{
	return holes->count && unix_ns > holes->last.begin_ns && unix_ns < holes->last.end_ns;
}

uint64_t holes_until(const struct holes *holes, uint64_t unix_ns)
{
	uint64_t to_come_ns;

	if (!holes || !holes->count)
		return 0;
	to_come_ns = holes->last.end_ns > unix_ns ? holes->last.end_ns - unix_ns : 0;
	return holes->ns > to_come_ns ? holes->ns - to_come_ns : 0;
}

double holes_seconds_of(const struct tick *tick, uint64_t begin_ns, uint64_t *holes_ns)
{
	uint64_t before_ns = *holes_ns;
	double seconds;

	*holes_ns = holes_until(tick->holes, tick->unix_ns);
	seconds = elapsed_ns(elapsed_ns(tick->time_ns, begin_ns), elapsed_ns(*holes_ns, before_ns)) / 1e9;
	return seconds < SECONDS_MIN ? SECONDS_MIN : seconds;
}

size_t holes_text(char out[HOLES_TEXT], const char *what, const struct holes *holes)
{
	char from[MOMENT_TEXT], to[MOMENT_TEXT];
	size_t used = 0, i;

	out[0] = '\0';
	for (i = 0; i < holes->count && i < TEXT_NAMED; i++) {
		moment_text(from, holes->list[i].begin_ns);
		moment_text(to, holes->list[i].end_ns);
		used += snprintf(out + used, HOLES_TEXT - used, "%s %s to %s", i ? "," : what, from,
				 strncmp(from, to, 10) ? to : to + 11);
	}
	if (holes->count > TEXT_NAMED)
		used += snprintf(out + used, HOLES_TEXT - used, ", and %llu times more", (unsigned long long)holes->count - TEXT_NAMED);
	return used;
}

void holes_json(struct json *json, const struct holes *holes)
{
	size_t i;

	if (!holes->count)
		return;
	json_f64(json, "not_traced_s", holes->ns / 1e9, 3);
	json_array_begin(json, "not_traced");
	for (i = 0; i < holes->count && i < HOLES_NAMED; i++) {
		json_element_object_begin(json);
		json_time(json, "begin", holes->list[i].begin_ns);
		json_time(json, "end", holes->list[i].end_ns);
		json_object_end(json);
	}
	json_array_end(json);
}
