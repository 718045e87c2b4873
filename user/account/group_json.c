// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A group's keys as fields of JSON. */
#include "account/group.h"
#include "event/names.h"
#include "util/address.h"

static const char *const kind_names[] = {"group", "none", "unknown", "other"};

/* One part of a group's name; `known` false: its fields are null. */
struct part {
	const struct group_part *name;
	const struct group_words *words;
	bool known;
};

/* 0 is written as null. */
static void id_json(struct json *json, const char *key, uint64_t id)
{
	if (id)
		json_u64(json, key, id);
	else
		json_null(json, key);
}

static void json_process(struct json *json, const struct part *part)
{
	id_json(json, "pid", part->known ? part->name->process.pid : 0);
	id_json(json, "ns_pid", part->known ? part->name->process.ns_pid : 0);
	json_string(json, "comm", part->words->detail);
}

static void json_comm(struct json *json, const struct part *part)
{
	json_string(json, "comm", part->known ? part->name->id : NULL);
}

static void json_unit(struct json *json, const struct part *part)
{
	json_string(json, "unit", part->known ? part->name->id : NULL);
}

static void json_cgroup(struct json *json, const struct part *part)
{
	id_json(json, "cgroup_id", part->known ? part->name->cgroup_id : 0);
	json_string(json, "cgroup", part->words->detail);
}

static void pod_json(struct json *json, const struct part *part)
{
	json_string(json, "pod", part->words->pod);
	json_string(json, "namespace", part->words->namespace);
}

static void json_container(struct json *json, const struct part *part)
{
	json_string(json, "container_id", part->known ? part->name->id : NULL);
	json_string(json, "runtime", part->words->detail);
	pod_json(json, part);
	json_string(json, "container", part->words->container);
}

static void json_pod(struct json *json, const struct part *part)
{
	json_string(json, "pod_uid", part->known ? part->name->id : NULL);
	pod_json(json, part);
}

static void json_remote(struct json *json, const struct part *part)
{
	char text[ADDRESS_TEXT];

	address_format_mapped(text, part->name->addr);
	json_string(json, "remote_addr", part->known ? text : NULL);
	id_json(json, "service_port", part->known ? part->name->port : 0);
	json_string(json, "side", part->known ? side_name(part->name->side) : NULL);
}

static void json_port(struct json *json, const struct part *part)
{
	id_json(json, "service_port", part->known ? part->name->port : 0);
}

static void json_service(struct json *json, const struct part *part)
{
	json_port(json, part);
	json_string(json, "side", part->known ? side_name(part->name->side) : NULL);
}

static void (*const keys[GROUP_ALL_KEYS])(struct json *, const struct part *) = {
	[GROUP_PROCESS] = json_process, [GROUP_CGROUP] = json_cgroup, [GROUP_CONTAINER] = json_container,
	[GROUP_POD] = json_pod,		[GROUP_REMOTE] = json_remote, [GROUP_PORT] = json_port,
	[GROUP_COMM] = json_comm,	[GROUP_UNIT] = json_unit,     [GROUP_SERVICE] = json_service,
};

void group_json(struct json *json, const struct group *group)
{
	bool other = group->name.parts[0].kind == GROUP_OTHER;
	unsigned int i;

	json_string(json, "label", group->label);
	json_string(json, "kind", kind_names[group_kind(group)]);
	for (i = 0; i < group->n_parts; i++) {
		const struct group_part *name = &group->name.parts[i];
		struct part part = {name, &group->words[i], !other && name->kind == GROUP_KNOWN};

		keys[name->by](json, &part);
	}
}
