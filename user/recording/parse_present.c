// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fields of event/present_json.c, read. */
#include "recording/parse_present.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static uint64_t known_number_of(const struct fields *json, const char *key)
{
	return fields_is(json, key, FIELD_INTEGER) ? recorded_number(json, key, INT64_MAX) : LISTENER_NOT_KNOWN;
}

static uint64_t hex_of(const struct fields *json, const char *key)
{
	const char *text = fields_text(json, key);

	return text ? strtoull(text, NULL, 16) : 0;
}

void present_parse(struct present *present, const struct fields *json)
{
	*present = (struct present){
		.gone = fields_is(json, "gone", FIELD_TRUE),
		.timer = present_timer_parse(fields_text(json, "timer")),
		.retransmits = recorded_number(json, "retransmits", UINT8_MAX),
		.rx_queue = recorded_number(json, "rx_queue", UINT32_MAX),
		.tx_queue = recorded_number(json, "tx_queue", UINT32_MAX),
		.unsent = recorded_number(json, "unsent", UINT32_MAX),
		.received_ns = recorded_number(json, "received_ns", INT64_MAX),
		.sent_ns = recorded_number(json, "sent_ns", INT64_MAX),
		.queued_ns = recorded_number(json, "queued_ns", INT64_MAX),
		.listener = hex_of(json, "listener"),
	};
	if (fields_is(json, "keepalive", FIELD_TRUE))
		present->keepalive = PRESENT_YES;
	else if (fields_is(json, "keepalive", FIELD_FALSE))
		present->keepalive = PRESENT_NO;
}

void listener_parse(struct listener_facts *listener, const struct fields *json)
{
	*listener = (struct listener_facts){
		.gone = fields_is(json, "gone", FIELD_TRUE),
		.alone = fields_is(json, "alone", FIELD_TRUE),
		.depth = recorded_number(json, "accept_queue", UINT32_MAX),
		.backlog = recorded_number(json, "backlog", UINT32_MAX),
		.somaxconn = recorded_number(json, "somaxconn", UINT32_MAX),
		.half_open = recorded_number(json, "half_open", UINT32_MAX),
		.closed = recorded_number(json, "closed_by_client", UINT32_MAX),
		.drops = known_number_of(json, "drops"),
		.new_drops = known_number_of(json, "new_drops"),
		.oldest_ns = recorded_number(json, "oldest_ns", INT64_MAX),
	};
}

static void counts_parse(struct namespace_count *counts, unsigned int count, const json_t *json, const json_t *unknown,
			 const char *(*name)(unsigned int))
{
	const json_t *pair;
	unsigned int i;

	for (i = 0; i < count; i++) {
		pair = json_object_get(json, name(i));
		if (json_is_array(pair)) {
			counts[i].known = NS_KNOWN;
			counts[i].total = json_integer_value(json_array_get(pair, 0));
			counts[i].grown = json_integer_value(json_array_get(pair, 1));
		} else {
			counts[i].known = namespace_known_parse(json_string_value(json_object_get(unknown, name(i))));
		}
	}
}

static void settings_parse(struct namespace_value *values, const json_t *json, const json_t *unknown)
{
	const json_t *list;
	unsigned int i, j;

	for (i = 0; i < NS_SETTINGS; i++) {
		list = json_object_get(json, namespace_setting_name(i));
		if (!json_is_array(list)) {
			values[i].known = namespace_known_parse(json_string_value(json_object_get(unknown, namespace_setting_name(i))));
			continue;
		}
		values[i].known = NS_KNOWN;
		for (j = 0; j < json_array_size(list) && j < 3; j++)
			values[i].value[values[i].count++] = json_integer_value(json_array_get(list, j));
	}
}

void namespace_parse(struct namespace_facts *facts, const struct fields *json)
{
	const json_t *unknown = fields_tree(json, "unknown");

	memset(facts, 0, sizeof(*facts));
	facts->is_own = fields_is(json, "own", FIELD_TRUE);
	facts->is_first = fields_is(json, "first", FIELD_TRUE);
	counts_parse(facts->counters, NS_COUNTERS, fields_tree(json, "counters"), unknown, namespace_counter_name);
	counts_parse(facts->gauges, NS_GAUGES, fields_tree(json, "gauges"), unknown, namespace_gauge_name);
	settings_parse(facts->settings, fields_tree(json, "settings"), unknown);
}
