// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Fields to events. A field that is missing or of another type counts as 0 or not known. */
#include "recording/parse.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attribute/container.h"
#include "event/names.h"
#include "event/port_facts.h"
#include "recording/parse_present.h"
#include "util/address.h"
#include "util/tcp_state.h"

#define NSEC_PER_SEC 1000000000ULL
#define SECONDS_MAX (366 * 86400) /* more was not measured */
#define TIME_TEXT 30 /* "2026-11-20T09:00:00.123456789Z" */

/* In nanoseconds; 0 for what no clock of ours would have told. */
static uint64_t seconds_of(const struct fields *json, const char *key)
{
	double seconds = fields_number(json, key);

	return seconds > 0 && seconds < SECONDS_MAX ? seconds * NSEC_PER_SEC : 0;
}

static const char *text_of(const struct fields *json, const char *key)
{
	return fields_text(json, key);
}

static bool is_true(const struct fields *json, const char *key)
{
	return fields_is(json, key, FIELD_TRUE);
}

/* `count` digits; -1 when there is anything else. */
static int digits(const char *text, int count)
{
	int value = 0;

	for (; count; count--, text++) {
		if (*text < '0' || *text > '9')
			return -1;
		value = value * 10 + *text - '0';
	}
	return value;
}

/* Nanoseconds since 1970 from the one form that we write; 0 for any other. */
static uint64_t time_of(const struct fields *json)
{
	const char *text = text_of(json, "time");
	struct tm tm = {};
	time_t second;
	int ns;

	if (!text || strlen(text) != TIME_TEXT || text[19] != '.' || text[29] != 'Z')
		return 0;
	tm.tm_year = digits(text, 4) - 1900;
	tm.tm_mon = digits(text + 5, 2) - 1;
	tm.tm_mday = digits(text + 8, 2);
	tm.tm_hour = digits(text + 11, 2);
	tm.tm_min = digits(text + 14, 2);
	tm.tm_sec = digits(text + 17, 2);
	ns = digits(text + 20, 9);
	if (tm.tm_year < 70 || tm.tm_year > 400 || tm.tm_mon < 0 || tm.tm_mday < 0 || tm.tm_hour < 0 || tm.tm_min < 0 ||
	    tm.tm_sec < 0 || ns < 0)
		return 0;
	second = timegm(&tm);
	return second > 0 ? second * NSEC_PER_SEC + ns : 0;
}

static void addr_of(const struct fields *json, const char *key, uint8_t bytes[16])
{
	static const uint8_t any_ipv4[16] = { [10] = 0xff, 0xff };
	const char *text = text_of(json, key);
	struct address address;

	if (text && !address_parse(text, &address))
		address_to_mapped(&address, bytes);
	else
		memcpy(bytes, any_ipv4, sizeof(any_ipv4));
}

static void endpoint_parse(struct endpoint *endpoint, const struct fields *json)
{
	endpoint->netns = recorded_number(json, "netns", UINT32_MAX);
	addr_of(json, "local_addr", endpoint->local_addr);
	endpoint->local_port = recorded_number(json, "local_port", UINT16_MAX);
	addr_of(json, "remote_addr", endpoint->remote_addr);
	endpoint->remote_port = recorded_number(json, "remote_port", UINT16_MAX);
}

/* A byte that was no UTF-8 was written as U+FFFD; one such byte is put back for each, so that all output is the same. */
static void comm_parse(char comm[COMM_BYTES], const char *text)
{
	size_t used = 0;

	while (*text && used < COMM_BYTES - 1) {
		bool replaced = !strncmp(text, "\xef\xbf\xbd", 3);

		comm[used++] = replaced ? '\xff' : *text;
		text += replaced ? 3 : 1;
	}
}

struct process_keys {
	const char *pid, *ns_pid, *comm, *start_ns, *cgroup_id;
};

