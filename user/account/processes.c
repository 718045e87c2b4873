// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Entries found by all that makes them, and by a number of four bytes that sockets keep. */
#include "account/processes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attribute/pod_names.h"
#include "util/shortage.h"

#define CROWD 20000
#define CROWD_IDLE_NS 5000000000ULL

/* What an entry is found by, hashed and compared as bytes. */
struct process_key {
	struct process process;
	struct known_cgroup *cgroup;
};

_Static_assert(offsetof(struct known_process, cgroup) == offsetof(struct process_key, cgroup),
	       "an entry begins with its key");
_Static_assert(sizeof(struct process_key) == sizeof(struct process) + sizeof(void *), "no padding");

static bool take_text(char **to, const char **shown, const char *from)
{
	if (*to || !from)
		return false;
	*to = strdup(from);
	*shown = *to;
	return *to;
}

static bool cgroup_take_names(struct known_cgroup *cgroup, const struct container *from)
{
	struct container *container = &cgroup->container;
	bool new = take_text(&cgroup->pod, &container->pod, from->pod);

	new |= take_text(&cgroup->namespace, &container->namespace, from->namespace);
	new |= take_text(&cgroup->name, &container->name, from->name);
	return new;
}

static void cgroup_free(struct processes *processes, struct known_cgroup *cgroup)
{
	if (cgroup->listed)
		HASH_DEL(processes->cgroups, cgroup);
	if (processes->recent_cgroup == cgroup)
		processes->recent_cgroup = NULL;
	free(cgroup->path);
	free(cgroup->pod);
	free(cgroup->namespace);
	free(cgroup->name);
	free(cgroup);
}

static struct known_cgroup *cgroup_find(const struct processes *processes, uint64_t id)
{
	struct known_cgroup *cgroup;

	HASH_FIND(hh, processes->cgroups, &id, sizeof(id), cgroup);
	return cgroup;
}

static void cgroup_list(struct processes *processes, struct known_cgroup *cgroup)
{
	struct known_cgroup *older = cgroup_find(processes, cgroup->id);

	if (older)
		HASH_DEL(processes->cgroups, older);
	if (older)
		older->listed = false;
	HASH_ADD(hh, processes->cgroups, id, sizeof(cgroup->id), cgroup);
	cgroup->listed = cgroup->hh.tbl != NULL;
}

static struct known_cgroup *cgroup_new(struct processes *processes, const struct told_process *told)
{
	struct known_cgroup *cgroup = shortage_noted(calloc(1, sizeof(*cgroup)));

	if (!cgroup)
		return NULL;
	cgroup->id = told->cgroup_id;
	cgroup->path = told->cgroup ? shortage_noted(strdup(told->cgroup)) : NULL;
	if (cgroup->path) {
		cgroup->container = *told->container;
		cgroup->container.pod = cgroup->container.namespace = cgroup->container.name = NULL;
		cgroup_take_names(cgroup, told->container);
	}
	cgroup_list(processes, cgroup);
	return cgroup;
}

/* What is counted for a cgroup without a path stays with it when the path becomes known: then there are two of them. */
static struct known_cgroup *cgroup_get(struct processes *processes, const struct told_process *told)
{
	struct known_cgroup *cgroup = processes->recent_cgroup;

	if (!cgroup || cgroup->id != told->cgroup_id)
		cgroup = cgroup_find(processes, told->cgroup_id);
	if (!cgroup || (!cgroup->path && told->cgroup))
		cgroup = cgroup_new(processes, told);
	processes->recent_cgroup = cgroup;
	return cgroup;
}

static struct known_process *process_new(struct processes *processes, const struct process_key *key)
{
	struct known_process *entry = shortage_noted(calloc(1, sizeof(*entry) + processes->n_groups * sizeof(entry->groups[0])));

	if (!entry)
		return NULL;
	memcpy(entry, key, sizeof(*key));
	HASH_ADD(hh, processes->by_process, process, sizeof(*key), entry);
	if (entry->hh.tbl && !slots_put(&processes->slots, entry, &entry->index)) {
		entry->cgroup->refs++;
		return entry;
	}
	if (entry->hh.tbl)
		HASH_DEL(processes->by_process, entry);
	free(entry);
	return NULL;
}

static struct known_process **recent_of(struct processes *processes, const struct process *process)
{
	return &processes->recent[process->pid % RECENT_PROCESSES];
}

static void process_free(struct processes *processes, struct known_process *entry)
{
	struct known_process **recent = recent_of(processes, &entry->process);

	if (*recent == entry)
		*recent = NULL;
	HASH_DEL(processes->by_process, entry);
	slots_remove(&processes->slots, entry->index);
	if (!--entry->cgroup->refs)
		cgroup_free(processes, entry->cgroup);
	free(entry);
}

int processes_init(struct processes *processes, unsigned int n_groups)
{
	struct process nobody = {};
	struct told_process told = {.process = &nobody};

	memset(processes, 0, sizeof(*processes));
	processes->n_groups = n_groups;
	processes->crowd = CROWD;
	processes_get(processes, &told, 0);
	return processes->by_process ? 0 : -ENOMEM;
}

