/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* uthash with a hash that takes words: its own takes bytes, six instructions for each. Keys are tens of bytes, looked up for each event. */
#ifndef TCPDWELL_UTIL_HASH_H
#define TCPDWELL_UTIL_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Each bit of the key reaches the lowest bits, which choose the bucket. */
static inline unsigned int hash_bytes(const void *key, size_t size)
{
	const unsigned char *at = key;
	uint64_t word, hash = size;

	for (; size >= sizeof(word); at += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 32;
	}
	if (size) {
		word = 0;
		memcpy(&word, at, size);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	}
	hash = (hash ^ hash >> 29) * 0xff51afd7ed558ccdULL;
	return hash >> 32;
}

#define HASH_FUNCTION(key, size, hash) ((hash) = hash_bytes(key, size))

#ifndef HASH_NONFATAL_OOM
#define HASH_NONFATAL_OOM 1
#endif
#include <uthash.h>

#endif
