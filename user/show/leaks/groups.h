/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Leaks that have the same cause: same process, side and service port, same state. Sums them up from a report's
 * sockets. */
#ifndef TCPDWELL_SHOW_LEAKS_GROUPS_H
#define TCPDWELL_SHOW_LEAKS_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account/model.h"

/* What the groups of the model are of. */
#define LEAK_GROUPING GROUP_BY_BOTH(GROUP_PROCESS, GROUP_SERVICE)

struct leak;

struct leak_group {
	const struct group *group; /* of the model */
	struct process process; /* the charged one, as it is called now; start_ns 0 = not known, or several */
	uint8_t state, side;
	uint16_t service_port;
	int64_t grown; /* who came less who left, since the run began */
	size_t count;
	uint64_t oldest_ns, youngest_ns; /* ages */
	bool oldest_at_least;
	size_t ended; /* sockets whose end of stream the program has read, and still did not close */
	size_t queued; /* never accepted */
	size_t remotes; /* remote addresses */
	uint8_t remote[16]; /* the one with the most sockets */
};

/* Fills in *ret_groups, most sockets first; the caller frees it. Sorts `leaks` as it likes. 0 or -ENOMEM. */
int leak_groups_make(const struct model *model, struct leak *leaks, size_t count, struct leak_group **ret_groups,
		     size_t *ret_count);

#endif