static const struct process_keys owner_keys = { "owner_pid", "owner_ns_pid", "owner_comm", "owner_start_ns", "owner_cgroup_id" };
static const struct process_keys closer_keys = { "closer_pid", "closer_ns_pid", "closer_comm", "closer_start_ns",
						 "closer_cgroup_id" };
static const struct process_keys holder_keys = { "holder_pid", "holder_ns_pid", "holder_comm", "holder_start_ns", "cgroup_id" };

/* Without a start time a pid names the process alone. */
static void process_parse(struct process *process, const struct fields *json, const struct process_keys *keys, uint64_t cgroup_id)
{
	const char *comm = text_of(json, keys->comm);

	process->pid = recorded_number(json, keys->pid, INT32_MAX);
	process->ns_pid = recorded_number(json, keys->ns_pid, INT32_MAX);
	process->start_ns = recorded_number(json, keys->start_ns, INT64_MAX);
	if (!process->start_ns && (process->pid || process->ns_pid))
		process->start_ns = 1;
	if (!process->start_ns)
		return;
	process->cgroup_id = recorded_number(json, keys->cgroup_id, INT64_MAX) ?: cgroup_id;
	if (comm)
		comm_parse(process->comm, comm);
}

static uint64_t id_of(const struct fields *json)
{
	const char *text = text_of(json, "sock");
	uint64_t id = 0;
	int i;

	if (!text || strspn(text, "0123456789abcdef") != 16 || text[16])
		return 0;
	for (i = 0; i < 16; i++)
		id = id << 4 | (text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10);
	return id;
}

static int state_of(const struct fields *json, const char *key)
{
	const char *text = text_of(json, key);

	return text ? tcp_state_parse(text) : -EINVAL;
}

/* null: polling found the socket in its state, and no one saw it before. */
static int old_state_of(const struct fields *json)
{
	return fields_is(json, "old_state", FIELD_NULL) ? 0 : state_of(json, "old_state");
}

/* The states that a record of this type is about. */
static int states_parse(struct transition *record, const struct fields *json)
{
	int old_state = STATE_SYN_SENT, new_state = STATE_CLOSE;

	if (record->type == RECORD_TRANSITION) {
		old_state = old_state_of(json);
		new_state = state_of(json, "new_state");
	} else if (record->type == RECORD_SOCKET || record->type == RECORD_LOCAL_PORT || record->type == RECORD_PRESENT ||
		   record->type == RECORD_LISTENER || record->type == RECORD_ACCEPTED) {
		old_state = new_state = state_of(json, "state");
	}
	if (old_state < 0 || new_state < 0)
		return -EINVAL;
	record->old_state = old_state;
	record->new_state = new_state;
	return 0;
}

static void container_parse(struct event *event, struct container *container, const struct fields *json)
{
	const char *id = text_of(json, "container_id"), *pod = text_of(json, "pod_uid");

	event->cgroup_id = recorded_number(json, "cgroup_id", INT64_MAX);
	event->cgroup = text_of(json, "cgroup");
	event->container = container;
	container_from_cgroup(event->cgroup, container);
	if (id && strlen(id) < sizeof(container->id))
		strcpy(container->id, id);
	if (pod && strlen(pod) < sizeof(container->pod_uid))
		strcpy(container->pod_uid, pod);
	container->pod = text_of(json, "pod");
	container->namespace = text_of(json, "namespace");
	container->name = text_of(json, "container");
}

static void flags_parse(struct event *event, const struct fields *json)
{
	if (is_true(json, "in_accept_queue"))
		event->record.flags |= FLAG_IN_ACCEPT_QUEUE;
	if (is_true(json, "timewait"))
		event->record.flags |= FLAG_TIMEWAIT;
	if (is_true(json, "first_seen"))
		event->record.flags |= FLAG_FIRST_SEEN;
	if (fields_is(json, "timestamps", FIELD_FALSE))
		event->record.flags |= FLAG_NO_TIMESTAMPS;
	event->healed = is_true(json, "healed");
}

