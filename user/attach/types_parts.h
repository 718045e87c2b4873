/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the parts of attach/types share. */
#ifndef TCPDWELL_ATTACH_TYPES_PARTS_H
#define TCPDWELL_ATTACH_TYPES_PARTS_H

#include <bpf/btf.h>
#include <stddef.h>
#include <stdint.h>

/* What of the header each kernel has; newer ones have more (7.x), and a build may know of that or not. */
#define TYPES_HEADER_BYTES (offsetof(struct btf_header, str_len) + sizeof(uint32_t))

struct types {
	struct btf *btf; /* only libbpf understands it; then all that follows is empty */
	void *mapping; /* NULL: the memory is not ours */
	size_t mapping_size;
	const char *types, *strings;
	uint32_t strings_size;
	uint32_t count; /* with void, whose id is 0 */
	uint32_t *offsets; /* of each id in `types` */
	uint32_t *places, n_places; /* ids, by the hash of their names; 0: free; a power of two */
};

/* What follows a type's 12 bytes. SIZE_MAX: the kind is not known. */
size_t types_tail(const struct btf_type *type);

/* Of the kinds that can be asked for by name. */
int types_is_named(const struct types *types, const struct btf_type *type);

static inline const struct btf_type *types_at(const struct types *types, uint32_t id)
{
	return (const struct btf_type *)(types->types + types->offsets[id]);
}

static inline const char *types_name(const struct types *types, const struct btf_type *type)
{
	return types->strings + type->name_off;
}

/* The first place where a name of that size may be. */
uint32_t types_place(const struct types *types, const char *name, size_t size);

#endif
