// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events as JSON lines: the format of `trace -j` and of recordings. Names of fields are a promise to users. */
#include "show/transition.h"

#include <string.h>

#include "util/address.h"
#include "util/tcp_state.h"

#define NAMES(names) (sizeof(names) / sizeof(names[0]))

static const char *const sides[] = { NULL, "active", "passive" };
static const char *const closers[] = { NULL, "local", "remote", "both" };
static const char *const attributions[] = { "unknown", "observed", "seeded", "listener" };
static const char *const ends[] = {
	NULL, "expired", "reused", "killed", "reset_sent", "reset_received", "timeout", "aborted", "overflow",
};

static const char *name_of(const char *const *names, size_t count, unsigned int number)
{
	return number < count ? names[number] : NULL;
}

static unsigned int number_of(const char *const *names, size_t count, const char *name)
{
	unsigned int number;

	for (number = 0; name && number < count; number++)
		if (names[number] && !strcmp(names[number], name))
			return number;
	return 0;
}

const char *side_name(unsigned int side)
{
	return name_of(sides, NAMES(sides), side);
}

const char *closed_by_name(unsigned int closed_by)
{
	return name_of(closers, NAMES(closers), closed_by);
}

const char *attribution_name(unsigned int attribution)
{
	return name_of(attributions, NAMES(attributions), attribution);
}

const char *end_name(unsigned int end)
{
	return name_of(ends, NAMES(ends), end);
}

unsigned int side_parse(const char *name)
{
	return number_of(sides, NAMES(sides), name);
}

unsigned int closed_by_parse(const char *name)
{
	return number_of(closers, NAMES(closers), name);
}

unsigned int attribution_parse(const char *name)
{
	return number_of(attributions, NAMES(attributions), name);
}

unsigned int end_parse(const char *name)
{
	return number_of(ends, NAMES(ends), name);
}

static void number_or_null(struct json *json, const char *key, uint64_t number)
{
	if (number)
		json_u64(json, key, number);
	else
		json_null(json, key);
}

static void address_json(struct json *json, const char *key, const uint8_t bytes[16])
{
	struct address address = address_from_mapped(bytes);
	char text[ADDRESS_TEXT];
	size_t size = address_format(text, &address);

	json_string_sized(json, key, text, size);
}

void event_endpoint_json(struct json *json, const struct event *event)
{
	const struct endpoint *endpoint = &event->record.endpoint;

	json_u64(json, "netns", endpoint->netns);
	address_json(json, "local_addr", endpoint->local_addr);
	json_u64(json, "local_port", endpoint->local_port);
	address_json(json, "remote_addr", endpoint->remote_addr);
	json_u64(json, "remote_port", endpoint->remote_port);
	json_string(json, "side", side_name(event->record.side));
	number_or_null(json, "service_port", event_service_port(event));
}

static void process_json(struct json *json, const struct process *process, const char *pid, const char *ns_pid,
			 const char *comm)
{
	if (!process->start_ns) {
		json_null(json, pid);
		json_null(json, ns_pid);
		json_null(json, comm);
		return;
	}
	number_or_null(json, pid, process->pid);
	number_or_null(json, ns_pid, process->ns_pid);
	json_string_sized(json, comm, process->comm, strnlen(process->comm, COMM_BYTES));
}

void event_owner_json(struct json *json, const struct event *event)
{
	const struct container *container = event->container;

	process_json(json, &event->record.owner, "owner_pid", "owner_ns_pid", "owner_comm");
	process_json(json, &event->record.closer, "closer_pid", "closer_ns_pid", "closer_comm");
	json_string(json, "attribution", attribution_name(event_attribution(event)));
	json_bool(json, "in_accept_queue", event->record.flags & FLAG_IN_ACCEPT_QUEUE);
	number_or_null(json, "cgroup_id", event->cgroup_id);
	json_string(json, "cgroup", event->cgroup);
	json_string(json, "container_id", container->id[0] ? container->id : NULL);
	json_string(json, "pod_uid", container->pod_uid[0] ? container->pod_uid : NULL);
}

static const char *type_name(unsigned int type)
{
	switch (type) {
	case RECORD_CONNECT_FAILED:
		return "connect_failed";
	case RECORD_SOCKET:
		return "socket";
	}
	return "transition";
}

static void states_json(struct json *json, const struct event *event)
{
	const struct transition *record = &event->record;

	json_string(json, "old_state", tcp_state_name(record->old_state));
	json_string(json, "new_state", tcp_state_name(record->new_state));
	if (record->since_ns && record->since_ns <= record->time_ns)
		json_u64(json, "dwell_ns", record->time_ns - record->since_ns);
	else
		json_null(json, "dwell_ns");
	json_string(json, "closed_by", closed_by_name(record->closed_by));
	json_string(json, "end", end_name(record->end));
}

void event_fields_json(struct json *json, const struct event *event)
{
	const struct transition *record = &event->record;

	json_string(json, "type", type_name(record->type));
	json_time(json, "time", event->unix_ns);
	json_hex64(json, "sock", record->id);
	event_endpoint_json(json, event);
	if (record->type == RECORD_TRANSITION)
		states_json(json, event);
	else if (record->type == RECORD_SOCKET)
		json_string(json, "state", tcp_state_name(record->new_state));
	event_owner_json(json, event);
	if (record->type == RECORD_CONNECT_FAILED)
		json_string(json, "error", "EADDRNOTAVAIL");
	if (event->healed)
		json_bool(json, "healed", true);
	if (record->flags & FLAG_FIRST_SEEN)
		json_bool(json, "first_seen", true);
	if (record->flags & FLAG_TIMEWAIT)
		json_bool(json, "timewait", true);
}

void event_json(struct json *json, const struct event *event)
{
	json_object_begin(json, NULL);
	event_fields_json(json, event);
	json_object_end(json);
	json_end_line(json);
}
