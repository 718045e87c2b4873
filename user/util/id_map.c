// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Open addressing with linear probing. A removal closes the gap, so there are no tombstones and no rebuilds. */
#include "util/id_map.h"
#include "util/shortage.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

void id_map_init(struct id_map *map, size_t value_size)
{
	memset(map, 0, sizeof(*map));
	map->stride = sizeof(uint64_t) + (value_size + 7) / 8 * 8;
}

void id_map_release(struct id_map *map)
{
	free(map->slots);
	map->slots = NULL;
	map->capacity = map->used = 0;
}

void id_map_clear(struct id_map *map)
{
	if (map->used)
		memset(map->slots, 0, map->capacity * map->stride);
	map->used = 0;
}

static uint64_t *slot_at(const struct id_map *map, size_t position)
{
	return (uint64_t *)(map->slots + position * map->stride);
}

/*
 * Ids need not be random: those of a recording are not, and keys made of addresses differ in few bits, which may be the highest.
 * Each bit has to reach the lowest ones, also where the caller has folded its key by 32 bits: that must not be undone here.
 */
static size_t home_of(const struct id_map *map, uint64_t id)
{
	id = (id ^ id >> 33) * 0xff51afd7ed558ccdULL;
	id = (id ^ id >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return (id ^ id >> 33) & (map->capacity - 1);
}

static uint64_t stored(uint64_t id)
{
	return id ? id : 1;
}

/* Where the id is, or the free slot where it belongs. There always is a free one. */
static size_t position_of(const struct id_map *map, uint64_t id)
{
	size_t position = home_of(map, id);

	while (*slot_at(map, position) && *slot_at(map, position) != id)
		position = (position + 1) & (map->capacity - 1);
	return position;
}

void *id_map_find(const struct id_map *map, uint64_t id)
{
	uint64_t *slot;

	if (!map->used)
		return NULL;
	slot = slot_at(map, position_of(map, stored(id)));
	return *slot ? slot + 1 : NULL;
}

/* At most three quarters full. */
static int make_room(struct id_map *map)
{
	struct id_map grown = *map;
	size_t position;

	if (map->capacity && (map->used + 1) * 4 <= map->capacity * 3)
		return 0;
	grown.capacity = map->capacity ? map->capacity * 2 : FIRST_CAPACITY;
	grown.slots = shortage_noted(calloc(grown.capacity, map->stride));
	if (!grown.slots)
		return -1;
	for (position = 0; position < map->capacity; position++) {
		uint64_t *slot = slot_at(map, position);

		if (*slot)
			memcpy(slot_at(&grown, position_of(&grown, *slot)), slot, map->stride);
	}
	free(map->slots);
	*map = grown;
	return 0;
}

void *id_map_put(struct id_map *map, uint64_t id)
{
	uint64_t *slot = id_map_find(map, id);

	if (slot)
		return slot;
	if (make_room(map))
		return NULL;
	slot = slot_at(map, position_of(map, stored(id)));
	*slot = stored(id);
	map->used++;
	return slot + 1;
}

/* May the entry at `position` move back to `gap` and still be found from its home? */
static int may_move(const struct id_map *map, size_t gap, size_t position)
{
	size_t mask = map->capacity - 1, home = home_of(map, *slot_at(map, position));

	return ((position - home) & mask) >= ((position - gap) & mask);
}

void id_map_remove(struct id_map *map, uint64_t id)
{
	size_t gap, position;

	if (!id_map_find(map, id))
		return;
	gap = position = position_of(map, stored(id));
	for (;;) {
		position = (position + 1) & (map->capacity - 1);
		if (!*slot_at(map, position))
			break;
		if (!may_move(map, gap, position))
			continue;
		memcpy(slot_at(map, gap), slot_at(map, position), map->stride);
		gap = position;
	}
	memset(slot_at(map, gap), 0, map->stride);
	map->used--;
}

void *id_map_next(const struct id_map *map, size_t *cursor, uint64_t *id)
{
	while (*cursor < map->capacity) {
		uint64_t *slot = slot_at(map, (*cursor)++);

		if (!*slot)
			continue;
		if (id)
			*id = *slot;
		return slot + 1;
	}
	return NULL;
}
