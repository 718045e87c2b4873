// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* FNV-1a over what was asked for, each with its place, so that the same numbers as pids and as ports are not alike. */
#include <string.h>

#include "filter/filter.h"

static uint64_t add(uint64_t digest, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	size_t i;

	for (i = 0; i < size; i++)
		digest = (digest ^ at[i]) * 1099511628211ULL;
	return digest;
}

static uint64_t add_set(uint64_t digest, const void *items, unsigned int count, size_t size)
{
	digest = add(digest, &count, sizeof(count));
	return add(digest, items, count * size);
}

static uint64_t add_names(uint64_t digest, const struct name_lists *names)
{
	unsigned int i;

	digest = add(digest, &names->count, sizeof(names->count));
	for (i = 0; i < names->count; i++)
		digest = add(digest, names->lists[i], strlen(names->lists[i]) + 1);
	return digest;
}

static uint64_t digest_of(const struct filter *filter)
{
	const bool flags[] = { filter->ipv4_only, filter->ipv6_only, filter->has_remote };
	uint64_t digest = 14695981039346656037ULL;
	unsigned int kind;

	digest = add_set(digest, filter->pids, filter->n_pids, sizeof(filter->pids[0]));
	digest = add_set(digest, filter->cgroup_ids, filter->n_cgroups, sizeof(filter->cgroup_ids[0]));
	digest = add_set(digest, filter->netns, filter->n_netns, sizeof(filter->netns[0]));
	digest = add_set(digest, filter->local_ports, filter->n_local_ports, sizeof(filter->local_ports[0]));
	digest = add_set(digest, filter->remote_ports, filter->n_remote_ports, sizeof(filter->remote_ports[0]));
	for (kind = 0; kind < NAME_KINDS; kind++)
		digest = add_names(digest, &filter->names[kind]);
	digest = add(digest, flags, sizeof(flags));
	if (filter->has_remote) {
		digest = add(digest, filter->remote.address.bytes, sizeof(filter->remote.address.bytes));
		digest = add(digest, &filter->remote.length, sizeof(filter->remote.length));
		digest = add(digest, &filter->remote_port, sizeof(filter->remote_port));
	}
	return add(digest, filter->comm, strnlen(filter->comm, sizeof(filter->comm)));
}

uint64_t filter_digest(const struct filter *filter)
{
	static const struct filter none;

	return digest_of(filter) - digest_of(&none);
}
