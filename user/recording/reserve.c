// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "recording/reserve.h"

#include <jansson.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Of a line of many fields; pages that are never touched cost nothing. */
#define RESERVE_BYTES (1 << 20)

static alignas(max_align_t) char reserve[RESERVE_BYTES];
static size_t used;

static void *take(size_t size)
{
	void *memory = malloc(size);

	if (memory || size > RESERVE_BYTES - used)
		return memory;
	memory = reserve + used;
	used += (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
	return memory;
}

static void give_back(void *memory)
{
	if ((uintptr_t)memory - (uintptr_t)reserve >= RESERVE_BYTES)
		free(memory);
}

void reserve_begin(void)
{
	used = 0;
	json_set_alloc_funcs(take, give_back);
}

bool reserve_was_needed(void)
{
	return used > 0;
}
