/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Leaked sockets that have the same cause: same owner, side and service port, same state. Counts who enters and leaves
 * while we watch, and sums up the leaks of a report.
 */
#ifndef TCPDWELL_SHOW_LEAKS_GROUPS_H
#define TCPDWELL_SHOW_LEAKS_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account/sockets.h"

struct leak;
struct leak_groups;

struct leak_group {
	struct process owner; /* start_ns 0 = not known */
	uint8_t state, side;
	uint16_t service_port;
	uint64_t entered, left; /* since the run began */

	/* Of a report. */
	size_t count;
	uint64_t oldest_ns;
	bool oldest_at_least;
	size_t ended; /* sockets whose end of stream the program has read, and still did not close */
	size_t queued; /* never accepted */
	size_t remotes; /* remote addresses */
	uint8_t remote[16]; /* the one with the most sockets */
};

/* At most `max` groups; the rest share one without owner and port. NULL: no memory. */
struct leak_groups *leak_groups_new(size_t max);
void leak_groups_free(struct leak_groups *groups);

/* The group of a socket. NULL: no memory. */
struct leak_group *leak_groups_find(struct leak_groups *groups, const struct live_socket *socket);

/* Sums up. Fills in each leak's group and *ret_groups: those with leaks, most first; the caller frees it. 0 or -ENOMEM. */
int leak_groups_report(struct leak_groups *groups, struct leak *leaks, size_t count, struct leak_group ***ret_groups,
		       size_t *ret_count);

#endif