/* The first and the last port of a range; 0, 0 where it is none. */
static void range_parse(const struct fields *json, uint16_t *low, uint16_t *high)
{
	const json_t *range = fields_tree(json, "ip_local_port_range");
	json_int_t first = json_integer_value(json_array_get(range, 0)), last = json_integer_value(json_array_get(range, 1));

	*low = first > 0 && first <= UINT16_MAX ? first : 0;
	*high = last > 0 && last <= UINT16_MAX ? last : 0;
}

static void ports_of_socket_parse(struct transition *record, const struct fields *json)
{
	uint16_t low, high;

	range_parse(json, &low, &high);
	record->own_range = low | (uint32_t)high << 16;
	record->search_ns = recorded_number(json, "port_search_ns", UINT32_MAX);
	record->device = recorded_number(json, "ifindex", INT32_MAX);
}

/* Who has the socket: the line says nothing else. */
static void held_parse(struct recorded *recorded)
{
	const struct fields *json = recorded->fields;
	struct held *held = &recorded->held;

	process_parse(&held->process, json, &holder_keys, recorded->event.cgroup_id);
	held->count = recorded_number(json, "holders", UINT32_MAX);
	held->fd = fields_is(json, "fd", FIELD_INTEGER) ? (int32_t)recorded_number(json, "fd", INT32_MAX) : -1;
	held->queued = is_true(json, "in_accept_queue");
	recorded->event.held = held;
}

static void settings_parse(struct port_settings *settings, const struct fields *json)
{
	const json_t *ways = fields_tree(json, "ways"), *way;
	unsigned int flag;
	size_t i;

	settings->netns = recorded_number(json, "netns", UINT32_MAX);
	range_parse(json, &settings->low, &settings->high);
	settings->tw_reuse = recorded_number(json, "tcp_tw_reuse", 2);
	settings->tw_reuse_delay_ms = recorded_number(json, "tcp_tw_reuse_delay_ms", UINT32_MAX);
	settings->timestamps = is_true(json, "tcp_timestamps");
	settings->fin_timeout_s = recorded_number(json, "tcp_fin_timeout_s", UINT32_MAX);
	settings->step_width = recorded_number(json, "ip_local_port_step_width", UINT32_MAX);
	json_array_foreach(ways, i, way)
		for (flag = 0; port_way_name(flag); flag++)
			if (json_is_string(way) && !strcmp(json_string_value(way), port_way_name(flag)))
				settings->flags |= 1U << flag;
}

static void bound_parse(struct bound_socket *bound, const struct fields *json)
{
	static const struct process_keys keys = { "pid", "ns_pid", "comm", "start_ns", "cgroup_id" };

	addr_of(json, "local_addr", bound->addr);
	bound->port = recorded_number(json, "local_port", UINT16_MAX);
	bound->listens = is_true(json, "listens");
	process_parse(&bound->process, json, &keys, 0);
}

/* A namespace's ports. */
static int ports_parse(struct recorded *recorded)
{
	const struct fields *json = recorded->fields;
	const json_t *list = fields_tree(json, "bound");
	struct port_facts *facts = calloc(1, sizeof(*facts));
	struct bound_socket *bound;
	size_t i, n = json_array_size(list);

	recorded->ports = facts;
	if (!facts)
		return -ENOMEM;
	settings_parse(&facts->settings, json);
	if (!facts->settings.netns || facts->settings.low > facts->settings.high ||
	    port_set_parse(&facts->reserved, text_of(json, "reserved")) || port_set_parse(&facts->blocked, text_of(json, "blocked")) ||
	    port_set_parse(&facts->beyond, text_of(json, "unavailable_beyond")))
		return -EINVAL;
	facts->bound = bound = n ? calloc(n, sizeof(*bound)) : NULL;
	for (i = 0; bound && i < n; i++) {
		struct fields *fields = fields_of(json_array_get(list, i));

		if (!fields)
			return -ENOMEM;
		bound_parse(&bound[i], fields);
		fields_free(fields);
	}
	facts->n_bound = bound ? n : 0;
	recorded->event.ports = facts;
	return 0;
}

