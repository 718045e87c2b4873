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
	uint64_t cgroup_id, socket_cgroup_id, names_version;
	uint8_t attribution, owner_attribution, in_accept_queue;
	bool sparse; /* the text has nothing that is null */
	bool users; /* it says what the process runs */
};

struct owner_memo {
	struct owner_key key;
	uint32_t size; /* of the text; 0 = nothing is remembered here */
	uint16_t begins[NAMES]; /* of each name below; 0: it is none */
	char names[NAMES_BYTES]; /* each with its end, from the second byte on */
	char text[TEXT_BYTES];
};

static struct owner_memo memos[PAIRS][2];

static bool tells_users(const struct event *event, bool sparse)
{
	return sparse && event_tells_users(event);
}

static struct owner_key key_of(const struct event *event, bool sparse)
{
	const struct transition *record = &event->record;

	return (struct owner_key){
		.owner = record->owner,
		.closer = record->closer,
		.cgroup_id = event->cgroup_id,
		.socket_cgroup_id = record->socket_cgroup_id,
		.names_version = event->names_version,
		.attribution = event_attribution(event),
		.owner_attribution = record->attribution,
		.in_accept_queue = record->flags & FLAG_IN_ACCEPT_QUEUE,
		.sparse = sparse,
		.users = tells_users(event, sparse),
	};
}

static struct owner_memo *pair_of(const struct event *event)
{
	const struct transition *record = &event->record;
	uint64_t hash = (record->owner.start_ns * 3 + record->closer.start_ns * 5 + event->cgroup_id * 7 + record->attribution +
			 (record->flags & FLAG_IN_ACCEPT_QUEUE) * 11) * 0x9e3779b97f4a7c15ULL;

	return memos[hash >> 32 & (PAIRS - 1)];
}

static void names_of(const struct event *event, bool sparse, const char *names[NAMES])
{
	const struct container *container = event->container;
	bool users = tells_users(event, sparse);
	const char *all[NAMES] = { users ? event->program : NULL, users ? event->cmdline : NULL, event->cgroup, container->id,
				   container->pod_uid, container->runtime, container->unit, container->qos, container->pod,
				   container->namespace, container->name };

	memcpy(names, all, sizeof(all));
}

static bool is_same_name(const struct owner_memo *memo, int i, const char *name)
{
	return memo->begins[i] && name ? !strcmp(memo->names + memo->begins[i], name) : !memo->begins[i] && !name;
}

static bool has_other_names(const struct owner_memo *memo, const struct event *event)
{
	const char *names[NAMES];
	int i;

	names_of(event, memo->key.sparse, names);
	for (i = PROGRAM_NAMES; i < NAMES; i++)
		if (!is_same_name(memo, i, names[i]))
			return true;
	return false;
}

static bool keep_names(struct owner_memo *memo, const char *const names[NAMES])
{
	size_t used = 1, size;
	int i;

	for (i = 0; i < NAMES; i++) {
		memo->begins[i] = names[i] ? used : 0;
		size = names[i] ? strlen(names[i]) + 1 : 0;
		if (used + size > NAMES_BYTES)
			return false;
		memcpy(memo->names + used, names[i] ?: "", size);
		used += size;
	}
	return true;
}

/* The key is not made for a question. */
static inline bool is_of_key(const struct owner_key *key, const struct event *event, bool sparse)
{
	const struct transition *record = &event->record;

	return process_equals(&key->owner, &record->owner) && process_equals(&key->closer, &record->closer) &&
	       key->cgroup_id == event->cgroup_id && key->socket_cgroup_id == record->socket_cgroup_id &&
	       key->names_version == event->names_version && key->attribution == event_attribution(event) &&
	       key->owner_attribution == record->attribution && key->in_accept_queue == (record->flags & FLAG_IN_ACCEPT_QUEUE) &&
	       key->sparse == sparse && key->users == tells_users(event, sparse);
}

static inline bool holds(const struct owner_memo *memo, const struct event *event, bool sparse)
{
	if (!memo->size || !is_of_key(&memo->key, event, sparse))
		return false;
	if (memo->key.users && (!is_same_name(memo, 0, event->program) || !is_same_name(memo, 1, event->cmdline)))
		return false;
	return memo->key.names_version || !has_other_names(memo, event);
}

const char *owner_memo_find(const struct event *event, bool sparse, size_t *size)
{
	const struct owner_memo *memo = pair_of(event);

	if (!holds(memo, event, sparse) && !holds(++memo, event, sparse))
		return NULL;
	*size = memo->size;
	return memo->text;
}

void owner_memo_keep(const struct event *event, bool sparse, const char *text, size_t size)
{
	struct owner_memo *memo = pair_of(event);
	const char *names[NAMES];

	names_of(event, sparse, names);
	memo[1] = memo[0];
	memo->size = 0;
	if (size > sizeof(memo->text) || !keep_names(memo, names))
		return;
	memo->key = key_of(event, sparse);
	memcpy(memo->text, text, size);
	memo->size = size;
}
