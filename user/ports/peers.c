// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Peers by key. */
#include "ports/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/number.h"
#include "util/shortage.h"

#define PEERS_DEFAULT 10000
#define FORGET_NS 120000000000ULL

void peers_init(struct peers *peers, size_t max)
{
	memset(peers, 0, sizeof(*peers));
	peers->max = max ?: PEERS_DEFAULT;
}

static void drop(struct peers *peers, struct peer *peer)
{
	HASH_DEL(peers->by_key, peer);
	peers->count--;
	free(peer);
}

void peers_release(struct peers *peers)
{
	struct peer *peer, *next;

	HASH_ITER(hh, peers->by_key, peer, next)
		drop(peers, peer);
	free(peers->sorted);
}

struct peer *peers_get(struct peers *peers, const struct peer_key *key)
{
	struct peer *peer;

	HASH_FIND(hh, peers->by_key, key, sizeof(*key), peer);
	if (peer)
		return peer;
	peer = peers->count < peers->max ? shortage_noted(calloc(1, sizeof(*peer))) : NULL;
	if (peer) {
		peer->key = *key;
		HASH_ADD(hh, peers->by_key, key, sizeof(peer->key), peer);
		if (peer->hh.tbl) {
			peers->count++;
			return peer;
		}
		free(peer);
	}
	peers->refused++;
	return NULL;
}

void peers_begin(struct peers *peers, uint64_t now_ns)
{
	struct peer *peer, *next;

	peers->n_sorted = 0;
	HASH_ITER(hh, peers->by_key, peer, next) {
		if (!peer->sockets && elapsed_ns(now_ns, peer->event_ns) > FORGET_NS) {
			drop(peers, peer);
			continue;
		}
		peer->sockets = peer->small = 0;
		peer->lowest_port = peer->highest_port = 0;
		memset(peer->by_state, 0, sizeof(peer->by_state));
	}
}

void peer_use(struct peer *peer, uint16_t remote_port, uint8_t state, bool small)
{
	peer->sockets++;
	peer->small += small;
	peer->by_state[state]++;
	if (!peer->lowest_port || remote_port < peer->lowest_port)
		peer->lowest_port = remote_port;
	if (remote_port > peer->highest_port)
		peer->highest_port = remote_port;
}

static int most_first(const void *one, const void *other)
{
	const struct peer *a = *(struct peer *const *)one, *b = *(struct peer *const *)other;

	if (a->sockets != b->sockets)
		return a->sockets > b->sockets ? -1 : 1;
	return memcmp(&a->key, &b->key, sizeof(a->key));
}

int peers_conclude(struct peers *peers, uint64_t now_ns)
{
	struct peer *peer, *next, **sorted;

	if (peers->count > peers->sorted_capacity) {
		sorted = shortage_noted(realloc(peers->sorted, peers->count * sizeof(*sorted)));
		if (!sorted)
			return -ENOMEM;
		peers->sorted = sorted;
		peers->sorted_capacity = peers->count;
	}
	peers->n_sorted = 0;
	HASH_ITER(hh, peers->by_key, peer, next) {
		const struct port_counts counts = { .opened = peer->opened };

		peer->rate = rate_window_rates(&peer->window, now_ns, &counts).opened;
		rate_window_sample(&peer->window, now_ns, &counts);
		if (peer->sockets)
			peers->sorted[peers->n_sorted++] = peer;
	}
	if (peers->n_sorted)
		qsort(peers->sorted, peers->n_sorted, sizeof(*peers->sorted), most_first);
	return 0;
}
