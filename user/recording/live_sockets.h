/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The connections that are there while a recording goes on, so that its next file can begin with them. */
#ifndef TCPDWELL_RECORDING_LIVE_SOCKETS_H
#define TCPDWELL_RECORDING_LIVE_SOCKETS_H

#include "util/id_map.h"
#include "event/event.h"

struct recording_live {
	struct id_map sockets; /* struct live_socket, by connection id */
	struct id_map cgroups; /* char *, path by cgroup id */
	size_t left_out; /* connections that found the table full */
};

void recording_live_init(struct recording_live *live);
void recording_live_release(struct recording_live *live);

/* Follows an event. 0 or -ENOMEM. */
int recording_live_event(struct recording_live *live, const struct event *event);

/* A recount begins: all connections that are there are told anew. */
void recording_live_forget(struct recording_live *live);

/*
 * Calls `tell` with a RECORD_SOCKET event for each connection, and then a RECORD_HOLDER event where it was told who has it. Ends
 * with the first result that is not 0 and returns it.
 */
int recording_live_tell(const struct recording_live *live, const struct tick *now, struct pod_names *names,
			int (*tell)(void *context, const struct event *event), void *context);

#endif
