/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keeps the view informed who has the sockets that wait: looks when source/holders_check.h says so, with the kernel side's pass. */
#ifndef TCPDWELL_COLLECT_HOLDERS_H
#define TCPDWELL_COLLECT_HOLDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"

struct holders;
struct snapshot;
struct tracer;

/*
 * NULL: no memory. `states` as in struct run_needs; 0: nothing is ever done. `tell` is called for each socket of which it is news
 * who has it (start_ns 0: nobody); `present`: holders_present() will tell of others, whatever their state. The tracer and the snapshot stay the caller's.
 */
struct holders *holders_new(const struct tracer *tracer, struct snapshot *snapshot, uint32_t states, bool present,
			    void (*tell)(void *context, uint64_t id, const struct held *held), void *context, unsigned int patience);
void holders_free(struct holders *holders);

/* Follows every event that the view gets. 0 or -ENOMEM. */
int holders_event(struct holders *holders, const struct transition *record);

/* Follows a look at all sockets: of RECORD_PRESENT and RECORD_LISTENER. 0 or -ENOMEM. */
int holders_present(struct holders *holders, const struct event *event, bool gone);

/* A recount begins. */
void holders_forget(struct holders *holders);

/* Looks if it is time to. `last`: the run ends, look if anything waits. */
void holders_look(struct holders *holders, uint64_t now_ns, bool last);

/* As struct tick has them. */
uint64_t holders_period_ns(const struct holders *holders);
uint64_t holders_seen_ns(const struct holders *holders);

#endif
