// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* An array of pointers that grows. */
#include "util/slots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/shortage.h"

#define FIRST_CAPACITY 64

static int grow(struct slots *slots)
{
	uint32_t capacity = slots->capacity ? slots->capacity * 2 : FIRST_CAPACITY;
	void **at = shortage_noted(realloc(slots->at, capacity * sizeof(*at)));

	if (!at)
		return -ENOMEM;
	memset(at + slots->capacity, 0, (capacity - slots->capacity) * sizeof(*at));
	slots->at = at;
	slots->capacity = capacity;
	return 0;
}

int slots_put(struct slots *slots, void *thing, uint32_t *number)
{
	while (slots->free < slots->capacity && slots->at[slots->free])
		slots->free++;
	if (slots->free == slots->capacity && grow(slots))
		return -ENOMEM;
	*number = slots->free;
	slots->at[*number] = thing;
	return 0;
}

void slots_remove(struct slots *slots, uint32_t number)
{
	slots->at[number] = NULL;
	if (number < slots->free)
		slots->free = number;
}

void slots_release(struct slots *slots)
{
	free(slots->at);
	memset(slots, 0, sizeof(*slots));
}
