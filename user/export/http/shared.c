// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two slots: while one is written the other is read. A reader that was overtaken reads again. */
#include "export/http/shared.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define TRIES 16

/* Pages that are never written take no memory. */
struct shared *shared_new(size_t slot_bytes)
{
	size_t bytes = sizeof(struct shared) + 2 * slot_bytes;
	struct shared *shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (shared == MAP_FAILED)
		return NULL;
	shared->bytes = bytes;
	shared->slot_bytes = slot_bytes;
	shared->slots[0].offset = sizeof(*shared);
	shared->slots[1].offset = sizeof(*shared) + slot_bytes;
	return shared;
}

void shared_free(struct shared *shared)
{
	if (shared)
		munmap(shared, shared->bytes);
}

int shared_publish(struct shared *shared, const void *text, size_t size, uint64_t now_ns)
{
	uint64_t next = atomic_load_explicit(&shared->published, memory_order_relaxed) + 1;
	struct shared_slot *slot = &shared->slots[next % 2];

	if (size > shared->slot_bytes)
		return -E2BIG;
	memcpy((char *)shared + slot->offset, text, size);
	slot->size = size;
	slot->time_ns = now_ns;
	atomic_store_explicit(&shared->published, next, memory_order_release);
	return 0;
}

char *shared_copy(const struct shared *shared, size_t *size, uint64_t *time_ns)
{
	uint64_t newest;
	char *copy = NULL;
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		const struct shared_slot *slot;

		newest = atomic_load_explicit(&shared->published, memory_order_acquire);
		slot = &shared->slots[newest % 2];
		*size = slot->size;
		*time_ns = slot->time_ns;
		if (!newest || *size > shared->slot_bytes)
			break;
		copy = malloc(*size);
		if (!copy)
			break;
		memcpy(copy, (const char *)shared + slot->offset, *size);
		atomic_thread_fence(memory_order_acquire);
		if (atomic_load_explicit(&shared->published, memory_order_relaxed) == newest)
			return copy;
		free(copy);
	}
	return NULL;
}
