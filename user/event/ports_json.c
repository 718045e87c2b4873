// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Settings as numbers, sets of ports as text of ranges, bound sockets as objects. */
#include "event/ports_json.h"

#include <string.h>

#include "util/address.h"

static void set_json(struct json *json, const char *key, const struct port_set *set)
{
	struct buffer text;

	buffer_init(&text);
	port_set_text(&text, set);
	if (text.error)
		json->error = text.error;
	else
		json_string_sized(json, key, text.data ?: "", text.size);
	buffer_release(&text);
}

static void bound_json(struct json *json, const struct bound_socket *bound)
{
	char addr[ADDRESS_TEXT];

	address_format_mapped(addr, bound->addr);
	json_element_object_begin(json);
	json_string(json, "local_addr", addr);
	json_u64(json, "local_port", bound->port);
	json_bool(json, "listens", bound->listens);
	json_u64(json, "pid", bound->process.pid);
	json_u64(json, "ns_pid", bound->process.ns_pid);
	json_string_sized(json, "comm", bound->process.comm, strnlen(bound->process.comm, COMM_BYTES));
	json_u64(json, "start_ns", bound->process.start_ns);
	json_u64(json, "cgroup_id", bound->process.cgroup_id);
	json_object_end(json);
}

static void settings_json(struct json *json, const struct port_settings *settings)
{
	unsigned int i;

	json_array_begin(json, "ip_local_port_range");
	json_element_u64(json, settings->low);
	json_element_u64(json, settings->high);
	json_array_end(json);
	json_u64(json, "tcp_tw_reuse", settings->tw_reuse);
	json_u64(json, "tcp_tw_reuse_delay_ms", settings->tw_reuse_delay_ms);
	json_bool(json, "tcp_timestamps", settings->timestamps);
	json_u64(json, "tcp_fin_timeout_s", settings->fin_timeout_s);
	json_u64(json, "ip_local_port_step_width", settings->step_width);
	json_array_begin(json, "ways");
	for (i = 0; port_way_name(i); i++)
		if (settings->flags & 1U << i)
			json_element_string(json, port_way_name(i));
	json_array_end(json);
}

void port_facts_fields_json(struct json *json, const struct event *event)
{
	const struct port_facts *facts = event->ports;
	size_t i;

	json_string(json, "type", "ports");
	json_time(json, "time", event->unix_ns);
	json_u64(json, "netns", facts->settings.netns);
	settings_json(json, &facts->settings);
	set_json(json, "reserved", &facts->reserved);
	set_json(json, "blocked", &facts->blocked);
	set_json(json, "unavailable_beyond", &facts->beyond);
	json_array_begin(json, "bound");
	for (i = 0; i < facts->n_bound; i++)
		bound_json(json, &facts->bound[i]);
	json_array_end(json);
}
