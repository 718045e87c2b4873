/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "util/hash.h"

#include <sys/auxv.h>

uint64_t hash_secret[2];

/* The kernel gives each process 16 random bytes. They are mixed, since the C library makes secrets of its own of them. */
__attribute__((constructor)) static void hash_secret_init(void)
{
	static const uint64_t odd[2] = { 0x9e3779b97f4a7c15ULL, 0xff51afd7ed558ccdULL };
	const void *random = (const void *)getauxval(AT_RANDOM);
	int i;

	if (random)
		memcpy(hash_secret, random, sizeof(hash_secret));
	for (i = 0; i < 2; i++)
		hash_secret[i] = hash_fold(hash_secret[i] ^ odd[1 - i], odd[i]) | 1;
}
