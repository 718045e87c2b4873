/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* uthash with a hash that takes words: its own takes bytes, six instructions for each. Keys are tens of bytes, looked up for each event. */
#ifndef TCPDWELL_UTIL_HASH_H
#define TCPDWELL_UTIL_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "util/shortage.h"

/* Of this process alone, since keys come from other machines: who knows it can choose keys that all have the same hash. */
extern uint64_t hash_secret[2];

/* Both halves of a product: what differs in a high bit only would otherwise stay there. */
static inline uint64_t hash_fold(uint64_t word, uint64_t secret)
{
	const unsigned __int128 product = (unsigned __int128)word * secret;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Each bit of the key reaches the lowest bits, which choose the bucket. */
static inline unsigned int hash_bytes(const void *key, size_t size)
{
	const unsigned char *at = key;
	uint64_t word, hash = hash_secret[0] ^ size;

	for (; size >= sizeof(word); at += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = hash_fold(hash ^ word, hash_secret[1]);
	}
	if (size) {
		word = 0;
		memcpy(&word, at, size);
		hash = hash_fold(hash ^ word, hash_secret[1]);
	}
	return hash ^ hash >> 32;
}

#define HASH_FUNCTION(key, size, hash) ((hash) = hash_bytes(key, size))

/* What finds no memory is not in the table: its `hh.tbl` is NULL. It is counted, whoever adds it. */
#ifndef HASH_NONFATAL_OOM
#define HASH_NONFATAL_OOM 1
#endif
#ifndef uthash_nonfatal_oom
#define uthash_nonfatal_oom(entry) ((void)shortage_noted(NULL))
#endif
#include <uthash.h>

#endif
