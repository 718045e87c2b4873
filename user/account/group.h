/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A group of sockets: what they have in common (a process, a cgroup, …), and for each state the counts that every view
 * shows. created + seeded - left = live now.
 */
#ifndef TCPDWELL_ACCOUNT_GROUP_H
#define TCPDWELL_ACCOUNT_GROUP_H

#include <uthash.h>

#include "event/event.h"
#include "util/histogram.h"
#include "util/json.h"

/* What rows are grouped by. */
enum group_key { GROUP_PROCESS, GROUP_CGROUP, GROUP_CONTAINER, GROUP_POD, GROUP_REMOTE, GROUP_PORT, GROUP_KEYS };

enum group_kind {
	GROUP_KNOWN,
	GROUP_NONE, /* a process that is in no container, in no pod */
	GROUP_UNKNOWN, /* no process, no cgroup, no side is known */
	GROUP_OTHER, /* ~other: what was not kept apart */
};

/* Compared as bytes: unused ones are zero. */
struct group_name {
	uint8_t by; /* enum group_key */
	uint8_t kind; /* enum group_kind */
	uint8_t side; /* remote */
	uint8_t padding[3];
	uint16_t port; /* remote, port: the service port */
	union {
		struct {
			uint64_t start_ns;
			uint32_t pid, ns_pid;
		} process;
		uint64_t cgroup_id;
		uint8_t addr[16]; /* remote */
		char id[72]; /* container, pod */
	};
};

_Static_assert(sizeof(struct group_name) == 80, "no hidden padding");

/* Of one state. Counters only grow; what happened in an interval is a difference. */
struct account {
	struct state_totals count;
	uint64_t created_before; /* count.created when the interval began */
	double rate; /* entries a second in the interval before */
	struct histogram dwell; /* of the sockets that left and whose begin was seen */
	struct histogram open; /* ages of those that are there, made anew by ledger_age() */
	uint64_t open_at_least; /* of these: may be older, their begin was not seen */
};

struct group {
	struct group_name name;
	char *detail; /* comm, path of the cgroup, runtime of the container; NULL = none */
	char *namespace, *pod, *container; /* of containers and pods: Kubernetes' names, NULL = not known (yet) */
	char pod_uid[37]; /* of containers: the pod that it is in, "" = none */
	char *label; /* for people: "java[4711]", "from 10.0.0.7 to :8080", "unknown", "~other"; safe for a terminal; never NULL */
	uint64_t last_ns; /* its last event */
	uint64_t held; /* live sockets that are remembered by id point here */
	uint64_t oldest_ns; /* since when its oldest live CLOSE_WAIT is there; 0 = none; see ledger_age() */
	bool oldest_at_least; /* it may be older: its begin was not seen */
	UT_hash_handle hh;
	unsigned int n_accounts;
	struct account accounts[]; /* by the table's state index */
};

/* What an event's socket is grouped by while in `state`. */
void group_name_of(struct group_name *name, unsigned int by, const struct event *event, unsigned int state);

/* event NULL: without detail. NULL: no memory. */
struct group *group_new(const struct group_name *name, unsigned int n_accounts, const struct event *event);
void group_free(struct group *group);

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

/* "process", "cgroup", … */
const char *group_by_name(unsigned int by);

#endif
