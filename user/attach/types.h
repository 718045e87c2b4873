/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's own types (BTF), read once. libbpf goes through all of them, 130,000 and more, for each name that it is asked for, and
 * for each type that our programs read from. Here names have an index, and libbpf gets an excerpt for what our programs read.
 */
#ifndef TCPDWELL_ATTACH_TYPES_H
#define TCPDWELL_ATTACH_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;
struct types;

/* Reads what the running kernel shows. 0, or negative errno: there is no BTF, or nothing that is BTF. */
int types_read(struct types **ret);

/* The same from memory, which must stay there, aligned to 4 bytes. -EPROTO: it is not BTF, or has kinds of types that are not known. */
int types_parse(struct types **ret, const void *data, size_t size);

void types_free(struct types *types);

/* The BTF id of the first type of this name and kind (BTF_KIND_…); -ENOENT: there is none. */
int types_find(const struct types *types, const char *name, uint32_t kind);

/* Does the first struct of this name have a member of that one? Members of members that have no name are not looked at. */
bool types_has_member(const struct types *types, const char *name, const char *member);

/*
 * Is it an integer of so many bytes, whatever its type is called? What our programs read as one is there for them where it is one here, too:
 * to libbpf a struct around a number, such as atomic64_t, is another thing, as if there were no such member.
 */
bool types_has_number(const struct types *types, const char *name, const char *member, size_t size);

/* Else only libbpf understands what was read. */
bool types_can_excerpt(const struct types *types);

/*
 * Writes BTF of its own into a file: all types that have the name of one of `wanted` (without its ___flavor), each with what it
 * contains. What they only point to is left out, and ids are other ones. 0, or negative errno; -EOPNOTSUPP where
 * none can be made.
 */
int types_excerpt(const struct types *types, const struct btf *wanted, int fd);

#endif
