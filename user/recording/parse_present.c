// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The fields of event/present_json.c, read. */
#include "recording/parse_present.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

uint64_t recorded_number(const json_t *json, const char *key, uint64_t max)
{
	json_int_t number = json_integer_value(json_object_get(json, key));

	return number > 0 && (uint64_t)number <= max ? (uint64_t)number : 0;
}

static uint64_t known_number_of(const json_t *json, const char *key)
{
	return json_is_integer(json_object_get(json, key)) ? recorded_number(json, key, INT64_MAX) : LISTENER_NOT_KNOWN;
}

static uint64_t hex_of(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text ? strtoull(text, NULL, 16) : 0;
}

void present_parse(struct present *present, const json_t *json)
{
	const json_t *keepalive = json_object_get(json, "keepalive");

	*present = (struct present){
		.gone = json_is_true(json_object_get(json, "gone")),
		.timer = present_timer_parse(json_string_value(json_object_get(json, "timer"))),
		.retransmits = recorded_number(json, "retransmits", UINT8_MAX),
		.rx_queue = recorded_number(json, "rx_queue", UINT32_MAX),
		.tx_queue = recorded_number(json, "tx_queue", UINT32_MAX),
		.unsent = recorded_number(json, "unsent", UINT32_MAX),
		.received_ns = recorded_number(json, "received_ns", INT64_MAX),
		.sent_ns = recorded_number(json, "sent_ns", INT64_MAX),
		.queued_ns = recorded_number(json, "queued_ns", INT64_MAX),
		.listener = hex_of(json, "listener"),
	};
	if (json_is_boolean(keepalive))
		present->keepalive = json_is_true(keepalive) ? PRESENT_YES : PRESENT_NO;
}

void listener_parse(struct listener_facts *listener, const json_t *json)
{
	*listener = (struct listener_facts){
		.gone = json_is_true(json_object_get(json, "gone")),
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

void namespace_parse(struct namespace_facts *facts, const json_t *json)
{
	const json_t *unknown = json_object_get(json, "unknown");

	memset(facts, 0, sizeof(*facts));
	facts->is_own = json_is_true(json_object_get(json, "own"));
	facts->is_first = json_is_true(json_object_get(json, "first"));
	counts_parse(facts->counters, NS_COUNTERS, json_object_get(json, "counters"), unknown, namespace_counter_name);
	counts_parse(facts->gauges, NS_GAUGES, json_object_get(json, "gauges"), unknown, namespace_gauge_name);
	settings_parse(facts->settings, json_object_get(json, "settings"), unknown);
}
