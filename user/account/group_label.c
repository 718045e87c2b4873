// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A group's name for people. */
#include <stdio.h>
#include <string.h>

#include "account/group.h"
#include "util/address.h"
#include "util/text.h"

#define SHORT_ID 12 /* of a container: what docker ps shows */

static const char *const none_labels[GROUP_ALL_KEYS] = {
	[GROUP_CONTAINER] = "no container",
	[GROUP_POD] = "no pod",
	[GROUP_UNIT] = "no unit",
	[GROUP_WORKLOAD] = "no unit",
};

/* One part of a group's name, for the writers of its label. */
struct part {
	const struct group_part *name;
	const struct group_words *words;
};

static void label_process(char *out, size_t size, const struct part *part)
{
	uint32_t pid = part->name->process.pid ?: part->name->process.ns_pid;

	snprintf(out, size, "%s[%u]", part->words->detail ?: "?", pid);
}

static void label_cgroup(char *out, size_t size, const struct part *part)
{
	if (part->words->detail)
		snprintf(out, size, "%s", part->words->detail);
	else
		snprintf(out, size, "cgroup %llu", (unsigned long long)part->name->cgroup_id);
}

/* As --container takes it: namespace/pod/container. */
static void label_container(char *out, size_t size, const struct part *part)
{
	if (part->words->pod && part->words->container) {
		snprintf(out, size, "%s/%s/%s", part->words->namespace, part->words->pod, part->words->container);
		return;
	}
	if (part->words->pod) {
		snprintf(out, size, "%s/%s/%.*s", part->words->namespace, part->words->pod, SHORT_ID, part->name->id);
		return;
	}
	snprintf(out, size, "%s%s%.*s", part->words->detail ?: "", part->words->detail ? " " : "", SHORT_ID, part->name->id);
}

static void label_pod(char *out, size_t size, const struct part *part)
{
	if (part->words->pod)
		snprintf(out, size, "%s/%s", part->words->namespace, part->words->pod);
	else
		snprintf(out, size, "%s", part->name->id);
}

/* "to 10.9.0.0/24 port 443", "from 10.9.0.0/24 to :8080" */
static void label_network(char *out, size_t size, const struct group_part *name)
{
	struct address address = address_from_mapped(name->addr);
	char text[ADDRESS_TEXT];
	unsigned int bits = name->bits;

	address_format(text, &address);
	bits -= strchr(text, ':') ? 0 : 96;
	if (name->side == SIDE_ACTIVE)
		snprintf(out, size, "to %s/%u port %u", text, bits, name->port);
	else if (name->side == SIDE_PASSIVE)
		snprintf(out, size, "from %s/%u to :%u", text, bits, name->port);
	else
		snprintf(out, size, "to or from %s/%u", text, bits);
}

static void label_remote(char *out, size_t size, const struct part *part)
{
	struct address address = address_from_mapped(part->name->addr);
	char text[ADDRESS_PORT_TEXT];

	if (part->name->bits) {
		label_network(out, size, part->name);
		return;
	}
	if (part->name->side == SIDE_ACTIVE) {
		address_port_format(text, &address, part->name->port);
		snprintf(out, size, "to %s", text);
		return;
	}
	address_format(text, &address);
	if (part->name->side == SIDE_PASSIVE)
		snprintf(out, size, "from %s to :%u", text, part->name->port);
	else
		snprintf(out, size, "to or from %s", text);
}

static void label_port(char *out, size_t size, const struct part *part)
{
	snprintf(out, size, "port %u", part->name->port);
}

static void label_id(char *out, size_t size, const struct part *part)
{
	snprintf(out, size, "%s", part->name->id);
}

static void (*const labels[GROUP_ALL_KEYS])(char *, size_t, const struct part *) = {
	[GROUP_PROCESS] = label_process, [GROUP_CGROUP] = label_cgroup, [GROUP_CONTAINER] = label_container,
	[GROUP_POD] = label_pod,	 [GROUP_REMOTE] = label_remote, [GROUP_PORT] = label_port,
	[GROUP_COMM] = label_id,	 [GROUP_UNIT] = label_id,
	[GROUP_SERVICE] = label_port,	 [GROUP_WORKLOAD] = label_id,
};

static void label_part(char out[GROUP_LABEL], const struct part *part)
{
	if (part->name->kind == GROUP_KNOWN)
		labels[part->name->by](out, GROUP_LABEL, part);
	else if (part->name->kind == GROUP_NONE)
		snprintf(out, GROUP_LABEL, "%s", none_labels[part->name->by]);
	else
		snprintf(out, GROUP_LABEL, "%s", part->name->kind == GROUP_OTHER ? "~other" : "unknown");
}

/* "java[4711] to 10.0.0.5:443", "java[4711], /system.slice" */
void group_label_text(char *out, size_t size, const struct group *group)
{
	bool is_remote = group->name.parts[1].by == GROUP_REMOTE;
	char text[GROUP_PARTS][GROUP_LABEL] = {}, both[GROUP_PARTS * GROUP_LABEL + 2];
	unsigned int i, n_parts = group->name.parts[0].kind == GROUP_OTHER ? 1 : group->n_parts;

	for (i = 0; i < n_parts; i++)
		label_part(text[i], &(struct part){ &group->name.parts[i], &group->words[i] });
	snprintf(both, sizeof(both), "%s%s%s", text[0], n_parts < 2 ? "" : is_remote ? " " : ", ", text[1]);
	text_sanitise(out, size, both, strlen(both), size);
}

int group_compare(const struct group *a, const struct group *b)
{
	return strcmp(a->label, b->label) ?: memcmp(&a->name, &b->name, sizeof(a->name));
}