/* What looks at all sockets found. */
static void looks_parse(struct recorded *recorded, uint32_t type)
{
	struct event *event = &recorded->event;

	if (type == RECORD_PRESENT) {
		present_parse(&recorded->present, recorded->fields);
		event->present = &recorded->present;
	} else if (type == RECORD_LISTENER) {
		listener_parse(&recorded->listener, recorded->fields);
		event->listener = &recorded->listener;
	} else if (type == RECORD_NAMESPACE) {
		namespace_parse(&recorded->namespace, recorded->fields);
		event->namespace = &recorded->namespace;
	}
}

static int event_parse(struct recorded *recorded, uint32_t type)
{
	struct event *event = &recorded->event;
	struct transition *record = &event->record;
	const struct fields *json = recorded->fields;

	record->type = type;
	if (states_parse(record, json))
		return -EINVAL;
	record->id = id_of(json);
	record->time_ns = recorded->time_ns;
	event->unix_ns = recorded->unix_ns;
	record->since_ns = recorded_number(json, "since_ns", INT64_MAX);
	recorded->dwell_ns = recorded_number(json, type == RECORD_ACCEPTED ? "accept_wait_ns" : "dwell_ns", INT64_MAX);
	if (!record->since_ns && recorded->dwell_ns && recorded->dwell_ns < record->time_ns)
		record->since_ns = record->time_ns - recorded->dwell_ns;
	record->side = side_parse(text_of(json, "side"));
	record->closed_by = closed_by_parse(text_of(json, "closed_by"));
	record->end = end_parse(text_of(json, "end"));
	record->attribution = attribution_parse(text_of(json, "owner_attribution") ?: text_of(json, "attribution"));
	record->socket_cgroup_id = recorded_number(json, "socket_cgroup_id", INT64_MAX);
	if (type == RECORD_CONNECT_FAILED)
		record->error = connect_error_parse(text_of(json, "error"));
	event->program = text_of(json, "program");
	event->cmdline = text_of(json, "cmdline");
	flags_parse(event, json);
	ports_of_socket_parse(record, json);
	endpoint_parse(&record->endpoint, json);
	container_parse(event, &recorded->container, json);
	if (type == RECORD_HOLDER) {
		held_parse(recorded);
		return 0;
	}
	if (type == RECORD_PORTS)
		return ports_parse(recorded);
	looks_parse(recorded, type);
	process_parse(&record->owner, json, &owner_keys, event->cgroup_id);
	process_parse(&record->closer, json, &closer_keys, event->cgroup_id);
	return 0;
}

static int header_parse(struct recorded *recorded)
{
	const struct fields *json = recorded->fields;
	const json_t *hooks = fields_tree(json, "hooks");
	struct run *run = &recorded->run;
	int fact;

	run->version = text_of(json, "version");
	if (!run->version || !json_is_object(hooks))
		return -EINVAL;
	run->kernel = text_of(json, "kernel");
	run->host = text_of(json, "host");
	run->boot = text_of(json, "boot");
	run->netns = recorded_number(json, "netns", UINT32_MAX);
	run->polled = text_of(json, "source") && !strcmp(text_of(json, "source"), source_name(true));
	run->recorded = true;
	run->begin_ns = recorded->time_ns;
	run->begin_unix_ns = recorded->unix_ns;
	for (fact = 0; fact < FACTS; fact++)
		run->hooks[fact] = json_string_value(json_object_get(hooks, fact_name(fact)));
	recorded->format = recorded_number(json, "format", INT64_MAX);
	recorded->part = recorded_number(json, "part", INT64_MAX);
	recorded->continued = is_true(json, "continued");
	recorded->with_ports = is_true(json, "with_ports");
	snprintf(recorded->run_name, sizeof(recorded->run_name), "%s", text_of(json, "run") ?: "");
	return 0;
}

static void health_parse(struct recorded *recorded)
{
	const char *name;
	uint64_t *counter;
	size_t i;

	for (i = 0; (counter = health_counter(&recorded->health, i, &name)); i++)
		*counter = recorded_number(recorded->fields, name, INT64_MAX);
}

