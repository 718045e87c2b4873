// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "attach/types.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach/types_parts.h"

#define PATH "/sys/kernel/btf/vmlinux"
#define SIZE_LEAST ((off_t)TYPES_HEADER_BYTES)
#define SIZE_MOST (256 << 20)
#define NAMES_OF_A_TYPE_MAX 32 /* typedefs and qualifiers one of another; damaged ones go in a circle */

/* Bytes that follow, and those for each of vlen. */
static const struct {
	uint8_t known, once, each;
} tails[] = {
	[BTF_KIND_INT] = { 1, 4 },	       [BTF_KIND_PTR] = { 1 },
	[BTF_KIND_ARRAY] = { 1, 12 },	       [BTF_KIND_STRUCT] = { 1, 0, 12 },
	[BTF_KIND_UNION] = { 1, 0, 12 },       [BTF_KIND_ENUM] = { 1, 0, 8 },
	[BTF_KIND_FWD] = { 1 },		       [BTF_KIND_TYPEDEF] = { 1 },
	[BTF_KIND_VOLATILE] = { 1 },	       [BTF_KIND_CONST] = { 1 },
	[BTF_KIND_RESTRICT] = { 1 },	       [BTF_KIND_FUNC] = { 1 },
	[BTF_KIND_FUNC_PROTO] = { 1, 0, 8 },   [BTF_KIND_VAR] = { 1, 4 },
	[BTF_KIND_DATASEC] = { 1, 0, 12 },     [BTF_KIND_FLOAT] = { 1 },
	[BTF_KIND_DECL_TAG] = { 1, 4 },	       [BTF_KIND_TYPE_TAG] = { 1 },
	[BTF_KIND_ENUM64] = { 1, 0, 12 },
};

#define KINDS (sizeof(tails) / sizeof(tails[0]))

size_t types_tail(const struct btf_type *type)
{
	uint32_t kind = btf_kind(type);

	if (kind >= KINDS || !tails[kind].known)
		return SIZE_MAX;
	return tails[kind].once + (size_t)tails[kind].each * btf_vlen(type);
}

int types_is_named(const struct types *types, const struct btf_type *type)
{
	static const uint32_t kinds = 1U << BTF_KIND_INT | 1U << BTF_KIND_STRUCT | 1U << BTF_KIND_UNION | 1U << BTF_KIND_ENUM |
				      1U << BTF_KIND_FWD | 1U << BTF_KIND_TYPEDEF | 1U << BTF_KIND_FUNC | 1U << BTF_KIND_FLOAT |
				      1U << BTF_KIND_ENUM64;

	return kinds >> btf_kind(type) & 1 && *types_name(types, type);
}

uint32_t types_place(const struct types *types, const char *name, size_t size)
{
	uint32_t hash = 2166136261U;

	while (size--)
		hash = (hash ^ (unsigned char)*name++) * 16777619U;
	return (hash ^ hash >> 15) & (types->n_places - 1);
}

/* Where each type is. */
static int find_types(struct types *types, size_t size)
{
	const struct btf_type *type;
	size_t at, tail;

	types->offsets = malloc((size / sizeof(*type) + 1) * sizeof(*types->offsets));
	if (!types->offsets)
		return -ENOMEM;
	types->offsets[0] = 0;
	types->count = 1;
	for (at = 0; at < size; at += sizeof(*type) + tail) {
		type = (const struct btf_type *)(types->types + at);
		if (size - at < sizeof(*type))
			return -EPROTO;
		tail = types_tail(type);
		if (tail > size - at - sizeof(*type) || type->name_off >= types->strings_size)
			return -EPROTO;
		types->offsets[types->count++] = at;
	}
	return 0;
}

/* Those of one name come in the order of their ids. */
static int index_names(struct types *types)
{
	uint32_t id, place;

	for (types->n_places = 1024; types->n_places < types->count; types->n_places *= 2)
		;
	types->places = calloc(types->n_places, sizeof(*types->places));
	if (!types->places)
		return -ENOMEM;
	for (id = 1; id < types->count; id++) {
		const struct btf_type *type = types_at(types, id);
		const char *name = types_name(types, type);

		if (!types_is_named(types, type))
			continue;
		for (place = types_place(types, name, strlen(name)); types->places[place]; place = (place + 1) & (types->n_places - 1))
			;
		types->places[place] = id;
	}
	return 0;
}

static int parse(struct types *types, const void *data, size_t size)
{
	const struct btf_header *header = data;
	uint64_t types_end, strings_end;

	if (size < TYPES_HEADER_BYTES || header->magic != BTF_MAGIC || header->version != BTF_VERSION ||
	    header->hdr_len < TYPES_HEADER_BYTES)
		return -EPROTO;
	types_end = (uint64_t)header->hdr_len + header->type_off + header->type_len;
	strings_end = (uint64_t)header->hdr_len + header->str_off + header->str_len;
	if (types_end > size || strings_end > size || !header->str_len || header->type_off % 4 || header->hdr_len % 4)
		return -EPROTO;
	types->types = (const char *)data + header->hdr_len + header->type_off;
	types->strings = (const char *)data + header->hdr_len + header->str_off;
	types->strings_size = header->str_len;
	if (types->strings[header->str_len - 1])
		return -EPROTO;
	return find_types(types, header->type_len) ?: index_names(types);
}

