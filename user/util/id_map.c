// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The index is open addressing with linear probing. A removal closes the gap, so there are no tombstones and no rebuilds; in the place
 * of the entry comes the last one. Each place says how far it is from the home of its id, so that a gap is closed without a look at the
 * entries, which lie far apart. Large pieces of memory that grow are moved by the kernel, page by page, and not copied.
 */
#include "util/id_map.h"
#include "util/shortage.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 32
#define CAPACITY_MAX (1ULL << 31)
#define FIRST_ROOM 8
#define SHRINK_BYTES 65536 /* less is not worth it */
#define FAR 31 /* so many places from home, or more */

void id_map_init(struct id_map *map, size_t value_size)
{
	memset(map, 0, sizeof(*map));
	map->stride = sizeof(uint64_t) + (value_size + 7) / 8 * 8;
}

static void forget_recent(struct id_map *map)
{
	memset(map->recent, 0, sizeof(map->recent));
}

void id_map_release(struct id_map *map)
{
	free(map->entries);
	free(map->index);
	map->entries = NULL;
	map->index = NULL;
	forget_recent(map);
	map->capacity = map->room = map->used = 0;
}

void id_map_clear(struct id_map *map)
{
	if (map->used)
		memset(map->index, 0, map->capacity * sizeof(map->index[0]));
	forget_recent(map);
	map->used = 0;
}

static uint64_t *entry_at(const struct id_map *map, size_t number)
{
	return (uint64_t *)(map->entries + number * map->stride);
}

/*
 * Ids need not be random: those of a recording are not, and keys made of addresses differ in few bits, which may be the highest.
 * Each bit has to reach the lowest ones, also where the caller has folded its key by 32 bits: that must not be undone here.
 */
