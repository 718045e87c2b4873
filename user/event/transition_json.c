// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events as JSON lines: the format of `trace -j` and of recordings. Names of fields are a promise to users. */
#include "event/transition.h"

#include "event/json_pieces.h"
#include "event/owner_json.h"
#include "event/ports_json.h"
#include "event/present_json.h"
#include "util/address.h"
#include "util/tcp_state.h"

/* Names are shorter than 20 bytes, and KEPT_BYTES are written of each. */
#define ENDPOINT_ROOM 344

static char *format_endpoint(char *at, const struct event *event)
{
	static struct kept_name kept_sides[SIDE_PASSIVE + 1];
	const struct endpoint *endpoint = &event->record.endpoint;

	at = PUT(at, "\"netns\":");
	at = put_number(at, endpoint->netns);
	at = PUT(at, ",\"local_addr\":\"");
	at += address_format_mapped(at, endpoint->local_addr);
	at = PUT(at, "\",\"local_port\":");
	at = put_number(at, endpoint->local_port);
	at = PUT(at, ",\"remote_addr\":\"");
	at += address_format_mapped(at, endpoint->remote_addr);
	at = PUT(at, "\",\"remote_port\":");
	at = put_number(at, endpoint->remote_port);
	at = PUT(at, ",\"side\":");
	at = PUT_KEPT(at, kept_sides, side_name, event->record.side);
	at = PUT(at, ",\"service_port\":");
	return put_number_or_null(at, event_service_port(event));
}

void event_endpoint_json(struct json *json, const struct event *event)
{
	char *at = json_fields_begin(json, ENDPOINT_ROOM);

	if (at)
		json_fields_end(json, format_endpoint(at, event));
}

#define CONNECTION_ROOM (ENDPOINT_ROOM + JSON_HEX64 + 16)

/* Which connection it is, and its ends. */
static char *format_connection(char *at, const struct event *event)
{
	at = PUT(at, "\"sock\":\"");
	at = json_hex64_text(at, event->record.id);
	return format_endpoint(PUT(at, "\","), event);
}

/* A short connection has ten lines within a moment, five for each end: remembers how each was written last. */
static inline char *put_connection(char *at, const struct event *event)
{
	static struct connection_text {
		uint64_t id;
		struct endpoint endpoint;
		uint8_t side;
		uint16_t size; /* 0 = nothing is remembered here */
		char text[CONNECTION_ROOM];
	} texts[128];
	const struct transition *record = &event->record;
	struct connection_text *known = &texts[record->id % NAMES(texts)];

	if (known->id != record->id || !known->size || known->side != record->side || !endpoint_equals(&known->endpoint, &record->endpoint)) {
		known->id = record->id;
		known->endpoint = record->endpoint;
		known->side = record->side;
		known->size = format_connection(known->text, event) - known->text;
	}
	return put_bytes(at, known->text, known->size);
}

static const char *type_name(unsigned int type)
{
	switch (type) {
	case RECORD_CONNECT_FAILED:
		return "connect_failed";
	case RECORD_BIND_FAILED:
		return "bind_failed";
	case RECORD_ACCEPTED:
		return "accepted";
	case RECORD_SOCKET:
		return "socket";
	case RECORD_LOCAL_PORT:
		return "local_port";
	case RECORD_HOLDER:
		return "holder";
	case RECORD_PRESENT:
		return "present";
	case RECORD_LISTENER:
		return "listener";
	case RECORD_NAMESPACE:
		return "namespace";
	}
	return "transition";
}

#define STATES_ROOM (STATES_BYTES + 160)

/* The key with its value begins; else it is null. */
#define PUT_KEY(at, key, known) ((known) ? PUT(at, ",\"" key "\":") : PUT(at, ",\"" key "\":null"))

static bool dwell_is_known(const struct transition *record)
{
	return record->since_ns && record->since_ns <= record->time_ns;
}

/* 0: it had none. */
static const char *old_state_name(unsigned int state)
{
	return state ? tcp_state_name(state) : NULL;
}

static char *format_states(char *at, unsigned int old_state, unsigned int new_state)
{
	at = put_name(PUT(at, ",\"old_state\":"), old_state_name(old_state));
	return put_name(PUT(at, ",\"new_state\":"), tcp_state_name(new_state));
}

#define STATES_BYTES 64

