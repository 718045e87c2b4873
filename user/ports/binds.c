// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Failures of bind() by key. */
#include "ports/binds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/shortage.h"

#define BINDS_MAX 256
#define FORGET_NS 600000000000ULL

void port_binds_init(struct port_binds *binds)
{
	memset(binds, 0, sizeof(*binds));
}

static void drop(struct port_binds *binds, struct bind_failure *bind)
{
	HASH_DEL(binds->by_key, bind);
	binds->count--;
	free(bind);
}

void port_binds_release(struct port_binds *binds)
{
	struct bind_failure *bind, *next;

	HASH_ITER(hh, binds->by_key, bind, next)
		drop(binds, bind);
	free(binds->sorted);
}

static struct bind_failure *get(struct port_binds *binds, const struct bind_key *key, bool *is_new)
{
	struct bind_failure *bind;

	HASH_FIND(hh, binds->by_key, key, sizeof(*key), bind);
	*is_new = !bind;
	if (bind)
		return bind;
	bind = binds->count < BINDS_MAX ? shortage_noted(calloc(1, sizeof(*bind))) : NULL;
	if (bind) {
		bind->key = *key;
		HASH_ADD(hh, binds->by_key, key, sizeof(bind->key), bind);
		if (bind->hh.tbl) {
			binds->count++;
			port_set_add(&binds->ports, key->port);
			return bind;
		}
		free(bind);
	}
	binds->refused++;
	return NULL;
}

struct bind_failure *port_binds_failed(struct port_binds *binds, const struct bind_key *key, const struct process *process,
				       uint64_t now_ns, bool *is_new)
{
	struct bind_failure *bind = get(binds, key, is_new);

	binds->failures++;
	if (!bind)
		return NULL;
	rate_window_begin(&bind->window, now_ns);
	bind->failures++;
	bind->last_ns = now_ns;
	if (!port_victims_add(bind->victims, &bind->n_victims, process, now_ns))
		bind->other_victims++;
	return bind;
}

void port_binds_begin(struct port_binds *binds, uint64_t now_ns)
{
	struct bind_failure *bind, *next;

	binds->n_sorted = 0;
	if (!binds->count)
		return;
	memset(&binds->ports, 0, sizeof(binds->ports));
	HASH_ITER(hh, binds->by_key, bind, next) {
		if (now_ns > bind->last_ns && now_ns - bind->last_ns > FORGET_NS) {
			drop(binds, bind);
			continue;
		}
		bind->sockets = 0;
		port_set_add(&binds->ports, bind->key.port);
	}
}

static bool is_ipv4(const uint8_t addr[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, mapped, sizeof(mapped));
}

/* "::" is any address of both families, as sockets are unless their program says otherwise. */
static bool covers(const uint8_t addr[16], const uint8_t other[16])
{
	static const uint8_t any[16], any_ipv4[16] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, any, 16) || (!memcmp(addr, any_ipv4, 16) && is_ipv4(other)) || !memcmp(addr, other, 16);
}

/* A service that has the port is the reason before its connections are, and these before TIME_WAIT. */
static unsigned int weight(const struct bind_use *use)
{
	if (use->state == STATE_LISTEN || use->state == STATE_CLOSE)
		return 3;
	return use->state == STATE_TIME_WAIT ? 1 : 2;
}

void port_binds_use(struct port_binds *binds, const struct bind_use *use)
{
	struct bind_failure *bind, *next;

	if (!port_binds_ask(binds, use->port))
		return;
	HASH_ITER(hh, binds->by_key, bind, next) {
		if (bind->key.port != use->port || bind->key.netns != use->netns ||
		    !(covers(bind->key.addr, use->addr) || covers(use->addr, bind->key.addr)))
			continue;
		if (!bind->sockets++ || weight(use) > weight(&bind->holder))
			bind->holder = *use;
		bind->found = true;
	}
}

static int latest_first(const void *one, const void *other)
{
	const struct bind_failure *a = *(struct bind_failure *const *)one, *b = *(struct bind_failure *const *)other;

	if (a->last_ns != b->last_ns)
		return a->last_ns > b->last_ns ? -1 : 1;
	return memcmp(&a->key, &b->key, sizeof(a->key));
}

int port_binds_conclude(struct port_binds *binds, uint64_t now_ns)
{
	struct bind_failure *bind, *next, **sorted;

	if (binds->count > binds->sorted_capacity) {
		sorted = shortage_noted(realloc(binds->sorted, binds->count * sizeof(*sorted)));
		if (!sorted)
			return -ENOMEM;
		binds->sorted = sorted;
		binds->sorted_capacity = binds->count;
	}
	HASH_ITER(hh, binds->by_key, bind, next) {
		const struct port_counts counts = { .failures = bind->failures };

		bind->rate = rate_window_rates(&bind->window, now_ns, &counts).failures;
		rate_window_sample(&bind->window, now_ns, &counts);
		binds->sorted[binds->n_sorted++] = bind;
	}
	if (binds->n_sorted)
		qsort(binds->sorted, binds->n_sorted, sizeof(*binds->sorted), latest_first);
	return 0;
}
