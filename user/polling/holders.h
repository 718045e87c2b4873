/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who has the polled sockets that wait, from /proc: looked for when source/holders_check.h says so. */
#ifndef TCPDWELL_POLLING_HOLDERS_H
#define TCPDWELL_POLLING_HOLDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"

struct cgroup_names;
struct polled_holders;
struct polled_sockets;

/*
 * NULL: no memory. `states` as in struct run_needs; 0: nothing is ever done. `tell` is called for each socket of which it is news
 * who has it (start_ns 0: nobody). Both tables stay the caller's.
 */
struct polled_holders *polled_holders_new(struct polled_sockets *sockets, struct cgroup_names *cgroups, uint32_t states, bool present,
					  void (*tell)(void *context, uint64_t id, const struct held *held), void *context);
void polled_holders_free(struct polled_holders *holders);

/* Follows every event that the view gets. 0 or -ENOMEM. */
int polled_holders_event(struct polled_holders *holders, const struct transition *record);

/* Follows a look at all sockets. 0 or -ENOMEM. */
int polled_holders_present(struct polled_holders *holders, const struct transition *record, bool gone);

/* Looks if it is time to. `last`: the run ends, look if anything waits. */
void polled_holders_look(struct polled_holders *holders, bool last);

/* As struct tick has it. */
uint64_t polled_holders_period_ns(const struct polled_holders *holders);
uint64_t polled_holders_seen_ns(const struct polled_holders *holders);

#endif