/* Remembers how each change of states is written. All STATES_BYTES are written: there must be room for them. */
static inline char *put_old_and_new(char *at, const struct transition *record)
{
	static struct states_text {
		uint8_t size; /* 0 = not written yet */
		char text[STATES_BYTES];
	} texts[STATE_COUNT][STATE_COUNT];
	struct states_text *known;

	if (record->old_state >= STATE_COUNT || record->new_state >= STATE_COUNT)
		return format_states(at, record->old_state, record->new_state);
	known = &texts[record->old_state][record->new_state];
	if (!known->size)
		known->size = format_states(known->text, record->old_state, record->new_state) - known->text;
	memcpy(at, known->text, STATES_BYTES);
	return at + known->size;
}

static inline char *put_closed_by(char *at, const struct transition *record)
{
	static struct kept_name kept_closers[CLOSED_BY_BOTH + 1];

	return PUT_KEPT(at, kept_closers, closed_by_name, record->closed_by);
}

static inline char *put_end(char *at, const struct transition *record)
{
	static struct kept_name kept_ends[END_OVERFLOW + 1];

	return PUT_KEPT(at, kept_ends, end_name, record->end);
}

static char *put_states(char *at, const struct transition *record)
{
	at = put_old_and_new(at, record);
	at = PUT_KEY(at, "dwell_ns", dwell_is_known(record));
	if (dwell_is_known(record))
		at = put_number(at, record->time_ns - record->since_ns);
	at = PUT_KEY(at, "closed_by", record->closed_by);
	if (record->closed_by)
		at = put_closed_by(at, record);
	at = PUT_KEY(at, "end", record->end);
	return record->end ? put_end(at, record) : at;
}

#define HEAD_ROOM 96

static inline char *put_head(char *at, struct json *json, const struct event *event)
{
	static struct kept_name kept_types[RECORD_NAMESPACE + 1];

	if (event->record.type == RECORD_TRANSITION) {
		at = PUT(at, "\"type\":\"transition\"");
	} else {
		at = PUT(at, "\"type\":");
		at = PUT_KEPT(at, kept_types, type_name, event->record.type);
	}
	at = PUT(at, ",\"time\":\"");
	at = json_time_text(json, at, event->unix_ns);
	return PUT(at, "\",");
}

/* What every line has that is its own: all but who owns and who closed. */
static void own_fields_json(struct json *json, const struct event *event)
{
	const struct transition *record = &event->record;
	char *at = json_fields_begin(json, HEAD_ROOM + CONNECTION_ROOM + STATES_ROOM);

	if (!at)
		return;
	at = put_head(at, json, event);
	at = put_connection(at, event);
	if (record->type == RECORD_TRANSITION) {
		at = put_states(at, record);
	} else if (record->type == RECORD_SOCKET || record->type == RECORD_LOCAL_PORT || record->type == RECORD_PRESENT ||
		   record->type == RECORD_LISTENER || record->type == RECORD_ACCEPTED) {
		at = PUT(at, ",\"state\":");
		at = put_name(at, tcp_state_name(record->new_state));
	}
	json_fields_end(json, at);
}

/* Of most it is not told who has them: no state lasts. */
static void users_json(struct json *json, const struct event *event)
{
	static const char nobody[] = "\"holder_pid\":null,\"holder_ns_pid\":null,\"holder_comm\":null";
	char *at;

	if (event->holder) {
		event_process_json(json, event->holder, "holder_pid", "holder_ns_pid", "holder_comm");
	} else if (!json->sparse) {
		at = json_fields_begin(json, sizeof(nobody));
		if (at)
			json_fields_end(json, PUT(at, nobody));
	}
	if (!json->sparse)
		event_program_json(json, event);
}

/* Nothing of the connection itself: who has its descriptor, and where that process belongs. */
static void holder_fields_json(struct json *json, const struct event *event)
{
	const struct held *held = event->held;
	char *at = json_fields_begin(json, HEAD_ROOM);

	if (at)
		json_fields_end(json, put_head(at, json, event) - 1);
	json_hex64(json, "sock", event->record.id);
	event_process_json(json, &held->process, "holder_pid", "holder_ns_pid", "holder_comm");
	json_u64(json, "holders", held->count);
	if (held->fd < 0)
		json_null(json, "fd");
	else
		json_u64(json, "fd", held->fd);
	json_bool(json, "in_accept_queue", held->queued);
	event_program_json(json, event);
	event_cgroup_json(json, event);
}

