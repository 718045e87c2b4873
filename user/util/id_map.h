/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A table from 64-bit ids to small values of one size, all in one piece of memory: a live socket takes its value and
 * 8 bytes. For keys of more than a number there is uthash.
 */
#ifndef TCPDWELL_UTIL_ID_MAP_H
#define TCPDWELL_UTIL_ID_MAP_H

#include <stddef.h>
#include <stdint.h>

struct id_map {
	unsigned char *slots; /* each: the id, the value; id 0 = free */
	size_t stride; /* bytes of a slot */
	size_t capacity; /* slots: 0 or a power of two */
	size_t used;
};

/* All values are `value_size` bytes, aligned to 8. */
void id_map_init(struct id_map *map, size_t value_size);
void id_map_release(struct id_map *map);

/* The value, or NULL. Valid until the next put or remove. */
void *id_map_find(const struct id_map *map, uint64_t id);

/* The value, zeroed where it is new. NULL: no memory. Valid until the next put or remove. */
void *id_map_put(struct id_map *map, uint64_t id);

/* Takes all out and keeps the memory. */
void id_map_clear(struct id_map *map);

void id_map_remove(struct id_map *map, uint64_t id);

/* Start with *cursor 0; NULL after the last. `id` may be NULL. The map must not change meanwhile. */
void *id_map_next(const struct id_map *map, size_t *cursor, uint64_t *id);

#endif
