// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A group's name for people and for programs. */
#include <stdio.h>
#include <string.h>

#include "account/group.h"
#include "event/names.h"
#include "util/address.h"
#include "util/text.h"

#define SHORT_ID 12 /* of a container: what docker ps shows */

static const char *const by_names[GROUP_KEYS] = { "process", "cgroup", "container", "pod", "remote", "port" };
static const char *const kind_names[] = { "group", "none", "unknown", "other" };
static const char *const none_labels[GROUP_KEYS] = { "none", "none", "no container", "no pod", "none", "none" };

const char *group_by_name(unsigned int by)
{
	return by_names[by];
}

static void label_process(char *out, size_t size, const struct group *group)
{
	uint32_t pid = group->name.process.pid ?: group->name.process.ns_pid;

	snprintf(out, size, "%s[%u]", group->detail ?: "?", pid);
}

static void label_cgroup(char *out, size_t size, const struct group *group)
{
	if (group->detail)
		snprintf(out, size, "%s", group->detail);
	else
		snprintf(out, size, "cgroup %llu", (unsigned long long)group->name.cgroup_id);
}

/* As --container takes it: namespace/pod/container. */
static void label_container(char *out, size_t size, const struct group *group)
{
	if (group->pod && group->container) {
		snprintf(out, size, "%s/%s/%s", group->namespace, group->pod, group->container);
		return;
	}
	if (group->pod) {
		snprintf(out, size, "%s/%s/%.*s", group->namespace, group->pod, SHORT_ID, group->name.id);
		return;
	}
	snprintf(out, size, "%s%s%.*s", group->detail ?: "", group->detail ? " " : "", SHORT_ID, group->name.id);
}

static void label_pod(char *out, size_t size, const struct group *group)
{
	if (group->pod)
		snprintf(out, size, "%s/%s", group->namespace, group->pod);
	else
		snprintf(out, size, "%s", group->name.id);
}

static void label_remote(char *out, size_t size, const struct group *group)
{
	struct address address = address_from_mapped(group->name.addr);
	char text[ADDRESS_PORT_TEXT];

	if (group->name.side == SIDE_ACTIVE) {
		address_port_format(text, &address, group->name.port);
		snprintf(out, size, "to %s", text);
		return;
	}
	address_format(text, &address);
	if (group->name.side == SIDE_PASSIVE)
		snprintf(out, size, "from %s to :%u", text, group->name.port);
	else
		snprintf(out, size, "with %s", text);
}

static void label_port(char *out, size_t size, const struct group *group)
{
	snprintf(out, size, "port %u", group->name.port);
}

static void (*const labels[GROUP_KEYS])(char *, size_t, const struct group *) = {
	label_process, label_cgroup, label_container, label_pod, label_remote, label_port,
};

void group_label_text(char *out, size_t size, const struct group *group)
{
	char text[GROUP_LABEL];

	if (group->name.kind == GROUP_KNOWN)
		labels[group->name.by](text, sizeof(text), group);
	else if (group->name.kind == GROUP_NONE)
		snprintf(text, sizeof(text), "%s", none_labels[group->name.by]);
	else
		snprintf(text, sizeof(text), "%s", group->name.kind == GROUP_OTHER ? "~other" : "unknown");
	text_sanitise(out, size, text, strlen(text), size);
}

int group_compare(const struct group *a, const struct group *b)
{
	return strcmp(a->label, b->label) ?: memcmp(&a->name, &b->name, sizeof(a->name));
}

/* 0 is written as null. */
static void id_json(struct json *json, const char *key, uint64_t id)
{
	if (id)
		json_u64(json, key, id);
	else
		json_null(json, key);
}

static void json_process(struct json *json, const struct group *group, bool known)
{
	id_json(json, "pid", known ? group->name.process.pid : 0);
	id_json(json, "ns_pid", known ? group->name.process.ns_pid : 0);
	json_string(json, "comm", group->detail);
}

static void json_cgroup(struct json *json, const struct group *group, bool known)
{
	id_json(json, "cgroup_id", known ? group->name.cgroup_id : 0);
	json_string(json, "cgroup", group->detail);
}

static void json_container(struct json *json, const struct group *group, bool known)
{
	json_string(json, "container_id", known ? group->name.id : NULL);
	json_string(json, "runtime", group->detail);
	json_string(json, "pod", group->pod);
	json_string(json, "namespace", group->namespace);
	json_string(json, "container", group->container);
}

static void json_pod(struct json *json, const struct group *group, bool known)
{
	json_string(json, "pod_uid", known ? group->name.id : NULL);
	json_string(json, "pod", group->pod);
	json_string(json, "namespace", group->namespace);
}

static void json_remote(struct json *json, const struct group *group, bool known)
{
	char text[ADDRESS_TEXT];

	address_format_mapped(text, group->name.addr);
	json_string(json, "remote_addr", known ? text : NULL);
	id_json(json, "service_port", known ? group->name.port : 0);
	json_string(json, "side", known ? side_name(group->name.side) : NULL);
}

static void json_port(struct json *json, const struct group *group, bool known)
{
	id_json(json, "service_port", known ? group->name.port : 0);
}

static void (*const keys[GROUP_KEYS])(struct json *, const struct group *, bool) = {
	json_process, json_cgroup, json_container, json_pod, json_remote, json_port,
};

void group_json(struct json *json, const struct group *group)
{
	json_string(json, "label", group->label);
	json_string(json, "kind", kind_names[group->name.kind]);
	keys[group->name.by](json, group, group->name.kind == GROUP_KNOWN);
}
