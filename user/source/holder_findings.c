// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Findings are sorted by connection, process and descriptor: one process is found by several descriptors, and by several threads. */
#include "source/holder_findings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void holder_findings_release(struct holder_findings *findings)
{
	free(findings->found);
	free(findings->processes);
	memset(findings, 0, sizeof(*findings));
}

static int make_room(void **array, size_t *capacity, size_t needed, size_t size)
{
	size_t grown = *capacity ?: 64;
	void *larger;

	if (needed <= *capacity)
		return 0;
	while (grown < needed)
		grown *= 2;
	larger = reallocarray(*array, grown, size);
	if (!larger)
		return -ENOMEM;
	*array = larger;
	*capacity = grown;
	return 0;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_processes(const struct process *a, const struct process *b)
{
	return compare_numbers(a->pid, b->pid) ?: compare_numbers(a->ns_pid, b->ns_pid) ?:
	       compare_numbers(a->start_ns, b->start_ns);
}

/* A process's descriptors come one after the other. */
static bool is_last(const struct holder_findings *findings, const struct process *process)
{
	return findings->n_processes &&
	       !memcmp(&findings->processes[findings->n_processes - 1], process, sizeof(*process));
}

int holder_findings_add(struct holder_findings *findings, const struct process *process, int fd, unsigned int flags,
			const uint64_t *ids, size_t count)
{
	size_t i;
	int err;

	err = make_room((void **)&findings->found, &findings->capacity, findings->count + count, sizeof(*findings->found));
	if (!err)
		err = make_room((void **)&findings->processes, &findings->processes_capacity, findings->n_processes + 1,
				sizeof(*findings->processes));
	if (err)
		return err;
	if (!is_last(findings, process))
		findings->processes[findings->n_processes++] = *process;
	for (i = 0; i < count; i++)
		findings->found[findings->count++] = (struct holder_finding){
			.id = ids[i],
			.process = findings->n_processes - 1,
			.fd = fd,
			.flags = flags,
		};
	return 0;
}

static int compare_findings(const void *left, const void *right, void *context)
{
	const struct holder_finding *a = left, *b = right;
	const struct process *processes = context;

	return compare_numbers(a->id, b->id) ?: compare_numbers(a->flags & HOLDER_QUEUED, b->flags & HOLDER_QUEUED) ?:
	       compare_processes(&processes[a->process], &processes[b->process]) ?: (a->fd < b->fd ? -1 : a->fd > b->fd);
}

/* The findings of one connection: `count` of them, sorted. */
static struct held conclude(const struct holder_findings *findings, const struct holder_finding *found, size_t count)
{
	const struct holder_finding *holder = NULL;
	const struct process *last = NULL, *process;
	struct held held = { .queued = found->flags & HOLDER_QUEUED };
	size_t i;

	for (i = 0; i < count && (found[i].flags & HOLDER_QUEUED) == (found->flags & HOLDER_QUEUED); i++) {
		process = &findings->processes[found[i].process];
		held.count += !last || compare_processes(last, process);
		last = process;
		if (!holder && found[i].flags & HOLDER_IS_OWNER)
			holder = &found[i];
	}
	holder = holder ?: found;
	held.process = findings->processes[holder->process];
	held.fd = held.queued ? -1 : holder->fd;
	if (held.queued)
		held.count = 0;
	return held;
}

void holder_findings_tell(struct holder_findings *findings, void (*each)(void *context, uint64_t id, const struct held *held),
			  void *context)
{
	const struct holder_finding *found = findings->found;
	size_t begin, end;

	if (findings->count)
		qsort_r(findings->found, findings->count, sizeof(*findings->found), compare_findings, findings->processes);
	for (begin = 0; begin < findings->count; begin = end) {
		struct held held;

		for (end = begin + 1; end < findings->count && found[end].id == found[begin].id;)
			end++;
		held = conclude(findings, &found[begin], end - begin);
		each(context, found[begin].id, &held);
	}
}
