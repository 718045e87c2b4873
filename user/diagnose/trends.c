// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/trends.h"

#include <stdbool.h>
#include <stddef.h>

#define FORGET_NS 60000000000ULL
#define TRENDS_MAX 100000

struct trend {
	uint64_t value, noted_ns;
	uint64_t origin; /* the value when it began to be counted; another one: of what was not counted before */
	uint64_t base[2], base_ns; /* the value when this window and the one before it began */
};

void trends_init(struct trends *trends)
{
	id_map_init(&trends->by_key, sizeof(struct trend));
}

void trends_release(struct trends *trends)
{
	id_map_release(&trends->by_key);
}

void trends_note(struct trends *trends, uint64_t key, uint64_t value, uint64_t grown, uint64_t now_ns)
{
	struct trend *trend = id_map_find(&trends->by_key, key);
	const bool begins = !trend;

	if (!trend)
		trend = trends->by_key.used < TRENDS_MAX ? id_map_put(&trends->by_key, key) : NULL;
	if (!trend)
		return;
	if (begins || trend->origin != value - grown) {
		trend->base[0] = trend->base[1] = trend->origin = value - grown;
		trend->base_ns = now_ns;
	}
	if (now_ns >= trend->base_ns + TREND_WINDOW_NS) {
		trend->base[1] = trend->base[0];
		trend->base[0] = trend->value;
		trend->base_ns = now_ns;
	}
	trend->value = value;
	trend->noted_ns = now_ns;
}

uint64_t trends_grown(const struct trends *trends, uint64_t key)
{
	const struct trend *trend = id_map_find(&trends->by_key, key);

	return trend && trend->value > trend->base[1] ? trend->value - trend->base[1] : 0;
}

void trends_forget(struct trends *trends, uint64_t now_ns)
{
	uint64_t keys[64], key;
	struct trend *trend;
	size_t cursor, n;

	do {
		cursor = n = 0;
		while (n < 64 && (trend = id_map_next(&trends->by_key, &cursor, &key)))
			if (now_ns > trend->noted_ns + FORGET_NS)
				keys[n++] = key;
		for (cursor = 0; cursor < n; cursor++)
			id_map_remove(&trends->by_key, keys[cursor]);
	} while (n == 64);
}
