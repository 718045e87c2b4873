/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who has the sockets that wait: which wait, when to look again, and what of a look is news. The looking itself is the source's.
 * Pure: the clock is an argument.
 *
 * A look is a pass over all descriptors of the machine. It is due when sockets came to wait, when a hint says that a descriptor
 * may have changed hands, and else at a period; and never so soon that looking takes more than a hundredth of a processor.
 */
#ifndef TCPDWELL_SOURCE_HOLDERS_CHECK_H
#define TCPDWELL_SOURCE_HOLDERS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/event.h"

struct holders_check;

/* Of `states`, bit (1 << state), those in which a socket can have a descriptor, or wait for one. */
uint32_t holders_check_states(uint32_t states);

/* NULL: no memory. `states`: bit (1 << state) of those in which sockets are looked for. */
struct holders_check *holders_check_new(uint32_t states);
void holders_check_free(struct holders_check *check);

/*
 * Follows an event of any type: sockets come and go; and where a hook told of a holder itself, what a look that was begun before
 * says of it is older. 0 or -ENOMEM.
 */
int holders_check_event(struct holders_check *check, const struct transition *record);

/*
 * Follows a look at all sockets: those of states that are not asked for are looked for too, but nothing is done for their sake
 * alone: they are found when a look is due for others, or at the period. 0 or -ENOMEM.
 */
int holders_check_present(struct holders_check *check, const struct transition *record, bool gone);

/* A recount begins: all that wait are told anew. */
void holders_check_forget(struct holders_check *check);

/* Does any socket wait in a state that was asked for? Then hints are of interest. */
bool holders_check_is_urgent(const struct holders_check *check);

/* Does any socket wait? */
bool holders_check_waits(const struct holders_check *check);

bool holders_check_has(const struct holders_check *check, uint64_t id);

/* Is it time to look? `hints` is a counter that grows with each. */
bool holders_check_is_due(const struct holders_check *check, uint64_t now_ns, uint64_t hints);

/* A look: begins, adds what it finds, concludes, ends. `ids` of others than sockets that wait are passed over. */
void holders_check_begin(struct holders_check *check, uint64_t hints);
int holders_check_add(struct holders_check *check, const struct process *process, int fd, unsigned int flags, const uint64_t *ids,
		      size_t count);

/* What a look could not see: what it did not find somebody may have. */
enum holders_hidden {
	HOLDERS_IN_QUEUES = 1 << 0, /* accept queues were not read to their ends */
	HOLDERS_IN_PROCESSES = 1 << 1, /* some processes may not be looked at */
};

/*
 * Calls `tell` for each socket of which it is news who has it; start_ns 0: nobody. A socket that is not found is looked for a
 * second time before that is told.
 */
void holders_check_conclude(struct holders_check *check, unsigned int hidden,
			    void (*tell)(void *context, uint64_t id, const struct held *held), void *context);

/* The look is over. cost_ns: processor time that it took. */
void holders_check_end(struct holders_check *check, uint64_t now_ns, uint64_t cost_ns);

/* As in struct run_options. */
void holders_check_set_patience(struct holders_check *check, unsigned int patience);

/* Looks are so far apart at most, while any socket waits. */
uint64_t holders_check_period_ns(const struct holders_check *check);

#endif