static uint64_t hash_of(uint64_t id)
{
	id = (id ^ id >> 33) * 0xff51afd7ed558ccdULL;
	id = (id ^ id >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return id ^ id >> 33;
}

static uint64_t stored(uint64_t id)
{
	return id ? id : 1;
}

/* An index is at most three quarters full: the number of an entry has room in as many bits as the place has. */
static size_t mask_of(const struct id_map *map)
{
	return map->capacity - 1;
}

/* A very large index has no bits left to tell distances: all are far. */
static size_t far_of(const struct id_map *map)
{
	return map->capacity <= UINT32_MAX / (FAR + 1) / (FAR + 1) ? FAR : 0;
}

/* Distances are above numbers, tags of the hash above distances. */
static size_t distance_told(const struct id_map *map, size_t distance)
{
	return (distance < far_of(map) ? distance : far_of(map)) * map->capacity;
}

static uint32_t tag_of(const struct id_map *map, uint64_t hash)
{
	return hash >> 32 & ~(map->capacity * (far_of(map) + 1) - 1);
}

static size_t number_in(const struct id_map *map, uint32_t place)
{
	return (place & mask_of(map)) - 1;
}

/* Where the id is in the index, or the free place where it belongs. There always is a free one. */
static size_t place_of(const struct id_map *map, uint64_t id, uint64_t hash)
{
	size_t mask = mask_of(map), place = hash & mask, far = distance_told(map, FAR), distance = 0;
	uint32_t tag = tag_of(map, hash), found;

	for (;; place = (place + 1) & mask) {
		found = map->index[place];
		if (!found || ((found & ~mask) == (tag | distance) && *entry_at(map, number_in(map, found)) == id))
			return place;
		distance += distance < far ? map->capacity : 0;
	}
}

/* Of an id of this hash at this place. */
static uint32_t place_value(const struct id_map *map, uint64_t hash, size_t place, size_t number)
{
	return tag_of(map, hash) | distance_told(map, (place - hash) & mask_of(map)) | (number + 1);
}

/* The value of a place that is taken. A map is not changed by being asked; what was asked last is beside it. */
static void *found_at(const struct id_map *map, size_t place, uint64_t id)
{
	void *found = entry_at(map, number_in(map, map->index[place])) + 1;

	((struct id_map *)map)->recent[id % ID_MAP_RECENT] = found;
	return found;
}

void *id_map_search(const struct id_map *map, uint64_t id)
{
	size_t place;

	id = stored(id);
	place = place_of(map, id, hash_of(id));
	return map->index[place] ? found_at(map, place, id) : NULL;
}

/* The ids of all entries differ: the first free place is theirs. */
static int make_index(struct id_map *map, size_t capacity)
{
	struct id_map made = *map;
	size_t number, place;
	uint64_t hash;

	made.capacity = capacity;
	made.index = capacity > CAPACITY_MAX ? NULL : calloc(capacity, sizeof(made.index[0]));
	if (!made.index)
		return -1;
	for (number = 0; number < map->used; number++) {
		hash = hash_of(*entry_at(map, number));
		place = hash & mask_of(&made);
		while (made.index[place])
			place = (place + 1) & mask_of(&made);
		made.index[place] = place_value(&made, hash, place, number);
	}
	free(map->index);
	*map = made;
	return 0;
}

static int set_room(struct id_map *map, size_t room)
{
	unsigned char *entries = realloc(map->entries, room * map->stride);

	if (!entries)
		return -1;
	map->entries = entries;
	forget_recent(map);
	map->room = room;
	return 0;
}

static int make_room(struct id_map *map)
{
	if ((map->used + 1) * 4 > map->capacity * 3 && make_index(map, map->capacity ? map->capacity * 2 : FIRST_CAPACITY))
		return -1;
	return map->used < map->room ? 0 : set_room(map, map->room + map->room / 8 + FIRST_ROOM);
}

void *id_map_put(struct id_map *map, uint64_t id)
{
	void *recent = id_map_recent(map, id);
	size_t place = 0, capacity = map->capacity;
	uint64_t *entry, hash;

	if (recent)
		return recent;
	id = stored(id);
	hash = hash_of(id);
	if (capacity)
		place = place_of(map, id, hash);
	if (capacity && map->index[place])
		return found_at(map, place, id);
	if (make_room(map))
		return shortage_noted(NULL);
	if (map->capacity != capacity)
		place = place_of(map, id, hash);
	entry = entry_at(map, map->used);
	memset(entry, 0, map->stride);
	*entry = id;
	map->index[place] = place_value(map, hash, place, map->used++);
	return found_at(map, place, id);
}

/* How far what is at this place is from its home. */
static size_t distance_at(const struct id_map *map, size_t place)
{
	size_t told = map->index[place] / map->capacity & far_of(map);

	if (told < far_of(map))
		return told;
	return (place - hash_of(*entry_at(map, number_in(map, map->index[place])))) & mask_of(map);
}

/* What moves back must still be found from its home. */
static void close_gap(struct id_map *map, size_t gap)
{
	size_t place = gap, distance, step;

	for (;;) {
		place = (place + 1) & mask_of(map);
		if (!map->index[place])
			break;
		distance = distance_at(map, place);
		step = (place - gap) & mask_of(map);
		if (distance < step)
			continue;
		map->index[gap] = map->index[place] - distance_told(map, distance) + distance_told(map, distance - step);
		gap = place;
	}
	map->index[gap] = 0;
}

/* What finds no memory for less stays as it is. */
static void shrink(struct id_map *map)
{
	if (map->used < map->room / 2 && map->room * map->stride > SHRINK_BYTES)
		set_room(map, map->used + map->used / 4 + FIRST_ROOM);
	if (map->used < map->capacity / 8 && map->capacity * sizeof(map->index[0]) > SHRINK_BYTES)
		make_index(map, map->capacity / 2);
}

void id_map_remove(struct id_map *map, uint64_t id)
{
	uint64_t *value = id_map_find(map, id), *last;
	size_t place, last_place;

	if (!value)
		return;
	id = stored(id);
	place = place_of(map, id, hash_of(id));
	last = entry_at(map, map->used - 1);
	map->recent[id % ID_MAP_RECENT] = map->recent[*last % ID_MAP_RECENT] = NULL;
	last_place = place_of(map, *last, hash_of(*last));
	if (last_place != place) {
		memcpy(value - 1, last, map->stride);
		map->index[last_place] = (map->index[last_place] & ~mask_of(map)) | (map->index[place] & mask_of(map));
	}
	/* Two places lead to one entry now; the homes of both are the same as before. */
	close_gap(map, place);
	map->used--;
	shrink(map);
}

void *id_map_next(const struct id_map *map, size_t *cursor, uint64_t *id)
{
	uint64_t *entry;

	if (*cursor >= map->used)
		return NULL;
	entry = entry_at(map, (*cursor)++);
	if (id)
		*id = *entry;
	return entry + 1;
}

static bool is_zero(const void *value, size_t size)
{
	const unsigned char *bytes = value;

	return !bytes[0] && !memcmp(bytes, bytes + 1, size - 1);
}

int id_map_keep(struct id_map *map, uint64_t id, const void *value, size_t size)
{
	void *kept;

	if (is_zero(value, size)) {
		id_map_remove(map, id);
		return 0;
	}
	kept = id_map_put(map, id);
	if (!kept)
		return -ENOMEM;
	memcpy(kept, value, size);
	return 0;
}
