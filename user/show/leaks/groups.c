// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Groups of leaks: sockets sorted by cause and remote address, and each run of them summed up. */
#include "show/leaks/groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "show/leaks/leaks.h"
#include "util/tcp_state.h"

static const uint8_t *remote_of(const struct leak *leak)
{
	return leak->end->endpoint.remote_addr;
}

static int compare_causes(const struct leak *left, const struct leak *right)
{
	if (left->group != right->group)
		return left->group->index < right->group->index ? -1 : 1;
	return (int)left->socket->state - right->socket->state;
}

static int compare_leaks(const void *a, const void *b)
{
	const struct leak *left = a, *right = b;

	return compare_causes(left, right) ?: memcmp(remote_of(left), remote_of(right), 16);
}

static void sum_begin(struct leak_group *group, const struct model *model, const struct leak *leak)
{
	const struct group_part *service = &leak->group->name.parts[1];

	*group = (struct leak_group){
		.group = leak->group,
		.state = leak->socket->state,
		.side = service->side,
		.service_port = service->port,
		.grown = model_account(model, (struct group *)leak->group, leak->socket->state)->grown,
		.youngest_ns = UINT64_MAX,
	};
	if (leak->group->name.parts[0].kind == GROUP_KNOWN)
		group->process = *leak->charged;
}

/* Is the peer's end of stream read by a program that has the socket? Only where there is such an end. */
static bool is_read_to_end(const struct leak *leak)
{
	const struct held_socket *held = leak->held;

	return leak->socket->state == STATE_CLOSE_WAIT && held && held->found && held->listed.inode &&
	       !held->listed.rx_queue;
}

static void sum_add(struct leak_group *group, const struct leak *leak)
{
	group->count++;
	if (leak->age.ns >= group->oldest_ns) {
		group->oldest_ns = leak->age.ns;
		group->oldest_at_least = leak->age.at_least;
	}
	if (leak->age.ns < group->youngest_ns)
		group->youngest_ns = leak->age.ns;
	group->ended += is_read_to_end(leak);
	group->queued += !!(leak->socket->flags & LIVE_IN_ACCEPT_QUEUE);
}

/* Sockets of one cause follow each other, and in it those of one remote address. Returns how many there are. */
static size_t sum_up(struct leak_group *group, const struct model *model, const struct leak *leaks, size_t count)
{
	size_t begin, end, most = 0;

	sum_begin(group, model, leaks);
	for (begin = 0; begin < count && !compare_causes(leaks, leaks + begin); begin = end) {
		for (end = begin; end < count && !compare_leaks(leaks + begin, leaks + end); end++)
			sum_add(group, leaks + end);
		group->remotes++;
		if (end - begin <= most)
			continue;
		most = end - begin;
		memcpy(group->remote, remote_of(leaks + begin), sizeof(group->remote));
	}
	return begin;
}

static int compare_groups(const void *a, const void *b)
{
	const struct leak_group *left = a, *right = b;

	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	if (left->oldest_ns != right->oldest_ns)
		return left->oldest_ns > right->oldest_ns ? -1 : 1;
	if (left->process.pid != right->process.pid)
		return left->process.pid < right->process.pid ? -1 : 1;
	return (int)left->service_port - right->service_port;
}

static size_t count_causes(const struct leak *leaks, size_t count)
{
	size_t i, causes = 0;

	for (i = 0; i < count; i++)
		causes += !i || compare_causes(leaks + i - 1, leaks + i);
	return causes;
}

int leak_groups_make(const struct model *model, struct leak *leaks, size_t count, struct leak_group **ret_groups,
		     size_t *ret_count)
{
	size_t i, n_groups;
	struct leak_group *groups;

	if (count)
		qsort(leaks, count, sizeof(*leaks), compare_leaks);
	n_groups = count_causes(leaks, count);
	groups = calloc(n_groups + 1, sizeof(*groups));
	if (!groups)
		return -ENOMEM;
	for (i = 0; i < n_groups; i++) {
		size_t size = sum_up(&groups[i], model, leaks, count);

		leaks += size;
		count -= size;
	}
	if (n_groups)
		qsort(groups, n_groups, sizeof(*groups), compare_groups);
	*ret_groups = groups;
	*ret_count = n_groups;
	return 0;
}
