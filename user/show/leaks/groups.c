// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Groups of leaks, kept in a bounded table by cause. */
#include "show/leaks/groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "show/leaks/leaks.h"

#define START_UNIT_NS 10000000ULL /* /proc tells starts in ticks of 10 ms, the kernel side in ns */

/* No padding: hashed as bytes. */
struct cause {
	uint64_t start;
	uint32_t pid;
	uint16_t service_port;
	uint8_t state, side;
};

struct entry {
	struct leak_group group; /* first: a group is its entry */
	struct cause key;
	UT_hash_handle hh;
};

struct leak_groups {
	size_t max;
	struct entry *entries;
};

struct leak_groups *leak_groups_new(size_t max)
{
	struct leak_groups *groups = calloc(1, sizeof(*groups));

	if (groups)
		groups->max = max;
	return groups;
}

void leak_groups_free(struct leak_groups *groups)
{
	struct entry *entry, *next;

	if (!groups)
		return;
	HASH_ITER(hh, groups->entries, entry, next) {
		HASH_DEL(groups->entries, entry);
		free(entry);
	}
	free(groups);
}

static uint16_t service_port_of(const struct live_socket *socket)
{
	struct event event = { .record = socket->record };

	return event_service_port(&event);
}

static struct entry *entry_find(const struct leak_groups *groups, const struct cause *key)
{
	struct entry *entry;

	HASH_FIND(hh, groups->entries, key, sizeof(*key), entry);
	return entry;
}

static struct entry *entry_new(struct leak_groups *groups, const struct cause *key)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	entry->key = *key;
	entry->group.state = key->state;
	entry->group.side = key->side;
	entry->group.service_port = key->service_port;
	HASH_ADD(hh, groups->entries, key, sizeof(*key), entry);
	if (entry->hh.tbl)
		return entry;
	free(entry);
	return NULL;
}

struct leak_group *leak_groups_find(struct leak_groups *groups, const struct live_socket *socket)
{
	const struct process *owner = &socket->record.owner;
	struct cause key = { .state = socket->record.new_state };
	struct entry *entry;

	key.side = socket->record.side;
	key.service_port = service_port_of(socket);
	if (owner->start_ns) {
		key.start = owner->start_ns / START_UNIT_NS + 1;
		key.pid = owner->pid ?: owner->ns_pid;
	}
	entry = entry_find(groups, &key);
	if (!entry && HASH_COUNT(groups->entries) >= groups->max) {
		key = (struct cause){ .state = key.state };
		entry = entry_find(groups, &key);
	}
	if (entry)
		return &entry->group;
	entry = entry_new(groups, &key);
	if (entry && key.start)
		entry->group.owner = *owner;
	return entry ? &entry->group : NULL;
}

static void group_reset(struct leak_group *group)
{
	group->count = group->ended = group->queued = group->remotes = 0;
	group->oldest_ns = 0;
	group->oldest_at_least = false;
}

static void group_add(struct leak_group *group, const struct leak *leak)
{
	const struct held_socket *held = leak->held;

	group->count++;
	if (leak->age.ns >= group->oldest_ns) {
		group->oldest_ns = leak->age.ns;
		group->oldest_at_least = leak->age.at_least;
	}
	if (held && held->found && held->listed.inode && !held->listed.rx_queue)
		group->ended++;
	if (leak->socket.record.flags & FLAG_IN_ACCEPT_QUEUE)
		group->queued++;
}

static int compare_remotes(const void *a, const void *b)
{
	const struct leak *left = *(const struct leak *const *)a, *right = *(const struct leak *const *)b;

	if (left->group != right->group)
		return left->group < right->group ? -1 : 1;
	return memcmp(left->socket.record.endpoint.remote_addr, right->socket.record.endpoint.remote_addr, 16);
}

/* Sockets of one group and remote address follow each other. */
static void count_remotes(const struct leak **sorted, size_t count)
{
	size_t begin, end, most = 0;

	for (begin = 0; begin < count; begin = end) {
		struct leak_group *group = sorted[begin]->group;

		for (end = begin + 1; end < count && !compare_remotes(&sorted[begin], &sorted[end]); end++)
			;
		if (!group->remotes++ || end - begin > most) {
			most = end - begin;
			memcpy(group->remote, sorted[begin]->socket.record.endpoint.remote_addr, sizeof(group->remote));
		}
	}
}

static int sum_up_remotes(const struct leak *leaks, size_t count)
{
	const struct leak **sorted = calloc(count, sizeof(*sorted));
	size_t i;

	if (!sorted)
		return -ENOMEM;
	for (i = 0; i < count; i++)
		sorted[i] = &leaks[i];
	qsort(sorted, count, sizeof(*sorted), compare_remotes);
	count_remotes(sorted, count);
	free(sorted);
	return 0;
}

static int compare_groups(const void *a, const void *b)
{
	const struct leak_group *left = *(struct leak_group *const *)a, *right = *(struct leak_group *const *)b;

	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	if (left->oldest_ns != right->oldest_ns)
		return left->oldest_ns > right->oldest_ns ? -1 : 1;
	if (left->owner.pid != right->owner.pid)
		return left->owner.pid < right->owner.pid ? -1 : 1;
	return (int)left->service_port - right->service_port;
}

static int list_groups(const struct leak_groups *groups, struct leak_group ***ret_groups, size_t *ret_count)
{
	struct leak_group **list = calloc(HASH_COUNT(groups->entries) + 1, sizeof(*list));
	struct entry *entry, *next;
	size_t count = 0;

	if (!list)
		return -ENOMEM;
	HASH_ITER(hh, groups->entries, entry, next)
		if (entry->group.count)
			list[count++] = &entry->group;
	qsort(list, count, sizeof(*list), compare_groups);
	*ret_groups = list;
	*ret_count = count;
	return 0;
}

int leak_groups_report(struct leak_groups *groups, struct leak *leaks, size_t count, struct leak_group ***ret_groups,
		       size_t *ret_count)
{
	struct entry *entry, *next;
	size_t i;
	int err;

	HASH_ITER(hh, groups->entries, entry, next)
		group_reset(&entry->group);
	for (i = 0; i < count; i++) {
		leaks[i].group = leak_groups_find(groups, &leaks[i].socket);
		if (!leaks[i].group)
			return -ENOMEM;
		group_add(leaks[i].group, &leaks[i]);
	}
	err = count ? sum_up_remotes(leaks, count) : 0;
	return err ?: list_groups(groups, ret_groups, ret_count);
}
