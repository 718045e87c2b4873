// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Local addresses by key. */
#include "ports/pools.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/shortage.h"

#define POOLS_DEFAULT 1000 /* each has a bit for every port */

void local_pools_init(struct local_pools *pools, size_t max)
{
	memset(pools, 0, sizeof(*pools));
	pools->max = max ?: POOLS_DEFAULT;
}

static void drop(struct local_pools *pools, struct local_pool *pool)
{
	HASH_DEL(pools->by_key, pool);
	pools->count--;
	free(pool->holders.list);
	free(pool);
}

void local_pools_release(struct local_pools *pools)
{
	struct local_pool *pool, *next;

	HASH_ITER(hh, pools->by_key, pool, next)
		drop(pools, pool);
	free(pools->sorted);
}

void local_pools_begin(struct local_pools *pools)
{
	struct local_pool *pool, *next;

	pools->n_sorted = 0;
	HASH_ITER(hh, pools->by_key, pool, next) {
		if (!pool->sockets) {
			drop(pools, pool);
			continue;
		}
		memset(&pool->taken, 0, sizeof(pool->taken));
		memset(pool->by_state, 0, sizeof(pool->by_state));
		pool->sockets = 0;
		pool->holders.used = pool->holders.others = 0;
	}
}

static struct local_pool *get(struct local_pools *pools, const struct local_key *key)
{
	struct local_pool *pool;

	HASH_FIND(hh, pools->by_key, key, sizeof(*key), pool);
	if (pool)
		return pool;
	pool = pools->count < pools->max ? shortage_noted(calloc(1, sizeof(*pool))) : NULL;
	if (!pool)
		return NULL;
	pool->key = *key;
	HASH_ADD(hh, pools->by_key, key, sizeof(pool->key), pool);
	if (pool->hh.tbl) {
		pools->count++;
		return pool;
	}
	free(pool);
	return NULL;
}

int local_pools_use(struct local_pools *pools, const struct local_key *key, uint16_t port, uint8_t state, uint32_t holder)
{
	struct local_pool *pool = get(pools, key);

	if (!pool) {
		pools->refused++;
		return 0;
	}
	port_set_add(&pool->taken, port);
	pool->sockets++;
	pool->by_state[state]++;
	return port_holders_add(&pool->holders, holder, state, 1);
}

/* A socket on 0.0.0.0 has its port on every IPv4 address, one on :: on every address. */
static const struct local_pool *wildcard_of(const struct local_pools *pools, uint32_t netns, bool ipv4)
{
	struct local_key key = { .netns = netns };
	const struct local_pool *pool;

	if (ipv4)
		key.addr[10] = key.addr[11] = 0xff;
	HASH_FIND(hh, pools->by_key, &key, sizeof(key), pool);
	return pool;
}

static void take_wildcard(struct local_pool *pool, const struct local_pool *wildcard)
{
	int i;

	for (i = 0; wildcard && wildcard != pool && i < PORT_SET_WORDS; i++)
		pool->taken.words[i] |= wildcard->taken.words[i];
}

static bool is_wildcard(const struct local_key *key)
{
	static const uint8_t nowhere[16], nowhere_ipv4[16] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(key->addr, nowhere, 16) || !memcmp(key->addr, nowhere_ipv4, 16);
}

static bool is_ipv4(const struct local_key *key)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(key->addr, mapped, sizeof(mapped));
}

static void conclude(struct local_pools *pools, struct local_pool *pool, const struct port_namespaces *namespaces)
{
	const struct port_namespace *namespace = port_namespaces_find(namespaces, pool->key.netns);

	port_holders_sort(&pool->holders);
	pool->known = namespace != NULL;
	if (!namespace)
		return;
	if (is_ipv4(&pool->key))
		take_wildcard(pool, wildcard_of(pools, pool->key.netns, true));
	take_wildcard(pool, wildcard_of(pools, pool->key.netns, false));
	bind_pool_of(&pool->pool, port_range_of(&namespace->facts.settings, 0, 0), &namespace->facts.reserved, &pool->taken);
}

static int fullest_first(const void *one, const void *other)
{
	const struct local_pool *a = *(struct local_pool *const *)one, *b = *(struct local_pool *const *)other;

	if (a->known != b->known)
		return a->known ? -1 : 1;
	if (a->known && a->pool.usable != b->pool.usable)
		return a->pool.usable < b->pool.usable ? -1 : 1;
	if (a->sockets != b->sockets)
		return a->sockets > b->sockets ? -1 : 1;
	return memcmp(&a->key, &b->key, sizeof(a->key));
}

/* The wildcard addresses come last: what they take was given to the others before. */
int local_pools_conclude(struct local_pools *pools, const struct port_namespaces *namespaces)
{
	struct local_pool *pool, *next, **sorted;

	if (pools->count > pools->sorted_capacity) {
		sorted = shortage_noted(realloc(pools->sorted, pools->count * sizeof(*sorted)));
		if (!sorted)
			return -ENOMEM;
		pools->sorted = sorted;
		pools->sorted_capacity = pools->count;
	}
	pools->n_sorted = 0;
	HASH_ITER(hh, pools->by_key, pool, next) {
		if (is_wildcard(&pool->key))
			continue;
		conclude(pools, pool, namespaces);
		pools->sorted[pools->n_sorted++] = pool;
	}
	if (pools->n_sorted)
		qsort(pools->sorted, pools->n_sorted, sizeof(*pools->sorted), fullest_first);
	return 0;
}
