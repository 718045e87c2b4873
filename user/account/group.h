/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A group of sockets: what they have in common (a process, a cgroup, …, or two of these), and for each state the counts that
 * every view shows. created + seeded + moved_in - moved_out - left = live now.
 */
#ifndef TCPDWELL_ACCOUNT_GROUP_H
#define TCPDWELL_ACCOUNT_GROUP_H

#include "account/failures.h"
#include "account/processes.h"
#include "event/event.h"
#include "util/histogram.h"
#include "util/json.h"

/* What rows are grouped by. */
enum group_key {
	GROUP_PROCESS,
	GROUP_CGROUP,
	GROUP_CONTAINER,
	GROUP_POD,
	GROUP_REMOTE, /* remote address, side and service port */
	GROUP_PORT, /* service port */
	GROUP_COMM, /* name of the process */
	GROUP_UNIT, /* of systemd */
	GROUP_KEYS, /* that a user can name */
	GROUP_SERVICE = GROUP_KEYS, /* side and service port */
	GROUP_WORKLOAD, /* the container, or else the unit */
	GROUP_ALL_KEYS,
};

/* A grouping, `by` everywhere: one key as it is, or two of them. */
#define GROUP_PARTS 2
#define GROUP_BY_BOTH(first, second) ((first) | ((second) + 1U) << 8)
#define GROUP_BY_TEXT 32

/* The key number `part`, -1: there are no more. */
int group_by_key(unsigned int by, unsigned int part);

/* "process", "process,remote", … and back. -EINVAL: not keys, or two of which one tells the other. */
void group_by_name(char out[GROUP_BY_TEXT], unsigned int by);
int group_by_parse(const char *text);

/* All keys, for a message: "process, comm, …". */
void group_by_list(char *out, size_t size);

/* Is it told by the process alone, whatever its sockets' ends? */
bool group_by_is_of_process(unsigned int by);

enum group_kind {
	GROUP_KNOWN,
	GROUP_NONE, /* a process that is in no container, in no pod */
	GROUP_UNKNOWN, /* no process, no cgroup, no side is known */
	GROUP_OTHER, /* ~other: what was not kept apart */
};

/* Compared as bytes: unused ones are zero. */
struct group_part {
	uint8_t by; /* enum group_key */
	uint8_t kind; /* enum group_kind */
	uint8_t side; /* remote, service; workload: 1 = a container */
	uint8_t bits; /* remote: of a network's mapped prefix, 120 is an IPv4 /24; 0 = one address */
	uint8_t padding[2];
	uint16_t port; /* remote, port, service: the service port */
	union {
		struct {
			uint64_t start; /* in units of 10 ms, as /proc has it too */
			uint32_t pid, ns_pid;
		} process;
		uint64_t cgroup_id;
		uint8_t addr[16]; /* remote */
		char id[128]; /* comm, unit, container, pod, workload */
	};
};

_Static_assert(sizeof(struct group_part) == 136, "no hidden padding");

struct group_name {
	struct group_part parts[GROUP_PARTS]; /* a second one only where sockets are grouped by two keys */
};

/* What is shown of a part beside its key. */
struct group_words {
	char *detail; /* comm, path of the cgroup, runtime of the container; NULL = none */
	char *namespace, *pod, *container; /* of containers and pods: Kubernetes' names, NULL = not known (yet) */
	char pod_uid[37]; /* of containers: the pod that it is in, "" = none */
};

/* Of one state. What happened in an interval is a difference. */
struct account {
	struct state_totals count;
	int64_t came; /* entries since we attached, each counted for who has the socket now or had it last */
	int64_t grown; /* of these the ones that are there, less those from before that left */
	int64_t came_before; /* `came` when the interval began */
	double rate; /* of `came`, a second, in the interval before */
	struct histogram dwell; /* of the sockets that left and whose begin was seen */
	struct histogram open; /* ages of those that are there, made anew by model_age() */
	uint64_t open_at_least; /* of these: may be older, their begin was not seen */
};

