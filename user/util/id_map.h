/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A table from 64-bit ids to small values of one size: a live socket takes its value and some 16 bytes. Entries lie one behind the
 * other, in the order in which they came as long as none is removed, and grow by an eighth; an index of four bytes a place says where
 * each is. Both shrink. For keys of more than a number there is uthash.
 */
#ifndef TCPDWELL_UTIL_ID_MAP_H
#define TCPDWELL_UTIL_ID_MAP_H

#include <stddef.h>
#include <stdint.h>

#define ID_MAP_RECENT 4

struct id_map {
	unsigned char *entries; /* `used` of them, each: the id, the value */
	uint32_t *index; /* by hash: the number of an entry + 1, and above that number's bits others of the hash; 0 = free */
	size_t stride; /* bytes of an entry */
	size_t capacity; /* places of the index: 0 or a power of two */
	size_t room; /* entries that there is memory for */
	size_t used;
	/* The values that were found last, by the lowest bits of their ids, since events come in runs of few ids; NULL: not known. */
	void *recent[ID_MAP_RECENT];
};

/* All values are `value_size` bytes, aligned to 8. */
void id_map_init(struct id_map *map, size_t value_size);
void id_map_release(struct id_map *map);

/* Of which id a value is. */
static inline uint64_t id_map_id(const void *value)
{
	return ((const uint64_t *)value)[-1];
}

/* For the map's own functions. */
static inline void *id_map_recent(const struct id_map *map, uint64_t id)
{
	void *recent = map->recent[id % ID_MAP_RECENT];

	return recent && id_map_id(recent) == id ? recent : NULL;
}

void *id_map_search(const struct id_map *map, uint64_t id);

/* The value, or NULL. Valid until the next put or remove. */
static inline void *id_map_find(const struct id_map *map, uint64_t id)
{
	return id_map_recent(map, id) ?: map->used ? id_map_search(map, id) : NULL;
}

/* The value, zeroed where it is new. NULL: no memory. Valid until the next put or remove. */
void *id_map_put(struct id_map *map, uint64_t id);

/* For what few have: keeps a value of `size` bytes unless it is all zero; that stands for none. 0 or -ENOMEM. */
int id_map_keep(struct id_map *map, uint64_t id, const void *value, size_t size);

/* Takes all out and keeps the memory. */
void id_map_clear(struct id_map *map);

void id_map_remove(struct id_map *map, uint64_t id);

/* Start with *cursor 0; NULL after the last. `id` may be NULL. The map must not change meanwhile. */
void *id_map_next(const struct id_map *map, size_t *cursor, uint64_t *id);

#endif
