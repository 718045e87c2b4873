// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Failed connects of a group. */
#include "account/failures.h"
#include "util/shortage.h"

#include <stdlib.h>
#include <string.h>

static bool make(struct failures **failures)
{
	if (!*failures)
		*failures = shortage_noted(calloc(1, sizeof(**failures)));
	return *failures;
}

#define FAILURE_BITS (FAILURE_WORDS * 64)

static unsigned int bit_of(const uint8_t addr[16])
{
	uint64_t words[2], hash;

	memcpy(words, addr, sizeof(words));
	hash = (words[0] * 0x9e3779b97f4a7c15ULL ^ words[1]) * 0xbf58476d1ce4e5b9ULL;
	return (hash ^ hash >> 31) * 0x94d049bb133111ebULL >> 54;
}

_Static_assert(FAILURE_BITS == 1 << (64 - 54), "as many as bit_of() gives");

/* So many it takes on average until so many bits are set: each new bit took the longer the fewer were free. */
uint32_t failure_addresses(const struct failure_account *account)
{
	unsigned int i, set = 0;
	double addresses = 0;

	for (i = 0; i < FAILURE_WORDS; i++)
		set += __builtin_popcountll(account->seen[i]);
	for (i = 0; i < set; i++)
		addresses += (double)FAILURE_BITS / (FAILURE_BITS - i);
	return addresses + 0.5;
}

void failures_count(struct failures **failures, const struct event *event)
{
	struct failure_account *account;
	unsigned int bit;

	if (!make(failures))
		return;
	account = &(*failures)->of[event_connect_failure(event)];
	account->count++;
	account->last_ns = event->record.time_ns;
	account->last = event->record.endpoint;
	bit = bit_of(account->last.remote_addr);
	account->seen[bit / 64] |= 1ULL << bit % 64;
}

void failures_add(struct failures **failures, const struct failures *more)
{
	unsigned int i, word;

	if (!more || !make(failures))
		return;
	for (i = 0; i < CONNECT_FAILURES; i++) {
		struct failure_account *to = &(*failures)->of[i];

		to->count += more->of[i].count;
		to->before += more->of[i].before;
		for (word = 0; word < FAILURE_WORDS; word++)
			to->seen[word] |= more->of[i].seen[word];
		if (more->of[i].last_ns <= to->last_ns)
			continue;
		to->last_ns = more->of[i].last_ns;
		to->last = more->of[i].last;
	}
}

void failures_end_interval(struct failures *failures, double seconds)
{
	unsigned int i;

	for (i = 0; failures && i < CONNECT_FAILURES; i++) {
		failures->of[i].rate = (failures->of[i].count - failures->of[i].before) / seconds;
		failures->of[i].before = failures->of[i].count;
	}
}
