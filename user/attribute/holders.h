/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who holds which socket now: from a connection's ends to the kernel's socket, and from its inode to every process that has
 * a descriptor of it. Looks at each descriptor of the machine once, so ask for all sockets at once.
 */
#ifndef TCPDWELL_ATTRIBUTE_HOLDERS_H
#define TCPDWELL_ATTRIBUTE_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute/holders_list.h"

/* One descriptor. A process that has two is there twice. */
struct holder {
	uint32_t pid; /* in tcpdwell's PID namespace */
	int fd;
	struct process process;
};

struct held_socket {
	struct endpoint endpoint; /* asked for */
	uint8_t state; /* asked for: a socket that left it since is not found */

	bool looked; /* its namespace could be listed */
	bool found;
	struct listed_socket listed; /* where found */
	struct holder *holders; /* ascending by process id and descriptor */
	size_t holder_count;
};

/*
 * Fills in what is known of the sockets. proc NULL: /proc. 0 or negative errno, with what could be found filled in even so;
 * -EACCES: some processes' descriptors or some namespaces may not be looked at. Release them after either.
 */
int holders_find(struct held_socket *sockets, size_t count, const char *proc);
void holders_release(struct held_socket *sockets, size_t count);

/* The process of a /proc folder: name, pid in its own namespace, start. False when it is gone. */
bool holder_process_read(const char *proc, uint32_t pid, struct process *process);

#endif
