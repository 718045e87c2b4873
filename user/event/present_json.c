// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Fields that say nothing are left out: most sockets' queues are empty, most counters 0. */
#include "event/present_json.h"

#include "event/listener.h"
#include "event/namespace_facts.h"
#include "event/present.h"

void present_fields_json(struct json *json, const struct present *present)
{
	if (present->gone) {
		json_bool(json, "gone", true);
		return;
	}
	json_u64(json, "rx_queue", present->rx_queue);
	json_u64(json, "tx_queue", present->tx_queue);
	json_u64_if_set(json, "unsent", present->unsent);
	if (present->keepalive)
		json_bool(json, "keepalive", present->keepalive == PRESENT_YES);
	json_string(json, "timer", present_timer_name(present->timer));
	json_u64_if_set(json, "retransmits", present->retransmits);
	json_u64_if_set(json, "received_ns", present->received_ns);
	json_u64_if_set(json, "sent_ns", present->sent_ns);
	json_u64_if_set(json, "queued_ns", present->queued_ns);
	if (present->listener)
		json_hex64(json, "listener", present->listener);
}

static void number_or_null(struct json *json, const char *key, uint64_t number, uint64_t null)
{
	if (number == null)
		json_null(json, key);
	else
		json_u64(json, key, number);
}

void listener_fields_json(struct json *json, const struct listener_facts *listener)
{
	if (listener->gone) {
		json_bool(json, "gone", true);
		return;
	}
	json_u64(json, "accept_queue", listener->depth);
	json_u64(json, "backlog", listener->backlog);
	number_or_null(json, "somaxconn", listener->somaxconn, 0);
	json_u64(json, "half_open", listener->half_open);
	json_u64(json, "closed_by_client", listener->closed);
	number_or_null(json, "drops", listener->drops, LISTENER_NOT_KNOWN);
	number_or_null(json, "new_drops", listener->new_drops, LISTENER_NOT_KNOWN);
	json_u64_if_set(json, "oldest_ns", listener->oldest_ns);
	if (listener->alone)
		json_bool(json, "alone", true);
}

static void counts_json(struct json *json, const char *key, const struct namespace_count *counts, unsigned int count,
			const char *(*name)(unsigned int))
{
	unsigned int i;

	json_object_begin(json, key);
	for (i = 0; i < count; i++) {
		if (counts[i].known != NS_KNOWN)
			continue;
		json_array_begin(json, name(i));
		json_element_u64(json, counts[i].total);
		json_element_u64(json, counts[i].grown);
		json_array_end(json);
	}
	json_object_end(json);
}

static void settings_json(struct json *json, const struct namespace_facts *facts)
{
	unsigned int i, j;

	json_object_begin(json, "settings");
	for (i = 0; i < NS_SETTINGS; i++) {
		const struct namespace_value *value = &facts->settings[i];

		if (value->known != NS_KNOWN)
			continue;
		json_array_begin(json, namespace_setting_name(i));
		for (j = 0; j < value->count && j < 3; j++)
			json_element_i64(json, value->value[j]);
		json_array_end(json);
	}
	json_object_end(json);
}

static void unknown_json(struct json *json, const char *name, unsigned int known)
{
	if (known != NS_KNOWN && known != NS_NOT_LOOKED)
		json_string(json, name, namespace_known_reason(known));
}

void namespace_fields_json(struct json *json, uint32_t netns, const struct namespace_facts *facts)
{
	unsigned int i;

	json_u64(json, "netns", netns);
	if (facts->is_own)
		json_bool(json, "own", true);
	if (facts->is_first)
		json_bool(json, "first", true);
	counts_json(json, "counters", facts->counters, NS_COUNTERS, namespace_counter_name);
	counts_json(json, "gauges", facts->gauges, NS_GAUGES, namespace_gauge_name);
	settings_json(json, facts);
	json_object_begin(json, "unknown");
	for (i = 0; i < NS_COUNTERS; i++)
		unknown_json(json, namespace_counter_name(i), facts->counters[i].known);
	for (i = 0; i < NS_GAUGES; i++)
		unknown_json(json, namespace_gauge_name(i), facts->gauges[i].known);
	for (i = 0; i < NS_SETTINGS; i++)
		unknown_json(json, namespace_setting_name(i), facts->settings[i].known);
	json_object_end(json);
}
