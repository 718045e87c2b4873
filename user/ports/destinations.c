// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of destinations. */
#include "ports/destinations.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/number.h"
#include "util/shortage.h"

#define FORGET_NS 120000000000ULL

void destinations_init(struct destinations *destinations, size_t max)
{
	memset(destinations, 0, sizeof(*destinations));
	destinations->max = max ?: DESTINATIONS_DEFAULT;
}

static void drop(struct destinations *destinations, struct destination *destination)
{
	HASH_DEL(destinations->by_key, destination);
	destinations->count--;
	destination_release(destination);
	free(destination);
}

void destinations_release(struct destinations *destinations)
{
	struct destination *destination, *next;

	HASH_ITER(hh, destinations->by_key, destination, next)
		drop(destinations, destination);
	free(destinations->sorted);
}

struct destination *destinations_find(const struct destinations *destinations, const struct destination_key *key)
{
	struct destination *destination;

	HASH_FIND(hh, destinations->by_key, key, sizeof(*key), destination);
	return destination;
}

/* NULL: no memory. */
static struct destination *destination_new(const struct destination_key *key)
{
	struct destination *destination = calloc(1, sizeof(*destination));

	if (!destination)
		return NULL;
	destination->key = *key;
	destination->ports = key->device ? calloc(1, sizeof(*destination->ports)) : NULL;
	if (!key->device || destination->ports)
		return destination;
	free(destination);
	return NULL;
}

struct destination *destinations_get(struct destinations *destinations, const struct destination_key *key)
{
	struct destination *destination = destinations_find(destinations, key);

	if (destination)
		return destination;
	destination = destinations->count < destinations->max ? shortage_noted(destination_new(key)) : NULL;
	if (!destination) {
		destinations->refused++;
		return NULL;
	}
	HASH_ADD(hh, destinations->by_key, key, sizeof(destination->key), destination);
	if (!destination->hh.tbl) {
		destination_release(destination);
		free(destination);
		destinations->refused++;
		return NULL;
	}
	destinations->count++;
	return destination;
}

void destinations_begin(struct destinations *destinations, uint64_t now_ns)
{
	struct destination *destination, *next;

	destinations->n_sorted = 0;
	HASH_ITER(hh, destinations->by_key, destination, next) {
		if (!destination->sockets && elapsed_ns(now_ns, destination->event_ns) > FORGET_NS)
			drop(destinations, destination);
		else
			destination_clear(destination);
	}
}

/* Those of which nothing is known come last. */
static int need_order(const void *one, const void *other)
{
	const struct destination *a = *(struct destination *const *)one, *b = *(struct destination *const *)other;

	if (a->known != b->known)
		return a->known ? -1 : 1;
	if (a->known && a->share != b->share)
		return a->share > b->share ? -1 : 1;
	if (a->sockets != b->sockets)
		return a->sockets > b->sockets ? -1 : 1;
	return memcmp(&a->key, &b->key, sizeof(a->key));
}

static int make_room(struct destinations *destinations)
{
	struct destination **sorted;

	if (destinations->count <= destinations->sorted_capacity)
		return 0;
	sorted = shortage_noted(realloc(destinations->sorted, destinations->count * sizeof(*sorted)));
	if (!sorted)
		return -ENOMEM;
	destinations->sorted = sorted;
	destinations->sorted_capacity = destinations->count;
	return 0;
}

int destinations_sort(struct destinations *destinations)
{
	struct destination *destination, *next;
	int err = make_room(destinations);

	if (err)
		return err;
	destinations->n_sorted = 0;
	HASH_ITER(hh, destinations->by_key, destination, next)
		destinations->sorted[destinations->n_sorted++] = destination;
	if (destinations->n_sorted)
		qsort(destinations->sorted, destinations->n_sorted, sizeof(*destinations->sorted), need_order);
	return 0;
}