int types_parse(struct types **ret, const void *data, size_t size)
{
	struct types *types = calloc(1, sizeof(*types));
	int err = types ? parse(types, data, size) : -ENOMEM;

	if (err)
		types_free(types);
	else
		*ret = types;
	return err;
}

static bool read_all(int fd, char *at, size_t size)
{
	ssize_t got = 1;

	for (; size && got > 0; at += got, size -= got)
		got = read(fd, at, size);
	return !size;
}

/* All at once: a page that is touched for the first time by read(2) costs as much as what is copied to it. */
static void *map_file(int fd, size_t size)
{
	void *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (mapping == MAP_FAILED)
		return NULL;
	if (read_all(fd, mapping, size))
		return mapping;
	munmap(mapping, size);
	errno = EIO;
	return NULL;
}

static int read_file(struct types **ret, int fd)
{
	struct stat status;
	void *mapping;
	int err;

	if (fstat(fd, &status))
		return -errno;
	if (status.st_size < SIZE_LEAST || status.st_size > SIZE_MOST)
		return -EPROTO;
	mapping = map_file(fd, status.st_size);
	if (!mapping)
		return -errno;
	err = types_parse(ret, mapping, status.st_size);
	if (err) {
		munmap(mapping, status.st_size);
		return err;
	}
	(*ret)->mapping = mapping;
	(*ret)->mapping_size = status.st_size;
	return 0;
}

/* BTF in other places, or of a kind that came later than we. */
static int read_by_libbpf(struct types **ret)
{
	struct btf *btf = btf__load_vmlinux_btf();

	if (libbpf_get_error(btf))
		return -errno;
	*ret = calloc(1, sizeof(**ret));
	if (!*ret) {
		btf__free(btf);
		return -ENOMEM;
	}
	(*ret)->btf = btf;
	return 0;
}

int types_read(struct types **ret)
{
	int fd = open(PATH, O_RDONLY | O_CLOEXEC), err = fd < 0 ? -errno : read_file(ret, fd), second;

	if (fd >= 0)
		close(fd);
	second = err ? read_by_libbpf(ret) : 0;
	return second && err == -ENOMEM ? err : second; /* libbpf would call it another thing */
}

void types_free(struct types *types)
{
	if (!types)
		return;
	btf__free(types->btf);
	if (types->mapping)
		munmap(types->mapping, types->mapping_size);
	free(types->offsets);
	free(types->places);
	free(types);
}

int types_find(const struct types *types, const char *name, uint32_t kind)
{
	uint32_t place, id;

	if (types->btf) {
		id = btf__find_by_name_kind(types->btf, name, kind);
		return (int)id > 0 ? (int)id : -ENOENT;
	}
	for (place = types_place(types, name, strlen(name)); (id = types->places[place]); place = (place + 1) & (types->n_places - 1))
		if (btf_kind(types_at(types, id)) == kind && !strcmp(types_name(types, types_at(types, id)), name))
			return id;
	return -ENOENT;
}

static const struct btf_type *type_of_id(const struct types *types, uint32_t id)
{
	if (types->btf)
		return btf__type_by_id(types->btf, id);
	return id && id < types->count ? types_at(types, id) : NULL;
}

/* NULL: the first struct of this name has none of that one, or there is no such struct. */
static const struct btf_member *find_member(const struct types *types, const char *name, const char *member)
{
	const int id = types_find(types, name, BTF_KIND_STRUCT);
	const struct btf_type *type;
	unsigned int i;

	if (id < 0)
		return NULL;
	type = type_of_id(types, id);
	for (i = 0; i < btf_vlen(type); i++) {
		const uint32_t at = btf_members(type)[i].name_off;

		if (types->btf ? !strcmp(btf__name_by_offset(types->btf, at), member)
			       : at < types->strings_size && !strcmp(types->strings + at, member))
			return &btf_members(type)[i];
	}
	return NULL;
}

bool types_has_member(const struct types *types, const char *name, const char *member)
{
	return find_member(types, name, member);
}

bool types_has_number(const struct types *types, const char *name, const char *member, size_t size)
{
	const struct btf_member *found = find_member(types, name, member);
	const struct btf_type *type = found ? type_of_id(types, found->type) : NULL;
	unsigned int depth = 0;

	while (type && (btf_is_mod(type) || btf_is_typedef(type)) && depth++ < NAMES_OF_A_TYPE_MAX)
		type = type_of_id(types, type->type);
	return type && btf_is_int(type) && type->size == size;
}

bool types_can_excerpt(const struct types *types)
{
	return !types->btf;
}
