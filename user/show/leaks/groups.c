// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Groups of leaks: sockets sorted by cause and remote address, and each run of them summed up. */
#include "show/leaks/groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "show/leaks/leaks.h"
#include "util/number.h"
#include "util/tcp_state.h"

#define FOLDED_MIN 4 /* as many groups of one program become one */

static const uint8_t *remote_of(const struct leak *leak)
{
	return leak->end.endpoint.remote_addr;
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
		.processes = 1,
		.state = leak->socket->state,
		.side = service->side,
		.service_port = service->port,
		.grown = model_account(model, (struct group *)leak->group, leak->socket->state)->grown,
		.newest_ns = UINT64_MAX,
		.newest_at_least = true,
	};
	if (leak->group->name.parts[0].kind == GROUP_KNOWN)
		group->process = *leak->charged;
}

/* Only in CLOSE_WAIT there is an end of stream that a program could have read. */
static void add_queue(struct leak_group *group, const struct leak *leak)
{
	const struct held_socket *held = leak->held;

	if (leak->socket->flags & LIVE_IN_ACCEPT_QUEUE)
		group->queued++;
	else if (leak->socket->state == STATE_CLOSE_WAIT && held && held->found)
		*(held->listed.rx_queue ? &group->unread : &group->ended) += 1;
}

/* What is proved goes before what is at least so. */
static void note_least(uint64_t *least_ns, bool *least_at_least, uint64_t age_ns, bool at_least)
{
	if (at_least > *least_at_least || (at_least == *least_at_least && age_ns >= *least_ns))
		return;
	*least_ns = age_ns;
	*least_at_least = at_least;
}

static void note_youngest(struct leak_group *group, uint64_t age_ns, bool at_least)
{
	note_least(&group->youngest_ns, &group->youngest_at_least, age_ns, at_least);
}