/* What the last looks at all sockets found (account/present.h). */
struct present_counts {
	int64_t states[16]; /* by state number; TIME_WAIT is not among them */
	int64_t accept_queue; /* of these: wait to be accepted, in any state */
	int64_t accept_backlog; /* of its listeners: how many may wait */
	uint64_t accept_drops; /* of its listeners: SYNs and connections dropped since the run began */
	int64_t held; /* sockets that point here */
};

struct group {
	struct group_name name;
	struct group_words words[GROUP_PARTS];
	unsigned int n_parts;
	uint32_t index; /* names it in struct live_socket; 0: ~other */
	char *label; /* for people: "java[4711]", "from 10.0.0.7 to :8080", "unknown", "~other"; safe for a terminal; never NULL */
	uint64_t last_ns; /* its last event */
	uint64_t held; /* live sockets that are remembered by id point here */
	uint64_t oldest_ns; /* since when its oldest live CLOSE_WAIT is there; 0 = none; see model_age() */
	bool oldest_at_least; /* it may be older: its begin was not seen */
	struct present_counts present;
	struct failures *failures; /* NULL: none */
	uint64_t drops_before; /* present.accept_drops when the interval began */
	uint64_t drops_ns; /* when it grew last; 0 = never */
	UT_hash_handle hh;
	uint64_t time_wait_overflows; /* sockets that could not enter TIME_WAIT: tcp_max_tw_buckets */
	uint64_t connect_failures[CONNECT_FAILURES];
	unsigned int n_accounts;
	struct account accounts[]; /* by the table's state index */
};

/* A socket as far as groups are told by it. */
struct group_subject {
	const struct known_process *process; /* the charged one, never NULL */
	const struct endpoint *endpoint; /* NULL where the grouping is of processes */
	uint8_t side;
	bool stays; /* nothing that groups are told by changed since it was counted last */
};

/* The bytes of a name that tell groups of a grouping apart, a multiple of 8; those behind them are zero in a group's own. */
size_t group_name_bytes(unsigned int by);

/* Only these bytes are filled in. */
void group_name_of(struct group_name *name, unsigned int by, const struct group_subject *subject);

/* subject NULL: without words, as ~other is. NULL: no memory. */
struct group *group_new(const struct group_name *name, unsigned int by, unsigned int n_accounts,
			const struct group_subject *subject);
/*
 * A group for all that differ from `member` in a remote part's address alone, within this prefix. Nothing is counted in it
 * yet. NULL: no memory.
 */
struct group *group_new_network(const struct group *member, const struct group_name *name);
void group_free(struct group *group);

/* GROUP_OTHER, and else what is worst known of its parts. */
enum group_kind group_kind(const struct group *group);

/* The process that a part is of, as it is called now. False where it is of none. */
bool group_process(const struct group *group, unsigned int part, struct process *process);

/* The process is called so now. */
void group_rename(struct group *group, const struct known_process *process);

/* Takes over names that became known; the label follows. */
void group_complete(struct group *group, struct pod_names *names);

/* Adds all that `from` counted, so that sums stay when it is forgotten. */
void group_add(struct group *group, const struct group *from);

/* No live sockets in any state, as far as known. */
bool group_is_closed(const struct group *group);

/* The text of group->label, at most `size` bytes with its end. */
#define GROUP_LABEL 512
void group_label_text(char *out, size_t size, const struct group *group);

/* The order of labels; of equal ones any, but always the same. */
int group_compare(const struct group *a, const struct group *b);

/* The key's fields into an object that is open: "label", "kind", and pid, cgroup_id, … by what is grouped. */
void group_json(struct json *json, const struct group *group);

/* What happened in it that leaves no socket: connects that failed, sockets that TIME_WAIT had no room for. */
void group_happened_json(struct json *json, const struct group *group, uint32_t unseen_failures);

/*
 * "<state>_now" of each state that is not in the mask `others` (bit (1 << state)), "accept_queue_now", "accept_backlog",
 * "accept_overflows", into an object that is open.
 */
void present_counts_json(struct json *json, const struct present_counts *counts, uint32_t others);

#endif
