// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The lines of a recording as they are written: those of `trace -j`, and what a replay needs beside them. */
#include "recording/recording.h"

#include "event/summary.h"
#include "event/transition.h"

static void begin(struct json *json, const char *type, uint64_t unix_ns, uint64_t time_ns)
{
	json_open_line(json);
	json_string(json, "type", type);
	json_time(json, "time", unix_ns);
	json_u64(json, "time_ns", time_ns);
}

void recording_header_json(struct json *json, const struct run *run, const struct recording_part *part)
{
	json_open_line(json);
	header_fields_json(json, run);
	json_u64(json, "format", part->format);
	json_u64(json, "time_ns", run->begin_ns);
	if (part->run[0])
		json_string(json, "run", part->run);
	json_u64(json, "part", part->number);
	json_bool(json, "continued", part->continued);
	if (part->with_ports)
		json_bool(json, "with_ports", true);
	json_close_line(json);
}

/* Where the line says how long it took, that says since when; a replay reads nothing from 0. */
static bool since_is_told(const struct transition *record)
{
	return (record->type == RECORD_TRANSITION || record->type == RECORD_ACCEPTED) && record->since_ns < record->time_ns;
}

/* The header tells how far both clocks are apart, and "time" is to the nanosecond. Lines with other times of that clock tell it too. */
static bool clock_is_told(const struct event *event, uint64_t unix_offset_ns)
{
	return event->record.type == RECORD_TRANSITION && since_is_told(&event->record) &&
	       event->unix_ns - event->record.time_ns == unix_offset_ns;
}

void recording_event_json(struct json *json, const struct event *event, uint64_t unix_offset_ns)
{
	const struct transition *record = &event->record;

	json->sparse = true;
	json_open_line(json);
	event_fields_json(json, event);
	if (!clock_is_told(event, unix_offset_ns))
		json_u64(json, "time_ns", record->time_ns);
	if (event->held)
		json_u64_if_set(json, "holder_start_ns", event->held->process.start_ns);
	if (!since_is_told(record))
		json_u64_if_set(json, "since_ns", record->since_ns);
	if ((record->type == RECORD_SOCKET || record->type == RECORD_PRESENT) && record->closed_by)
		json_string(json, "closed_by", closed_by_name(record->closed_by));
	json->sparse = false;
	json_close_line(json);
}

void recording_tick_json(struct json *json, const struct tick *tick)
{
	begin(json, "tick", tick->unix_ns, tick->time_ns);
	json_i64(json, "fin_wait2_timewait_now", tick->totals->fin_wait2_timewait);
	json_u64_if_set(json, "holders_seen_ns", tick->holders_seen_ns);
	json_u64_if_set(json, "present_seen_ns", tick->present_seen_ns);
	json_close_line(json);
}

void recording_untold_json(struct json *json, const struct tick *tick, uint64_t count)
{
	begin(json, "untold", tick->unix_ns, tick->time_ns);
	json_u64(json, "count", count);
	json_close_line(json);
}

void recording_withheld_json(struct json *json, const struct tick *tick, uint64_t count)
{
	begin(json, "withheld", tick->unix_ns, tick->time_ns);
	json_u64(json, "count", count);
	json_close_line(json);
}

void recording_recount_json(struct json *json, uint64_t unix_ns, uint64_t time_ns, bool begins)
{
	begin(json, "recount", unix_ns, time_ns);
	json_bool(json, "begins", begins);
	json_close_line(json);
}

void recording_health_json(struct json *json, const struct tick *tick)
{
	begin(json, "health", tick->unix_ns, tick->time_ns);
	health_json(json, tick->health);
	json_close_line(json);
}

void recording_end_json(struct json *json, const struct tick *last, const char *next)
{
	begin(json, "end", last->unix_ns, last->time_ns);
	json_i64(json, "fin_wait2_timewait_now", last->totals->fin_wait2_timewait);
	json_string(json, "next", next);
	json_close_line(json);
}
