// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who owns and who closed, in lines of JSON. */
#include "event/owner_json.h"

#include <string.h>

#include "event/json_pieces.h"
#include "event/owner_memo.h"
#include "event/transition.h"

static void number_or_null(struct json *json, const char *key, uint64_t number)
{
	if (number)
		json_u64(json, key, number);
	else
		json_null(json, key);
}

void event_process_json(struct json *json, const struct process *process, const char *pid, const char *ns_pid, const char *comm)
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

static void text_or_null(struct json *json, const char *key, const char *text)
{
	json_string(json, key, text[0] ? text : NULL);
}

static void container_json(struct json *json, const struct container *container)
{
	text_or_null(json, "container_id", container->id);
	text_or_null(json, "pod_uid", container->pod_uid);
	json_string(json, "pod", container->pod);
	json_string(json, "namespace", container->namespace);
	json_string(json, "container", container->name);
	text_or_null(json, "runtime", container->runtime);
	json_string(json, "qos", container->qos);
	text_or_null(json, "unit", container->unit);
}

void event_cgroup_json(struct json *json, const struct event *event)
{
	number_or_null(json, "cgroup_id", event->cgroup_id);
	json_string(json, "cgroup", event->cgroup);
	container_json(json, event->container);
}

/* Programs come in runs, too: remembers what was written last. */
static void put_program(struct json *json, const char *program)
{
	static char known[128], text[160]; /* "": nothing is remembered */
	static size_t size;
	size_t begin;
	char *at;

	at = program && !strcmp(program, known) && *known ? json_fields_begin(json, sizeof(text)) : NULL;
	if (at) {
		json_fields_end(json, put_bytes(at, text, size));
		return;
	}
	begin = json->size;
	json_string(json, "program", program);
	known[0] = '\0';
	if (json_error(json) || !program || strlen(program) >= sizeof(known))
		return;
	begin += json->data[begin] == ',';
	size = json->size - begin;
	if (size > sizeof(text))
		return;
	memcpy(text, json->data + begin, size);
	strcpy(known, program);
}

void event_program_json(struct json *json, const struct event *event)
{
	put_program(json, event->program);
	if (event->cmdline)
		json_string(json, "cmdline", event->cmdline);
}

static void attribution_json(struct json *json, const struct event *event)
{
	json_string(json, "attribution", attribution_name(event_attribution(event)));
	json_bool(json, "in_accept_queue", event->record.flags & FLAG_IN_ACCEPT_QUEUE);
}

/* What a replay would not conclude from the charged process: the owner's attribution and cgroup, and so on. */
static void differing_json(struct json *json, const struct event *event)
{
	const struct transition *record = &event->record;

	if (record->attribution && record->attribution != event_attribution(event))
		json_string(json, "owner_attribution", attribution_name(record->attribution));
	if (record->owner.cgroup_id != event->cgroup_id)
		json_u64_if_set(json, "owner_cgroup_id", record->owner.cgroup_id);
	if (record->closer.cgroup_id != event->cgroup_id)
		json_u64_if_set(json, "closer_cgroup_id", record->closer.cgroup_id);
	json_u64_if_set(json, "socket_cgroup_id", record->socket_cgroup_id);
}

/* In recordings: the closer behind all that is the owner's. */
static void owner_sparse_json(struct json *json, const struct event *event)
{
	const struct process *owner = &event->record.owner, *closer = &event->record.closer;

	event_process_json(json, owner, "owner_pid", "owner_ns_pid", "owner_comm");
	event_cgroup_json(json, event);
	if (event_tells_users(event))
		event_program_json(json, event);
	if (owner->start_ns)
		json_u64(json, "owner_start_ns", owner->start_ns);
	attribution_json(json, event);
	event_process_json(json, closer, "closer_pid", "closer_ns_pid", "closer_comm");
	if (closer->start_ns)
		json_u64(json, "closer_start_ns", closer->start_ns);
	differing_json(json, event);
}

static void owner_fields_json(struct json *json, const struct event *event)
{
	if (json->sparse) {
		owner_sparse_json(json, event);
		return;
	}
	event_process_json(json, &event->record.owner, "owner_pid", "owner_ns_pid", "owner_comm");
	event_process_json(json, &event->record.closer, "closer_pid", "closer_ns_pid", "closer_comm");
	attribution_json(json, event);
	event_cgroup_json(json, event);
}

const char *event_owner_text(const struct event *event, bool sparse, size_t *size)
{
	static struct json made;
	const char *known = owner_memo_find(event, sparse, size);

	if (known)
		return known;
	json_clear(&made);
	made.sparse = sparse;
	owner_fields_json(&made, event);
	if (json_error(&made))
		return NULL;
	owner_memo_keep(event, sparse, made.data, made.size);
	*size = made.size;
	return made.data;
}

void event_owner_json(struct json *json, const struct event *event)
{
	size_t size;
	const char *text = event_owner_text(event, json->sparse, &size);
	char *at = text ? json_fields_begin(json, size) : NULL;

	if (at)
		json_fields_end(json, put_bytes(at, text, size));
	else
		buffer_fail(&json->buffer);
}
