// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Groups found by their key, and the folding of those that find no room. */
#include "account/groups.h"

#include <errno.h>
#include <string.h>

#include "attribute/pod_names.h"

int groups_init(struct groups *groups, unsigned int by, unsigned int n_accounts, unsigned int max)
{
	struct group_name other = { .by = by, .kind = GROUP_OTHER };

	memset(groups, 0, sizeof(*groups));
	groups->by = by;
	groups->n_accounts = n_accounts;
	groups->max = max;
	id_map_init(&groups->folded, sizeof(int64_t));
	groups->other = group_new(&other, n_accounts, NULL);
	return groups->other ? 0 : -ENOMEM;
}

static void remove_group(struct groups *groups, struct group *group)
{
	HASH_DEL(groups->table, group);
	if (groups->last == group)
		groups->last = NULL;
	group_free(group);
}

void groups_release(struct groups *groups)
{
	while (groups->table)
		remove_group(groups, groups->table);
	group_free(groups->other);
	id_map_release(&groups->folded);
	memset(groups, 0, sizeof(*groups));
}

unsigned int groups_count(const struct groups *groups)
{
	return HASH_COUNT(groups->table);
}

struct group *groups_find(const struct groups *groups, const struct group_name *name)
{
	struct group *group;

	if (groups->last && !memcmp(&groups->last->name, name, sizeof(*name)))
		return groups->last;
	HASH_FIND(hh, groups->table, name, sizeof(*name), group);
	return group;
}

/* FNV-1a over words. */
static uint64_t hash_of(const struct group_name *name)
{
	uint64_t words[sizeof(*name) / sizeof(uint64_t)], hash = 0xcbf29ce484222325ULL;
	size_t i;

	memcpy(words, name, sizeof(words));
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		hash = (hash ^ words[i]) * 0x100000001b3ULL ^ hash >> 29;
	return hash;
}

/* A key that is in ~other stays there while it has live sockets. Without memory for the note it may leave too early. */
static struct group *fold(struct groups *groups, uint64_t hash, int64_t change)
{
	int64_t *live = change > 0 ? id_map_put(&groups->folded, hash) : id_map_find(&groups->folded, hash);

	if (live) {
		*live += change;
		if (*live <= 0)
			id_map_remove(&groups->folded, hash);
	}
	return groups->other;
}

struct group *groups_enter(struct groups *groups, const struct event *event, unsigned int state)
{
	struct group_name name;
	struct group *group;
	uint64_t hash;

	group_name_of(&name, groups->by, event, state);
	group = groups_find(groups, &name);
	if (!group) {
		hash = hash_of(&name);
		if (id_map_find(&groups->folded, hash) || groups_count(groups) >= groups->max)
			return fold(groups, hash, 1);
		group = group_new(&name, groups->n_accounts, event);
		if (!group)
			return fold(groups, hash, 1);
		HASH_ADD(hh, groups->table, name, sizeof(group->name), group);
	}
	groups->last = group;
	return group;
}

struct group *groups_leave(struct groups *groups, const struct event *event, unsigned int state, struct group *entered)
{
	struct group_name name;
	struct group *group;

	if (entered && entered != groups->other)
		return entered;
	group_name_of(&name, groups->by, event, state);
	group = entered ? NULL : groups_find(groups, &name);
	if (!group)
		return fold(groups, hash_of(&name), -1);
	groups->last = group;
	return group;
}

void groups_complete(struct groups *groups, struct pod_names *names)
{
	uint64_t version = pod_names_version(names);
	struct group *group;

	if (groups->names_version == version)
		return;
	groups->names_version = version;
	for (group = groups->table; group; group = group->hh.next)
		group_complete(group, names);
}

unsigned int groups_forget(struct groups *groups, uint64_t before_ns)
{
	struct group *group, *next;
	unsigned int forgotten = 0;

	for (group = groups->table; group; group = next) {
		next = group->hh.next;
		if (group->last_ns >= before_ns || !group_is_closed(group))
			continue;
		group_add(groups->other, group);
		remove_group(groups, group);
		forgotten++;
	}
	return forgotten;
}
