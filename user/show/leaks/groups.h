/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Leaks that have the same cause: same process, side and service port, same state. Sums them up from a report's sockets, and
 * says what their number does. Pure.
 */
#ifndef TCPDWELL_SHOW_LEAKS_GROUPS_H
#define TCPDWELL_SHOW_LEAKS_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account/model.h"
#include "attribute/program.h"

/* What the groups of the model are of. */
#define LEAK_GROUPING GROUP_BY_BOTH(GROUP_PROCESS, GROUP_SERVICE)

struct leak;

struct leak_group {
	const struct group *group; /* of the model; of several processes' the first */
	size_t cause; /* a number from 0 on; its leaks have it too */
	struct process process; /* the charged one, as it is called now; start_ns 0 = not known, or several */
	size_t processes; /* 1, or more where groups were folded: `process` is one of them */
	uint8_t state, side;
	uint16_t service_port;
	size_t count;
	size_t ended; /* of CLOSE_WAIT: the program has read the end of stream, and still did not close */
	size_t unread; /* of CLOSE_WAIT: accepted, and the program has not read all */
	size_t queued; /* never accepted */
	const struct process *maker; /* of all of them, as struct leak has it; NULL: there is none, or several */
	size_t remotes; /* remote addresses */
	uint8_t remote[16]; /* the one with the most sockets */
	uint64_t oldest_ns, newest_ns; /* ages */
	bool oldest_at_least, newest_at_least;

	/* Of all sockets of the cause, those that are too young for the report too. */
	size_t in_state;
	uint64_t youngest_ns; /* age */
	bool youngest_at_least; /* of all of them no more is known */
	int64_t grown; /* who came less who left, since the run began */
	size_t came; /* of those that are there */
	uint64_t first_ns, last_ns; /* ages of the first and the last of these */

	/* Of the process, where it was asked: "", false = not known. */
	char program[PROGRAM_BYTES], cmdline[CMDLINE_BYTES];
	bool fds_known;
	uint64_t fds, fds_limit; /* descriptors open and allowed; UINT64_MAX = no limit */
	struct {
		uint32_t pid; /* 0: not known */
		uint64_t fds, limit;
	} fullest; /* of several processes the one with the fewest left */
};

/*
 * Fills in *ret_groups, most sockets first; the caller frees it. Sorts `leaks` as it likes, and fills in the group's number of
 * each. `now_ns` is the report's. 0 or -ENOMEM.
 */
int leak_groups_make(const struct model *model, struct leak *leaks, size_t count, uint64_t now_ns, struct leak_group **ret_groups,
		     size_t *ret_count);

/*
 * Many groups that differ by the process alone, as of a server that forks for each connection, become one: in place. Returns how
 * many groups are left; most sockets first again.
 */
size_t leak_groups_fold(struct leak_group *groups, size_t count);

/* What a group's number does. */
enum leak_growth {
	LEAK_STEADY, /* as many as there were */
	LEAK_CHANGED, /* more or fewer, in too short a time or too suddenly to be called a rate */
	LEAK_GROWS, /* steadily: a rate */
	LEAK_FULL, /* grew no more: descriptors_are_full() */
};

#define LEAK_RATE_WATCH_NS 20000000000ULL /* so long at least it is watched before a growth is called a rate */

enum leak_growth leak_growth_of(const struct leak_group *group, uint64_t watched_ns);

/* Seconds until the process has no descriptor left, at a rate; 0 = does not apply. */
double leak_seconds_to_full(const struct leak_group *group, uint64_t watched_ns);

#endif
