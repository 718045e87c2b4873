/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keeps the view informed of all sockets that are there, whatever their state, and of all listening ones: passes of
 * bpf/present.bpf.h, once a second, or less often where that would take more than a hundredth of a processor. Only what changed is
 * told. Or of all listening sockets alone, which are few; then looks can be further apart while no queue of them is deep.
 */
#ifndef TCPDWELL_COLLECT_PRESENT_H
#define TCPDWELL_COLLECT_PRESENT_H

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"

struct present_watch;
struct tracer;
struct owner_finder;

struct present_watch_config {
	const struct tracer *tracer; /* made with `present`, or with `listeners` */
	struct owner_finder *owners;
	bool listeners_only; /* others are not looked at */
	/* Called with what is new: record, present or listener are filled in; valid during the call. */
	void (*tell)(void *context, struct event *event);
	void *context;
	unsigned int patience, calm_s; /* as in struct run_options */
};

/* NULL: no memory. */
struct present_watch *present_watch_new(const struct present_watch_config *config);
void present_watch_free(struct present_watch *watch);

/* Who has a listening socket, where that is told: whose are the connections that wait for it. */
void present_watch_holder(struct present_watch *watch, uint64_t id, const struct held *held);

/* Looks where it is time to. `last`: the run ends, look in any case. 0 or -ENOMEM. */
int present_watch_look(struct present_watch *watch, uint64_t now_ns, bool last);

/* When the last look that succeeded began; 0: none has. */
uint64_t present_watch_seen_ns(const struct present_watch *watch);

#endif
