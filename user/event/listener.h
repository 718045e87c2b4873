/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A listening socket as the kernel has it now, and its accept queue. Comes as an event of type RECORD_LISTENER when it is first
 * seen, when something of it has changed, and once more when it is gone. Sockets that share an address (SO_REUSEPORT) are each one.
 *
 * Of the record: id, endpoint (local end, namespace), owner (who called listen(), or else who has it), attribution. RECORD_HOLDER
 * events of the same id tell who has its descriptor.
 */
#ifndef TCPDWELL_EVENT_LISTENER_H
#define TCPDWELL_EVENT_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#define LISTENER_NOT_KNOWN UINT64_MAX

struct listener_facts {
	bool gone;
	bool alone; /* of a look at listening sockets alone: it says nothing of others */
	uint32_t depth; /* connections that wait to be accepted */
	uint32_t backlog; /* as listen() got it, capped by somaxconn at that time; depth can be one more */
	uint32_t somaxconn; /* of the namespace now; 0 = not known */
	uint32_t half_open; /* SYN_RECV: SYNs that were answered, whose third segment did not come yet */
	uint32_t closed; /* of `depth`: the client has closed or reset already */
	uint64_t drops; /* sk_drops: what was dropped at this socket since it listens, RST segments too; LISTENER_NOT_KNOWN */
	uint64_t new_drops; /* of these since the run began; LISTENER_NOT_KNOWN */
	uint64_t oldest_ns; /* monotonic: the SYN of the first one that waits came then; 0 = none waits, or not known */
};

bool listener_facts_equal(const struct listener_facts *a, const struct listener_facts *b);

#endif
