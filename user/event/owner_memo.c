// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two places for each hash, the newer text in the first. */
#include "event/owner_memo.h"

#include <string.h>

#define PAIRS 32 /* a power of two */
#define NAMES_BYTES 768
#define TEXT_BYTES 1280
#define PROGRAM_NAMES 2 /* the first of them: what the process runs */
#define NAMES 11

/* What owner fields are made from, but for names. */
struct owner_key {
	struct process owner, closer;
	uint64_t cgroup_id, names_version;
	uint8_t attribution, in_accept_queue;
	bool sparse; /* the text has nothing that is null */
	uint8_t zero[5];
};

struct owner_memo {
	struct owner_key key;
	uint32_t size; /* of the text; 0 = nothing is remembered here */
	char names[NAMES_BYTES]; /* each: '+' and the text with its end, or '-' and an end for none */
	char text[TEXT_BYTES];
};

static struct owner_memo memos[PAIRS][2];

static struct owner_key key_of(const struct event *event, bool sparse)
{
	return (struct owner_key){
		.owner = event->record.owner,
		.closer = event->record.closer,
		.cgroup_id = event->cgroup_id,
		.names_version = event->names_version,
		.attribution = event_attribution(event),
		.in_accept_queue = event->record.flags & FLAG_IN_ACCEPT_QUEUE,
		.sparse = sparse,
	};
}

static struct owner_memo *pair_of(const struct owner_key *key)
{
	uint64_t hash = (key->owner.start_ns * 3 + key->closer.start_ns * 5 + key->cgroup_id * 7 + key->attribution) *
			0x9e3779b97f4a7c15ULL;

	return memos[hash >> 32 & (PAIRS - 1)];
}

static void names_of(const struct event *event, bool sparse, const char *names[NAMES])
{
	const struct container *container = event->container;
	bool users = sparse && event_tells_users(event);
	const char *all[NAMES] = { users ? event->program : NULL, users ? event->cmdline : NULL, event->cgroup, container->id,
				   container->pod_uid, container->runtime, container->unit, container->qos, container->pod,
				   container->namespace, container->name };

	memcpy(names, all, sizeof(all));
}

static bool same_names(const char *kept, const char *const names[NAMES], int count)
{
	int i;

	for (i = 0; i < count; i++) {
		if (*kept++ != (names[i] ? '+' : '-'))
			return false;
		if (names[i] && *names[i]) { /* most are none */
			if (strcmp(kept, names[i]))
				return false;
			kept += strlen(names[i]);
		}
		if (*kept++)
			return false;
	}
	return true;
}

static bool keep_names(char kept[NAMES_BYTES], const char *const names[NAMES])
{
	size_t used = 0, size;
	int i;

	for (i = 0; i < NAMES; i++) {
		size = strlen(names[i] ?: "") + 1;
		if (used + 1 + size > NAMES_BYTES)
			return false;
		kept[used] = names[i] ? '+' : '-';
		memcpy(kept + used + 1, names[i] ?: "", size);
		used += 1 + size;
	}
	return true;
}

static bool holds(const struct owner_memo *memo, const struct owner_key *key, const struct event *event)
{
	const char *names[NAMES];

	if (!memo->size || memcmp(&memo->key, key, sizeof(*key)))
		return false;
	names_of(event, key->sparse, names);
	return same_names(memo->names, names, key->names_version ? PROGRAM_NAMES : NAMES);
}

const char *owner_memo_find(const struct event *event, bool sparse, size_t *size)
{
	struct owner_key key = key_of(event, sparse);
	const struct owner_memo *memo = pair_of(&key);

	if (!holds(memo, &key, event) && !holds(++memo, &key, event))
		return NULL;
	*size = memo->size;
	return memo->text;
}

void owner_memo_keep(const struct event *event, bool sparse, const char *text, size_t size)
{
	struct owner_key key = key_of(event, sparse);
	struct owner_memo *memo = pair_of(&key);
	const char *names[NAMES];

	names_of(event, sparse, names);
	memo[1] = memo[0];
	memo->size = 0;
	if (size > sizeof(memo->text) || !keep_names(memo->names, names))
		return;
	memo->key = key;
	memcpy(memo->text, text, size);
	memo->size = size;
}