static const struct {
	const char *name;
	enum recorded_type type;
	uint32_t record; /* of events */
} types[] = {
	{ "transition", RECORDED_EVENT, RECORD_TRANSITION },
	{ "socket", RECORDED_EVENT, RECORD_SOCKET },
	{ "connect_failed", RECORDED_EVENT, RECORD_CONNECT_FAILED },
	{ "local_port", RECORDED_EVENT, RECORD_LOCAL_PORT },
	{ "bind_failed", RECORDED_EVENT, RECORD_BIND_FAILED },
	{ "accepted", RECORDED_EVENT, RECORD_ACCEPTED },
	{ "holder", RECORDED_EVENT, RECORD_HOLDER },
	{ "ports", RECORDED_EVENT, RECORD_PORTS },
	{ "present", RECORDED_EVENT, RECORD_PRESENT },
	{ "listener", RECORDED_EVENT, RECORD_LISTENER },
	{ "namespace", RECORDED_EVENT, RECORD_NAMESPACE },
	{ "untold", RECORDED_UNTOLD },
	{ "withheld", RECORDED_WITHHELD },
	{ "recount", RECORDED_RECOUNT },
	{ "tick", RECORDED_TICK },
	{ "header", RECORDED_HEADER },
	{ "health", RECORDED_HEALTH },
	{ "summary", RECORDED_SUMMARY },
	{ "end", RECORDED_END },
};

static int line_parse(struct recorded *recorded)
{
	const char *type = text_of(recorded->fields, "type");
	size_t i = 0, count = sizeof(types) / sizeof(types[0]);

	if (!type)
		return -EINVAL;
	while (i < count && strcmp(types[i].name, type))
		i++;
	if (i == count)
		return 0;
	recorded->type = types[i].type;
	recorded->time_ns = recorded_number(recorded->fields, "time_ns", INT64_MAX);
	recorded->unix_ns = time_of(recorded->fields);
	recorded->fin_wait2_timewait = recorded_number(recorded->fields, "fin_wait2_timewait_now", INT32_MAX);
	recorded->count = recorded_number(recorded->fields, "count", INT64_MAX);
	recorded->begins = is_true(recorded->fields, "begins");
	recorded->holders_seen_ns = recorded_number(recorded->fields, "holders_seen_ns", INT64_MAX);
	recorded->present_seen_ns = recorded_number(recorded->fields, "present_seen_ns", INT64_MAX);
	recorded->holders_check_ns = seconds_of(recorded->fields, "holders_check_s");
	recorded->next = text_of(recorded->fields, "next");
	switch (recorded->type) {
	case RECORDED_EVENT:
		return event_parse(recorded, types[i].record);
	case RECORDED_HEADER:
		return header_parse(recorded);
	case RECORDED_HEALTH:
	case RECORDED_SUMMARY:
		health_parse(recorded);
		return 0;
	default:
		return 0;
	}
}

int recorded_parse_by(struct recorded *recorded, const char *text, size_t size, enum fields_way way)
{
	int err;

	memset(recorded, 0, sizeof(*recorded));
	err = fields_new(&recorded->fields, text, size, way);
	if (!err)
		err = line_parse(recorded);
	if (err)
		recorded_release(recorded);
	return err;
}

int recorded_parse(struct recorded *recorded, const char *text, size_t size)
{
	return recorded_parse_by(recorded, text, size, FIELDS_QUICKLY);
}

struct reach_begin recorded_begin(const struct recorded *header)
{
	const struct run *run = &header->run;

	return (struct reach_begin){ reach_name(run->boot), reach_name(run->host), run->netns, run->begin_unix_ns, run->begin_ns };
}

void recorded_release(struct recorded *recorded)
{
	fields_free(recorded->fields);
	recorded->fields = NULL;
	if (recorded->ports)
		free((void *)recorded->ports->bound);
	free(recorded->ports);
	recorded->ports = NULL;
}
