/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The processes that live sockets belong to, each kept once with its cgroup: thousands of sockets share a few. A
 * process that takes another name or moves to another cgroup is another entry. An entry stays while a socket refers to
 * it; one that no socket refers to is a memory that can be given up at any time.
 */
#ifndef TCPDWELL_ACCOUNT_PROCESSES_H
#define TCPDWELL_ACCOUNT_PROCESSES_H

#include "event/event.h"
#include "util/hash.h"
#include "util/slots.h"

struct group;

struct known_cgroup {
	uint64_t id; /* 0 = not known */
	char *path; /* NULL = not known; the container is empty then */
	char *pod, *namespace, *name; /* the container's, as they became known */
	struct container container; /* its names are the ones above */
	uint32_t refs; /* entries of processes */
	bool listed; /* the newest of this id */
	UT_hash_handle hh;
};

/* Does a process pass the filters? */
enum verdict { VERDICT_OPEN, VERDICT_PASS, VERDICT_REJECT, VERDICT_MISSING /* a path or names that may still come decide */ };

struct known_process {
	struct process process; /* start_ns 0: none is known; cgroup_id may be the socket's then */
	struct known_cgroup *cgroup; /* never NULL */
	uint32_t index; /* names it in struct live_socket; 0: nothing at all is known */
	uint32_t refs; /* of live sockets */
	uint8_t verdict; /* enum verdict */
	uint64_t last_ns; /* when it was last asked for */
	UT_hash_handle hh;
	struct group
		*groups[]; /* one for each grouping by processes: where its sockets are counted, NULL = not looked up */
};

#define RECENT_PROCESSES 256

struct processes {
	struct slots slots; /* all of them, the first of them nobody */
	unsigned int n_groups; /* pointers of each entry */
	struct known_process *by_process;
	struct known_cgroup *cgroups; /* by id */
	struct known_cgroup *recent_cgroup;
	struct known_process *recent[RECENT_PROCESSES]; /* by pid */
	uint64_t names_version; /* of the names that containers have */
	unsigned int crowd; /* when there are so many, those of no use are given up */
};

/* 0 or -ENOMEM; release also after a failure. */
int processes_init(struct processes *processes, unsigned int n_groups);
void processes_release(struct processes *processes);

/* A process as an event tells of it. */
struct told_process {
	const struct process *process; /* start_ns 0: nobody is known, only perhaps a cgroup */
	uint64_t cgroup_id; /* 0 = not known */
	const char *cgroup; /* path; NULL = not told: what is known of the id by now is taken */
	const struct container *container; /* where the path is told */
};

/* The entry of a process, made if need be. Never NULL: without memory it is entry 0. */
struct known_process *processes_get(struct processes *processes, const struct told_process *told, uint64_t now_ns);

/*
 * Is the entry of that number what processes_get() would return for an event's process, so that it need not be asked? Then it is as if
 * it had been.
 */
bool processes_is_still(struct processes *processes, uint32_t index, const struct process *process, const struct event *event);

static inline struct known_process *processes_at(const struct processes *processes, uint32_t index)
{
	return processes->slots.at[index];
}

/* Containers take over names that became known. */
void processes_complete(struct processes *processes, struct pod_names *names);

/* What is known by now of the cgroup of an entry, though the entry may be from before. */
const struct known_cgroup *processes_cgroup(const struct processes *processes, const struct known_process *entry);

/* Gives up entries that no socket refers to and nobody asked for since `before_ns`. */
void processes_forget(struct processes *processes, uint64_t before_ns);

/* Pointers to groups are no longer good. */
void processes_forget_groups(struct processes *processes);

#endif
