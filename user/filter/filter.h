/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The filters that every command shares, as given on the command line and turned into what the kernel side
 * compares: numbers. Each option has a parser; an option given again adds to the set.
 */
#ifndef TCPDWELL_FILTER_FILTER_H
#define TCPDWELL_FILTER_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "attribute/cgroup_root.h"
#include "attribute/netns.h"
#include "util/address.h"

/* Where facts about the machine are looked up; a NULL is the usual place. */
struct filter_places {
	struct netns_places netns; /* netns.proc is used for pids too */
	const char *cgroup;	   /* where cgroup2 is mounted; NULL: from /proc/self/mountinfo */
};

/* Options on names: --container, --pod, --namespace, --unit. */
enum name_kind { NAME_CONTAINER, NAME_POD, NAME_NAMESPACE, NAME_UNIT, NAME_KINDS };

/* Values of one such option, as given: each a list with commas. They live as long as the arguments. */
#define FILTER_LISTS_MAX 32
#define FILTER_NAME_BYTES 512 /* of an item of a list, with its end */

struct name_lists {
	const char *lists[FILTER_LISTS_MAX];
	unsigned int count; /* 0 = no such filter */
};

struct filter {
	uint32_t pids[FILTER_SET_MAX];
	uint64_t pid_starts[FILTER_SET_MAX]; /* PROCESS_START_NS each: another process may get the pid later; 0 = any */
	uint64_t cgroup_ids[FILTER_SET_MAX];
	uint32_t netns[FILTER_SET_MAX];
	uint64_t netns_cookies[FILTER_SET_MAX]; /* another namespace may get the number later; 0 = not known */
	uint16_t local_ports[FILTER_SET_MAX];
	uint16_t remote_ports[FILTER_SET_MAX];
	unsigned int n_pids, n_cgroups, n_netns, n_local_ports, n_remote_ports; /* 0 = no such filter */

	bool all_netns; /* asked for: -n all; n_netns is 0 then */
	bool netns_by_default; /* ours was put into the set by filter_own_netns() */

	struct name_lists names[NAME_KINDS]; /* filter/name_filter.h says what they mean */

	bool has_remote;
	struct prefix remote;
	uint16_t remote_port; /* 0 = any */

	bool ipv4_only, ipv6_only;
	uint32_t state_mask;   /* bit (1 << state); 0 = no such filter */
	char comm[COMM_BYTES]; /* "" = no such filter; cut and terminated like the kernel's */

	/*
	 * Of a recording, made on another machine perhaps: pids and namespaces are taken as numbers, cgroups as paths. Set it
	 * before parsing.
	 */
	bool recorded;
	const char *cgroup_paths[FILTER_SET_MAX]; /* below the mount; as long as the arguments live; n_cgroups of them */
	struct cgroup_root *cgroup_root; /* what stands before these in an event's paths, once it is known; NULL: nothing */

	struct filter_places places;
};

/* No filter at all. places NULL: all usual. */
void filter_init(struct filter *filter, const struct filter_places *places);

/*
 * One for each option. 0, or -EINVAL with one sentence in `error` that begins with the option and says what was
 * wrong and what is accepted; the filter is then as before. -ENOMEM and errors of reading also have a sentence.
 */
int filter_parse_pids(struct filter *filter, const char *text, char *error, size_t error_size);	  /* -p */
int filter_parse_cgroup(struct filter *filter, const char *text, char *error, size_t error_size); /* -c, one path */
int filter_parse_netns(struct filter *filter, const char *text, char *error, size_t error_size);  /* -n */
int filter_parse_local_ports(struct filter *filter, const char *text, char *error, size_t error_size);	/* -L */
int filter_parse_remote_ports(struct filter *filter, const char *text, char *error, size_t error_size); /* -D */
int filter_parse_remote(struct filter *filter, const char *text, char *error, size_t error_size);	/* --remote */
int filter_parse_states(struct filter *filter, const char *text, char *error, size_t error_size);	/* --state */
int filter_parse_names(struct filter *filter, enum name_kind kind, const char *text, char *error, size_t error_size);
int filter_parse_comm(struct filter *filter, const char *text, char *error, size_t error_size);		/* --comm */

/* Is there any filter on processes: -p, --comm, -c, --container and its like? And one that names of cgroups decide? */
bool filter_has_processes(const struct filter *filter);
bool filter_has_cgroups(const struct filter *filter);

/* Does a process pass -p? */
bool filter_wants_process(const struct filter *filter, const struct process *process);

/* The one network namespace that passes; 0: several do. */
uint32_t filter_only_netns(const struct filter *filter);

/* Does a network namespace pass? */
bool filter_wants_netns(const struct filter *filter, uint32_t inode);

/*
 * Call it after all options, of a live run. Outside of the machine's first PID namespace, as in a container, the rest of the
 * machine is not ours to show: where nothing else was asked for, our own network namespace becomes the filter.
 */
void filter_own_netns(struct filter *filter, bool in_first_pid_namespace);

/* The same for filters that were asked for in the same words, of sockets whatever their states; 0: none was. */
uint64_t filter_digest(const struct filter *filter);

/* Takes the filters on processes, cgroups and their names away. */
void filter_drop_processes(struct filter *filter);

/*
 * Call it after all options. Refuses what contradicts: -4 with -6, either with a --remote of the other family, -n all
 * with another. Sets
 * ipv6_only for an IPv6 --remote, because "::/0" as bytes and mask would match IPv4 too.
 */
int filter_check(struct filter *filter, char *error, size_t error_size);

#endif
