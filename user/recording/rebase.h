/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counters of the kernel are told with what of them is new since their run began. For a view that begins later, new is what came
 * since then.
 */
#ifndef TCPDWELL_RECORDING_REBASE_H
#define TCPDWELL_RECORDING_REBASE_H

#include "event/event.h"
#include "event/listener.h"
#include "event/namespace_facts.h"
#include "util/id_map.h"

struct rebase {
	struct id_map listeners, namespaces; /* as they were when the view began */
	struct listener_facts listener; /* the last that was told */
	struct namespace_facts namespace;
};

void rebase_init(struct rebase *rebase);
void rebase_release(struct rebase *rebase);

/* What is there when the view begins: of its RECORD_LISTENER and RECORD_NAMESPACE events nothing is new. 0 or -ENOMEM. */
int rebase_begin(struct rebase *rebase, const struct event *event);

/* The event as the view is to be told; what it points to is valid until the next one. */
struct event rebase_event(struct rebase *rebase, const struct event *event);

#endif