/* What a line has only where it concerns local ports. */
static void port_fields_json(struct json *json, const struct transition *record)
{
	if (record->search_ns)
		json_u64(json, "port_search_ns", record->search_ns);
	if (record->own_range) {
		json_array_begin(json, "ip_local_port_range");
		json_element_u64(json, record->own_range & 0xffff);
		json_element_u64(json, record->own_range >> 16);
		json_array_end(json);
	}
	if (record->device)
		json_u64(json, "ifindex", record->device);
	if (record->flags & FLAG_NO_TIMESTAMPS)
		json_bool(json, "timestamps", false);
}

/* null: accept() was not seen, or it waited already when we began. */
static void accept_wait_json(struct json *json, const struct transition *record)
{
	if (dwell_is_known(record))
		json_u64(json, "accept_wait_ns", record->time_ns - record->since_ns);
	else
		json_null(json, "accept_wait_ns");
}

static void namespace_event_fields_json(struct json *json, const struct event *event)
{
	json_string(json, "type", type_name(event->record.type));
	json_time(json, "time", event->unix_ns);
	namespace_fields_json(json, event->record.endpoint.netns, event->namespace);
}

/* What few lines have, of any type. */
static void seldom_fields_json(struct json *json, const struct event *event)
{
	const struct transition *record = &event->record;

	if (event->healed)
		json_bool(json, "healed", true);
	if (record->flags & FLAG_FIRST_SEEN)
		json_bool(json, "first_seen", true);
	if (record->flags & FLAG_TIMEWAIT && !(json->sparse && record->type == RECORD_TRANSITION))
		json_bool(json, "timewait", true);
	port_fields_json(json, record);
}

#define SPARSE_STATES_ROOM (STATES_ROOM + 32)

/* What is as it was in the last line of the connection, and then what is not. */
static char *put_sparse_states(char *at, const struct transition *record)
{
	if (record->flags & FLAG_TIMEWAIT)
		at = PUT(at, ",\"timewait\":true");
	if (record->closed_by)
		at = put_closed_by(PUT(at, ",\"closed_by\":"), record);
	at = put_old_and_new(at, record);
	if (record->end)
		at = put_end(PUT(at, ",\"end\":"), record);
	return dwell_is_known(record) ? put_number(PUT(at, ",\"dwell_ns\":"), record->time_ns - record->since_ns) : at;
}

static char *put_holder(char *at, struct json *json, const struct event *event)
{
	json_fields_end(json, at);
	event_process_json(json, event->holder, "holder_pid", "holder_ns_pid", "holder_comm");
	return buffer_reserve(&json->buffer, SPARSE_STATES_ROOM);
}

/*
 * A transition of a recording. What changes in the life of a connection comes behind what stays: all up to there is one piece of its
 * last line for whoever compresses it.
 */
static void sparse_transition_json(struct json *json, const struct event *event)
{
	size_t size;
	const char *owner = event_owner_text(event, true, &size);
	char *at = owner ? json_fields_begin(json, HEAD_ROOM + CONNECTION_ROOM + size + SPARSE_STATES_ROOM) : NULL;

	if (at) {
		at = put_head(at, json, event);
		at = PUT(put_connection(at, event), ",");
		at = put_bytes(at, owner, size);
		if (event->holder)
			at = put_holder(at, json, event);
	}
	if (!at) {
		buffer_fail(&json->buffer);
		return;
	}
	json_fields_end(json, put_sparse_states(at, &event->record));
	seldom_fields_json(json, event);
}

/* Any other event, and where nothing is left out. */
static void all_fields_json(struct json *json, const struct event *event)
{
	const struct transition *record = &event->record;

	own_fields_json(json, event);
	event_owner_json(json, event);
	if (event->present)
		present_fields_json(json, event->present);
	if (event->listener)
		listener_fields_json(json, event->listener);
	if (event_tells_users(event))
		users_json(json, event);
	if (record->type == RECORD_CONNECT_FAILED)
		json_string(json, "error", connect_error_name(record->error));
	if (record->type == RECORD_BIND_FAILED)
		json_string(json, "error", "EADDRINUSE");
	if (record->type == RECORD_ACCEPTED)
		accept_wait_json(json, record);
	seldom_fields_json(json, event);
}

void event_fields_json(struct json *json, const struct event *event)
{
	if (json->sparse && event->record.type == RECORD_TRANSITION)
		sparse_transition_json(json, event);
	else if (event->held)
		holder_fields_json(json, event);
	else if (event->ports)
		port_facts_fields_json(json, event);
	else if (event->namespace)
		namespace_event_fields_json(json, event);
	else
		all_fields_json(json, event);
}

void event_json(struct json *json, const struct event *event)
{
	json_object_begin(json, NULL);
	event_fields_json(json, event);
	json_object_end(json);
	json_end_line(json);
}
