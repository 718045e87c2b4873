// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A process may call itself anything: one byte that is not UTF-8 would make the whole exposition invalid. */
#include "export/metrics/labels.h"

#include <stdio.h>

#include "util/address.h"
#include "util/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static void append_character(struct buffer *out, const char *text, size_t size)
{
	if (*text == '\\' || *text == '"')
		buffer_append_char(out, '\\');
	if (size == 1 && ((unsigned char)*text < ' ' || *text == 0x7f))
		buffer_append_char(out, '?');
	else
		buffer_append(out, text, size);
}

static void append_value(struct buffer *out, const char *value)
{
	size_t left = strlen(value), size;
	uint32_t code;

	for (; left; value += size, left -= size) {
		size = utf8_decode(value, left, &code);
		if (size)
			append_character(out, value, size);
		else
			buffer_append_string(out, REPLACEMENT);
		size = size ?: 1;
	}
}

void label_append(struct buffer *out, const char *name, const char *value)
{
	if (out->size && out->data[out->size - 1] == '"')
		buffer_append_char(out, ',');
	buffer_append_string(out, name);
	buffer_append_string(out, "=\"");
	append_value(out, value ?: "");
	buffer_append_char(out, '"');
}

static const char *comm_of(const struct group *group)
{
	const struct group_part *comm = &group->name.parts[1];

	if (group->name.parts[0].kind == GROUP_OTHER)
		return LABEL_OTHER;
	return comm->kind == GROUP_KNOWN ? comm->id : LABEL_UNKNOWN;
}

/* Containers outside Kubernetes have no name that a path tells; the id is another one after each restart. */
static const char *container_of(const struct group *group)
{
	const struct group_part *part = &group->name.parts[0];

	if (part->kind != GROUP_KNOWN || !part->side)
		return NULL;
	return group->words[0].container ?: LABEL_UNNAMED;
}

void labels_of_workload(struct buffer *out, const struct group *group)
{
	const struct group_part *part = &group->name.parts[0];
	bool has_unit = part->kind == GROUP_KNOWN && !part->side;

	label_append(out, "namespace", group->words[0].namespace);
	label_append(out, "pod", group->words[0].pod);
	label_append(out, "container", container_of(group));
	label_append(out, "unit", has_unit ? part->id : NULL);
	label_append(out, "comm", comm_of(group));
}

static const struct container *holder_of(const struct ports_model *model, const struct destination *destination)
{
	if (!destination->holders.used)
		return NULL;
	return &ports_model_process(model, destination->holders.list[0].process)->cgroup->container;
}

static void append_ends(struct buffer *out, const struct destination_key *key)
{
	struct address remote = address_from_mapped(key->remote_addr);
	char text[ADDRESS_PORT_TEXT];

	snprintf(text, sizeof(text), "%u", key->netns);
	label_append(out, "netns", text);
	address_format_mapped(text, key->local_addr);
	label_append(out, "local_addr", text);
	address_port_format(text, &remote, key->remote_port);
	label_append(out, "remote", text);
}

void labels_of_destination(struct buffer *out, const struct ports_model *model, const struct destination *destination)
{
	const struct container *holder = destination ? holder_of(model, destination) : NULL;

	if (destination) {
		append_ends(out, &destination->key);
	} else {
		label_append(out, "netns", NULL);
		label_append(out, "local_addr", NULL);
		label_append(out, "remote", LABEL_OTHER);
	}
	label_append(out, "namespace", holder ? holder->namespace : NULL);
	label_append(out, "pod", holder ? holder->pod : NULL);
}
