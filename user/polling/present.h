/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a look of polling found, as looks at all sockets tell it (event/present.h, event/listener.h). */
#ifndef TCPDWELL_POLLING_PRESENT_H
#define TCPDWELL_POLLING_PRESENT_H

#include "event/event.h"

struct cgroup_names;
struct polled_present;
struct polled_sockets;

/*
 * NULL: no memory. `tell` gets events of RECORD_PRESENT and RECORD_LISTENER, or of the latter alone; UTC is not filled in. Both tables
 * stay the caller's.
 */
struct polled_present *polled_present_new(struct polled_sockets *sockets, struct cgroup_names *cgroups, bool listeners_only,
					  void (*tell)(void *context, struct event *event), void *context);
void polled_present_free(struct polled_present *present);

/* Tells what the last look found. 0 or negative errno. */
int polled_present_look(struct polled_present *present);

#endif