static void sum_add(struct leak_group *group, const struct leak *leak)
{
	note_least(&group->newest_ns, &group->newest_at_least, leak->age.ns, leak->age.at_least);
	group->maker = !group->count || group->maker == leak->maker ? leak->maker : NULL;
	group->count++;
	if (leak->age.ns >= group->oldest_ns) {
		group->oldest_ns = leak->age.ns;
		group->oldest_at_least = leak->age.at_least;
	}
	add_queue(group, leak);
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

static size_t count_causes(const struct leak *leaks, size_t count)
{
	size_t i, causes = 0;

	for (i = 0; i < count; i++)
		causes += !i || compare_causes(leaks + i - 1, leaks + i);
	return causes;
}

/* As sockets are sorted. */
static int compare_with_cause(const void *key, const void *element)
{
	const struct leak_group *wanted = key, *group = element;

	if (wanted->group != group->group)
		return wanted->group->index < group->group->index ? -1 : 1;
	return (int)wanted->state - group->state;
}

static void see(struct leak_group *group, const struct live_socket *socket, uint64_t now_ns)
{
	uint64_t age_ns = elapsed_ns(now_ns, socket->since_ns);

	group->in_state++;
	if (!(socket->flags & LIVE_AT_LEAST))
		note_youngest(group, age_ns, false);
	if (!(socket->flags & LIVE_CAME))
		return;
	if (!group->came || age_ns > group->first_ns)
		group->first_ns = age_ns;
	if (!group->came || age_ns < group->last_ns)
		group->last_ns = age_ns;
	group->came++;
}

/* Those that are too young to be leaks tell whether there are more and more of them. */
static void see_all(const struct model *model, struct leak_group *groups, size_t count, uint64_t now_ns)
{
	const struct live_socket *socket;
	size_t cursor = 0;

	while ((socket = live_sockets_next(&model->sockets, &cursor, NULL))) {
		struct leak_group key = { .state = socket->state }, *group;

		if (!(socket->flags & LIVE_COUNTED))
			continue;
		key.group = model_group_of(model, socket, LEAK_GROUPING);
		group = bsearch(&key, groups, count, sizeof(*groups), compare_with_cause);
		if (group)
			see(group, socket, now_ns);
	}
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

static void sort_groups(struct leak_group *groups, size_t count)
{
	if (count)
		qsort(groups, count, sizeof(*groups), compare_groups);
}

int leak_groups_make(const struct model *model, struct leak *leaks, size_t count, uint64_t now_ns, struct leak_group **ret_groups,
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
		size_t size = sum_up(&groups[i], model, leaks, count), k;

		groups[i].cause = i;
		groups[i].youngest_ns = groups[i].newest_ns;
		groups[i].youngest_at_least = groups[i].newest_at_least;
		for (k = 0; k < size; k++)
			leaks[k].cause = i;
		leaks += size;
		count -= size;
	}
	see_all(model, groups, n_groups, now_ns);
	sort_groups(groups, n_groups);
	*ret_groups = groups;
	*ret_count = n_groups;
	return 0;
}

/* What groups have in common that differ by the process alone. */
static int compare_programs(const void *a, const void *b)
{
	const struct leak_group *left = a, *right = b;
	int order = strncmp(left->process.comm, right->process.comm, COMM_BYTES) ?: strcmp(left->program, right->program);

	if (order || left->service_port != right->service_port)
		return order ?: (int)left->service_port - right->service_port;
	return left->state != right->state ? (int)left->state - right->state : (int)left->side - right->side;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t more(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Remote addresses may be the same ones: at least as many as any group has. */
static void note_fullest(struct leak_group *into, const struct leak_group *group)
{
	if (!group->fds_known || (into->fullest.pid && descriptors_left(group->fds, group->fds_limit) >=
							       descriptors_left(into->fullest.fds, into->fullest.limit)))
		return;
	into->fullest.pid = group->process.pid;
	into->fullest.fds = group->fds;
	into->fullest.limit = group->fds_limit;
}

static void fold(struct leak_group *into, const struct leak_group *group)
{
	if (group->oldest_ns > into->oldest_ns)
		into->oldest_at_least = group->oldest_at_least;
	into->oldest_ns = more(into->oldest_ns, group->oldest_ns);
	note_least(&into->newest_ns, &into->newest_at_least, group->newest_ns, group->newest_at_least);
	note_youngest(into, group->youngest_ns, group->youngest_at_least);
	if (group->came) {
		into->first_ns = into->came ? more(into->first_ns, group->first_ns) : group->first_ns;
		into->last_ns = into->came ? less(into->last_ns, group->last_ns) : group->last_ns;
	}
	if (memcmp(into->remote, group->remote, sizeof(into->remote)) || group->remotes > into->remotes)
		into->remotes = more(into->remotes, group->remotes + !!memcmp(into->remote, group->remote, sizeof(into->remote)));
	into->came += group->came;
	into->grown += group->grown;
	into->count += group->count;
	into->in_state += group->in_state;
	into->ended += group->ended;
	into->unread += group->unread;
	into->queued += group->queued;
	into->processes += group->processes;
	into->maker = into->maker == group->maker ? into->maker : NULL;
	note_fullest(into, into);
	note_fullest(into, group);
	into->fds_known = false;
	into->cmdline[0] = '\0';
}

size_t leak_groups_fold(struct leak_group *groups, size_t count)
{
	size_t begin, end, i, kept = 0;

	if (count)
		qsort(groups, count, sizeof(*groups), compare_programs);
	for (begin = 0; begin < count; begin = end) {
		for (end = begin + 1; end < count && !compare_programs(&groups[begin], &groups[end]); end++)
			;
		if (end - begin < FOLDED_MIN || !groups[begin].process.start_ns) {
			for (i = begin; i < end; i++)
				groups[kept++] = groups[i];
			continue;
		}
		groups[kept] = groups[begin];
		for (i = begin + 1; i < end; i++)
			fold(&groups[kept], &groups[i]);
		kept++;
	}
	sort_groups(groups, kept);
	return kept;
}