void processes_release(struct processes *processes)
{
	struct known_process *entry, *next;

	HASH_ITER(hh, processes->by_process, entry, next)
	process_free(processes, entry);
	slots_release(&processes->slots);
	memset(processes, 0, sizeof(*processes));
}

/* Bytes behind a name's end are nobody's. */
static void key_fill(struct process_key *key, const struct told_process *told)
{
	size_t size;

	memset(key, 0, sizeof(*key));
	if (told->process->start_ns) {
		key->process = *told->process;
		size = strnlen(key->process.comm, COMM_BYTES);
		memset(key->process.comm + size, 0, COMM_BYTES - size);
	}
	key->process.cgroup_id = told->cgroup_id;
}

static struct known_process *process_find(struct processes *processes, const struct process_key *key)
{
	struct known_process *entry;

	HASH_FIND(hh, processes->by_process, key, sizeof(*key), entry);
	return entry;
}

/* Events come in runs: without making a key of it. */
static bool is_recent(const struct known_process *entry, const struct told_process *told)
{
	const struct process *known = entry ? &entry->process : NULL, *process = told->process;

	return known && known->start_ns == process->start_ns && known->cgroup_id == told->cgroup_id &&
	       (!process->start_ns || (known->pid == process->pid && known->ns_pid == process->ns_pid &&
				       !memcmp(known->comm, process->comm, COMM_BYTES))) &&
	       (entry->cgroup->path || !told->cgroup);
}

static void take_names(struct known_process *entry, const struct told_process *told)
{
	if (told->cgroup && told->container->pod && !entry->cgroup->pod)
		cgroup_take_names(entry->cgroup, told->container);
}

/* As many as were left may come again before it is worth another look. */
static void thin_out(struct processes *processes, uint64_t now_ns)
{
	if (HASH_COUNT(processes->by_process) < processes->crowd)
		return;
	processes_forget(processes, now_ns > CROWD_IDLE_NS ? now_ns - CROWD_IDLE_NS : 0);
	processes->crowd = CROWD + HASH_COUNT(processes->by_process);
}

static struct known_process *process_make(struct processes *processes, struct process_key *key,
					  const struct told_process *told, uint64_t now_ns)
{
	struct known_process *entry;

	key->cgroup = cgroup_get(processes, told);
	if (!key->cgroup)
		return NULL;
	entry = process_find(processes, key);
	if (entry)
		return entry;
	key->cgroup->refs++;
	thin_out(processes, now_ns);
	entry = process_new(processes, key);
	if (!--key->cgroup->refs)
		cgroup_free(processes, key->cgroup);
	return entry;
}

struct known_process *processes_get(struct processes *processes, const struct told_process *told, uint64_t now_ns)
{
	struct known_process **recent = recent_of(processes, told->process), *entry = *recent;
	struct process_key key;

	if (!is_recent(entry, told)) {
		key_fill(&key, told);
		entry = process_make(processes, &key, told, now_ns);
		if (!entry)
			return processes->by_process ? processes_at(processes, 0) : NULL;
		*recent_of(processes, &entry->process) = entry;
	}
	entry->last_ns = now_ns;
	take_names(entry, told);
	return entry;
}

/* Of a cgroup whose path is known there is one entry, and names may only be added to it. */
bool processes_is_still(struct processes *processes, uint32_t index, const struct process *process, const struct event *event)
{
	struct known_process *entry = processes_at(processes, index);

	if (!process->start_ns || !process->cgroup_id || !entry->cgroup->path || !process_equals(&entry->process, process) ||
	    (event->container->pod && !entry->cgroup->pod))
		return false;
	entry->last_ns = event->record.time_ns;
	return true;
}

const struct known_cgroup *processes_cgroup(const struct processes *processes, const struct known_process *entry)
{
	return entry->cgroup->path ? entry->cgroup : cgroup_find(processes, entry->cgroup->id) ?: entry->cgroup;
}

void processes_complete(struct processes *processes, struct pod_names *names)
{
	uint64_t version = pod_names_version(names);
	struct known_process *entry;

	if (processes->names_version == version)
		return;
	processes->names_version = version;
	for (entry = processes->by_process; entry; entry = entry->hh.next) {
		struct container container = entry->cgroup->container;

		pod_names_complete(names, &container);
		cgroup_take_names(entry->cgroup, &container);
	}
}

void processes_forget(struct processes *processes, uint64_t before_ns)
{
	struct known_process *entry, *next;

	HASH_ITER(hh, processes->by_process, entry, next)
	if (!entry->refs && entry->index && entry->last_ns < before_ns)
		process_free(processes, entry);
}

void processes_forget_groups(struct processes *processes)
{
	struct known_process *entry;

	for (entry = processes->by_process; entry; entry = entry->hh.next)
		memset(entry->groups, 0, processes->n_groups * sizeof(entry->groups[0]));
}
