// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The hash of tables whose keys others choose. */
#include "unit.h"

#include "util/hash.h"

#define PAIRS 12
#define KEYS (1 << PAIRS)

/* How many of the keys have a hash that another one has too. */
static unsigned int collisions(uint64_t keys[KEYS][2 * PAIRS])
{
	static unsigned int hashes[KEYS];
	unsigned int i, j, count = 0;

	for (i = 0; i < KEYS; i++) {
		hashes[i] = hash_bytes(keys[i], sizeof(keys[i]));
		for (j = 0; j < i && hashes[j] != hashes[i]; j++)
			;
		count += j < i;
	}
	return count;
}

/* Differences that the next word takes back, if words are multiplied by a number that is known and added without a carry. */
static void differences_do_not_cancel(void **state)
{
	static uint64_t keys[KEYS][2 * PAIRS];
	unsigned int i, pair;

	(void)state;
	for (i = 0; i < KEYS; i++) {
		for (pair = 0; pair < PAIRS; pair++) {
			keys[i][2 * pair] = i >> pair & 1 ? 1ULL << 63 : 0;
			keys[i][2 * pair + 1] = i >> pair & 1 ? 1ULL << 63 | 1ULL << 31 : 0;
		}
	}
	assert_in_range(collisions(keys), 0, KEYS / 100);
}

/* Keys that differ in one bit, wherever it is, do not share their buckets. */
static void each_bit_counts(void **state)
{
	unsigned char key[43] = {};
	unsigned int used[512] = {}, size, bit, most = 0;

	(void)state;
	for (size = 1; size <= sizeof(key); size++) {
		for (bit = 0; bit < 8 * size; bit++) {
			key[bit / 8] ^= 1U << bit % 8;
			used[hash_bytes(key, size) % 512]++;
			key[bit / 8] ^= 1U << bit % 8;
		}
	}
	for (bit = 0; bit < 512; bit++)
		most = used[bit] > most ? used[bit] : most;
	/* 7,568 keys: 15 a bucket, and 40 by chance once in a million tables */
	assert_in_range(most, 15, 45);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(differences_do_not_cancel),
		cmocka_unit_test(each_bit_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
