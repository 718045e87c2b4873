// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One place for each hash. */
#include "show/owner_memo.h"

#include <string.h>

#define PLACES 64 /* a power of two */
#define NAMES_BYTES 768
#define TEXT_BYTES 1280
#define NAMES 9

/* What owner fields are made from, but for names. */
struct owner_key {
	struct process owner, closer;
	uint64_t cgroup_id;
	uint8_t attribution, in_accept_queue;
	uint8_t zero[6];
};

struct owner_memo {
	struct owner_key key;
	uint32_t size; /* of the text; 0 = nothing is remembered here */
	char names[NAMES_BYTES]; /* each: '+' and the text with its end, or '-' for none */
	char text[TEXT_BYTES];
};

static struct owner_memo memos[PLACES];

static struct owner_key key_of(const struct event *event)
{
	return (struct owner_key){
		.owner = event->record.owner,
		.closer = event->record.closer,
		.cgroup_id = event->cgroup_id,
		.attribution = event_attribution(event),
		.in_accept_queue = event->record.flags & FLAG_IN_ACCEPT_QUEUE,
	};
}

static struct owner_memo *place_of(const struct owner_key *key)
{
	uint64_t hash = (key->owner.start_ns * 3 + key->closer.start_ns * 5 + key->cgroup_id * 7 + key->attribution) *
			0x9e3779b97f4a7c15ULL;

	return &memos[hash >> 32 & (PLACES - 1)];
}

static void names_of(const struct event *event, const char *names[NAMES])
{
	const struct container *container = event->container;
	const char *all[NAMES] = { event->cgroup, container->id, container->pod_uid, container->runtime, container->unit };

	memcpy(names, all, sizeof(all));
}

static bool same_names(const char *kept, const char *const names[NAMES])
{
	size_t size;
	int i;

	for (i = 0; i < NAMES; i++) {
		if (*kept++ != (names[i] ? '+' : '-'))
			return false;
		if (!names[i])
			continue;
		size = strlen(names[i]) + 1;
		if (memcmp(kept, names[i], size))
			return false;
		kept += size;
	}
	return true;
}

static bool keep_names(char kept[NAMES_BYTES], const char *const names[NAMES])
{
	size_t used = 0, size;
	int i;

	for (i = 0; i < NAMES; i++) {
		size = names[i] ? strlen(names[i]) + 1 : 0;
		if (used + size + NAMES > NAMES_BYTES)
			return false;
		kept[used++] = names[i] ? '+' : '-';
		memcpy(kept + used, names[i] ?: "", size);
		used += size;
	}
	return true;
}

const char *owner_memo_find(const struct event *event, size_t *size)
{
	struct owner_key key = key_of(event);
	const struct owner_memo *memo = place_of(&key);
	const char *names[NAMES];

	if (!memo->size || memcmp(&memo->key, &key, sizeof(key)))
		return NULL;
	names_of(event, names);
	if (!same_names(memo->names, names))
		return NULL;
	*size = memo->size;
	return memo->text;
}

void owner_memo_keep(const struct event *event, const char *text, size_t size)
{
	struct owner_key key = key_of(event);
	struct owner_memo *memo = place_of(&key);
	const char *names[NAMES];

	names_of(event, names);
	memo->size = 0;
	if (size > sizeof(memo->text) || !keep_names(memo->names, names))
		return;
	memo->key = key;
	memcpy(memo->text, text, size);
	memo->size = size;
}
