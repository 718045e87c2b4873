/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What one pass over all descriptors found, put in order: for each connection, who has it. Pure. */
#ifndef TCPDWELL_SOURCE_HOLDER_FINDINGS_H
#define TCPDWELL_SOURCE_HOLDER_FINDINGS_H

#include <stddef.h>
#include <stdint.h>

#include "event/event.h"

/* A descriptor that leads to a connection. */
struct holder_finding {
	uint64_t id;
	uint32_t process; /* index */
	int32_t fd;
	uint32_t flags; /* enum holder_flag */
};

/* All zero to begin with. */
struct holder_findings {
	struct holder_finding *found;
	size_t count, capacity;
	struct process *processes;
	size_t n_processes, processes_capacity;
};

void holder_findings_release(struct holder_findings *findings);

/* A descriptor of a process, and the connections that it leads to. 0 or -ENOMEM. */
int holder_findings_add(struct holder_findings *findings, const struct process *process, int fd, unsigned int flags,
			const uint64_t *ids, size_t count);

/*
 * Once all are there: calls `each` for every connection, ascending by id, with who has it. The holder is the owner while it is
 * among them, else the process with the lowest pid; a descriptor of the connection itself counts before a place in an accept queue.
 */
void holder_findings_tell(struct holder_findings *findings, void (*each)(void *context, uint64_t id, const struct held *held),
			  void *context);

#endif
