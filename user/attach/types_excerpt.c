// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * An excerpt of the kernel's types. libbpf compares fields by name, and their kinds and sizes: so a type comes with those that it
 * contains, and a pointer points to nothing. Qualifiers, which libbpf looks through, are left out.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "attach/types.h"
#include "attach/types_parts.h"
#include "util/buffer.h"
#include "util/descriptor.h"

struct excerpt {
	const struct types *from;
	uint32_t *ids; /* what each of the kernel's is here, 0: not taken */
	uint32_t *taken; /* those that are, in the order of their new ids */
	uint32_t count;
	bool damaged; /* an id that there is not */
	struct buffer types, strings;
};

#define QUALIFIERS 8 /* in a row */

/* The type itself. 0: nothing that is part of another. */
static uint32_t unqualified(struct excerpt *excerpt, uint32_t id)
{
	const struct btf_type *type;
	int i;

	for (i = 0; i < QUALIFIERS && id && id < excerpt->from->count; i++) {
		type = types_at(excerpt->from, id);
		if (!btf_is_mod(type))
			return btf_is_func(type) || btf_is_func_proto(type) || btf_is_var(type) || btf_is_datasec(type) ? 0 : id;
		id = type->type;
	}
	excerpt->damaged |= id != 0;
	return 0;
}

/* What is taken is written when its turn comes. */
static uint32_t take(struct excerpt *excerpt, uint32_t id)
{
	id = unqualified(excerpt, id);
	if (id && !excerpt->ids[id]) {
		excerpt->taken[excerpt->count++] = id;
		excerpt->ids[id] = excerpt->count;
	}
	return id ? excerpt->ids[id] : 0;
}

static uint32_t put_string(struct excerpt *excerpt, uint32_t offset)
{
	uint32_t at = excerpt->strings.size;
	const char *text;

	if (!offset)
		return 0;
	if (offset >= excerpt->from->strings_size) {
		excerpt->damaged = true;
		return 0;
	}
	text = excerpt->from->strings + offset;
	buffer_append(&excerpt->strings, text, strlen(text) + 1);
	return at;
}

static void change_members(struct excerpt *excerpt, struct btf_member *member, uint32_t count)
{
	for (; count; count--, member++) {
		member->name_off = put_string(excerpt, member->name_off);
		member->type = take(excerpt, member->type);
	}
}

/* Of both widths the name comes first. */
static void change_enumerators(struct excerpt *excerpt, char *enumerator, size_t size, uint32_t count)
{
	uint32_t name;

	for (; count; count--, enumerator += size) {
		memcpy(&name, enumerator, sizeof(name));
		name = put_string(excerpt, name);
		memcpy(enumerator, &name, sizeof(name));
	}
}

/* A copy, with other ids and names. */
static void change(struct excerpt *excerpt, struct btf_type *type)
{
	struct btf_array *array = (struct btf_array *)(type + 1);

	type->name_off = put_string(excerpt, type->name_off);
	switch (btf_kind(type)) {
	case BTF_KIND_PTR:
		type->type = 0;
		break;
	case BTF_KIND_TYPEDEF:
		type->type = take(excerpt, type->type);
		break;
	case BTF_KIND_ARRAY:
		array->type = take(excerpt, array->type);
		array->index_type = take(excerpt, array->index_type);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		change_members(excerpt, (struct btf_member *)(type + 1), btf_vlen(type));
		break;
	case BTF_KIND_ENUM:
		change_enumerators(excerpt, (char *)(type + 1), 8, btf_vlen(type));
		break;
	case BTF_KIND_ENUM64:
		change_enumerators(excerpt, (char *)(type + 1), 12, btf_vlen(type));
		break;
	}
}

static void write_type(struct excerpt *excerpt, uint32_t id)
{
	const struct btf_type *type = types_at(excerpt->from, id);
	size_t size = sizeof(*type) + types_tail(type), at = excerpt->types.size;

	buffer_append(&excerpt->types, type, size);
	if (!excerpt->types.error)
		change(excerpt, (struct btf_type *)(excerpt->types.data + at));
}

/* "struct task_struct___5_10" stands for the kernel's task_struct. */
static size_t size_without_flavor(const char *name)
{
	const char *at = name, *flavor = NULL;

	while ((at = strstr(at + 1, "___")))
		if (at[-1] != '_' && at[3] && at[3] != '_')
			flavor = at;
	return flavor ? (size_t)(flavor - name) : strlen(name);
}

static void take_named(struct excerpt *excerpt, const char *name)
{
	const struct types *from = excerpt->from;
	const size_t size = size_without_flavor(name);
	uint32_t place = types_place(from, name, size), id;
	const char *other;

	for (; (id = from->places[place]); place = (place + 1) & (from->n_places - 1)) {
		other = types_name(from, types_at(from, id));
		if (!strncmp(other, name, size) && !other[size])
			take(excerpt, id);
	}
}

static void take_wanted(struct excerpt *excerpt, const struct btf *wanted)
{
	const uint32_t count = btf__type_cnt(wanted);
	const struct btf_type *type;
	const char *name;
	uint32_t id;

	for (id = 1; id < count; id++) {
		type = btf__type_by_id(wanted, id);
		name = btf__name_by_offset(wanted, type->name_off);
		if (name && *name && !btf_is_func(type) && !btf_is_var(type) && !btf_is_datasec(type))
			take_named(excerpt, name);
	}
}

static int write_file(const struct excerpt *excerpt, int fd)
{
	const struct btf_header header = {
		.magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = TYPES_HEADER_BYTES, .type_len = excerpt->types.size,
		.str_off = excerpt->types.size, .str_len = excerpt->strings.size,
	};
	size_t written;

	return descriptor_write(fd, &header, TYPES_HEADER_BYTES, &written) ?:
	       descriptor_write(fd, excerpt->types.data, excerpt->types.size, &written) ?:
	       descriptor_write(fd, excerpt->strings.data, excerpt->strings.size, &written);
}

static int make(struct excerpt *excerpt, const struct btf *wanted, int fd)
{
	uint32_t i;

	buffer_append_char(&excerpt->strings, '\0');
	take_wanted(excerpt, wanted);
	for (i = 0; i < excerpt->count; i++)
		write_type(excerpt, excerpt->taken[i]);
	if (excerpt->damaged)
		return -EPROTO;
	return excerpt->types.error ?: excerpt->strings.error ?: write_file(excerpt, fd);
}

int types_excerpt(const struct types *types, const struct btf *wanted, int fd)
{
	struct excerpt excerpt = { .from = types };
	int result;

	if (!types_can_excerpt(types))
		return -EOPNOTSUPP;
	excerpt.ids = calloc(types->count, sizeof(*excerpt.ids));
	excerpt.taken = malloc(types->count * sizeof(*excerpt.taken));
	result = excerpt.ids && excerpt.taken ? make(&excerpt, wanted, fd) : -ENOMEM;
	free(excerpt.ids);
	free(excerpt.taken);
	buffer_release(&excerpt.types);
	buffer_release(&excerpt.strings);
	return result;
}
