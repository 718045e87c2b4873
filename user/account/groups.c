// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Groups found by their key, and the folding of those that find no room. */
#include "account/groups.h"

#include <errno.h>
#include <string.h>

#include "attribute/pod_names.h"
#include "util/shortage.h"

int groups_init(struct groups *groups, unsigned int by, unsigned int n_accounts, unsigned int max)
{
	struct group_name other = {.parts[0] = {.by = group_by_key(by, 0), .kind = GROUP_OTHER}};
	int second = group_by_key(by, 1);

	memset(groups, 0, sizeof(*groups));
	if (second >= 0)
		other.parts[1].by = second;
	groups->by = by;
	groups->name_bytes = group_name_bytes(by);
	groups->n_accounts = n_accounts;
	groups->max = max;
	id_map_init(&groups->folded, sizeof(int64_t));
	groups->other = group_new(&other, by, n_accounts, NULL);
	return groups->other && !slots_put(&groups->slots, groups->other, &groups->other->index) ? 0 : -ENOMEM;
}

static void remove_group(struct groups *groups, struct group *group)
{
	HASH_DEL(groups->table, group);
	if (groups->last == group)
		groups->last = NULL;
	slots_remove(&groups->slots, group->index);
	group_free(group);
}

void groups_release(struct groups *groups)
{
	while (groups->table)
		remove_group(groups, groups->table);
	group_free(groups->other);
	slots_release(&groups->slots);
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

	if (groups->last && !memcmp(&groups->last->name, name, groups->name_bytes))
		return groups->last;
	HASH_FIND(hh, groups->table, name, groups->name_bytes, group);
	return group;
}

struct group *groups_of(const struct groups *groups, const struct group_subject *subject)
{
	struct group_name name;

	group_name_of(&name, groups->by, subject);
	return groups_find(groups, &name) ?: groups->other;
}

/* FNV-1a over words. */
static uint64_t hash_of(const struct groups *groups, const struct group_name *name)
{
	uint64_t word, hash = 0xcbf29ce484222325ULL;
	size_t i;

	for (i = 0; i < groups->name_bytes; i += sizeof(word)) {
		memcpy(&word, (const char *)name + i, sizeof(word));
		hash = (hash ^ word) * 0x100000001b3ULL ^ hash >> 29;
	}
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

/* NULL: no memory. */
static struct group *add(struct groups *groups, const struct group_name *name, const struct group_subject *subject)
{
	struct group *group = group_new(name, groups->by, groups->n_accounts, subject);

	if (!group || slots_put(&groups->slots, group, &group->index)) {
		group_free(group);
		return NULL;
	}
	HASH_ADD(hh, groups->table, name, groups->name_bytes, group);
	if (group->hh.tbl)
		return group;
	slots_remove(&groups->slots, group->index);
	group_free(group);
	return NULL;
}

/* NULL: it is, or becomes, part of ~other. */
static struct group *find_or_add(struct groups *groups, const struct group_name *name, const struct group_subject *subject)
{
	struct group *group = groups_find(groups, name);

	if (!group && !id_map_find(&groups->folded, hash_of(groups, name)) && groups_count(groups) < groups->max)
		group = add(groups, name, subject);
	if (group)
		groups->last = group;
	return group;
}

struct group *groups_enter(struct groups *groups, const struct group_subject *subject)
{
	struct group_name name;

	group_name_of(&name, groups->by, subject);
	return find_or_add(groups, &name, subject) ?: fold(groups, hash_of(groups, &name), 1);
}

struct group *groups_get(struct groups *groups, const struct group_subject *subject)
{
	struct group_name name;

	group_name_of(&name, groups->by, subject);
	return find_or_add(groups, &name, subject) ?: groups->other;
}

struct group *groups_leave(struct groups *groups, const struct group_subject *subject)
{
	struct group_name name;
	struct group *group;

	group_name_of(&name, groups->by, subject);
	group = groups_find(groups, &name);
	if (!group)
		return fold(groups, hash_of(groups, &name), -1);
	groups->last = group;
	return group;
}

struct group *groups_leave_from(struct groups *groups, struct group *group, const struct group_subject *subject)
{
	struct group_name name;

	if (group != groups->other)
		return group;
	group_name_of(&name, groups->by, subject);
	return fold(groups, hash_of(groups, &name), -1);
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

unsigned int groups_forget(struct groups *groups, uint64_t before_ns, group_forgotten *tell, void *context)
{
	struct group *group, *next;
	unsigned int forgotten = 0;

	for (group = groups->table; group; group = next) {
		next = group->hh.next;
		if (group->last_ns >= before_ns || !group_is_closed(group))
			continue;
		if (tell)
			tell(context, group);
		group_add(groups->other, group);
		remove_group(groups, group);
		forgotten++;
	}
	return forgotten;
}

static void group_recount(struct group *group)
{
	unsigned int i;

	for (i = 0; i < group->n_accounts; i++)
		state_totals_recount(&group->accounts[i].count);
	group->held = 0;
}

void groups_recount(struct groups *groups)
{
	struct group *group;

	group_recount(groups->other);
	for (group = groups->table; group; group = group->hh.next)
		group_recount(group);
	id_map_clear(&groups->folded);
}
