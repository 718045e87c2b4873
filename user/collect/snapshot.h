/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Runs the kernel side's iterators: seeding when we start, reconciliation now and then. What they find arrives as records
 * in the ring buffer, like events.
 */
#ifndef TCPDWELL_COLLECT_SNAPSHOT_H
#define TCPDWELL_COLLECT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct holder_record;
struct tracer;

struct snapshot;

/*
 * A timewait socket that no event told of may be told later: sweeps take so many times less of a processor, as long as they are not
 * more than ten seconds apart for it, or five where some may have ended without an event.
 */
void snapshot_be_patient(struct snapshot *snapshot, unsigned int patience);

/* There is a sign that timewait sockets ended without an event. */
void snapshot_expect_ends(struct snapshot *snapshot);

/* NULL: no memory. `drain` is called while much is found, so that the ring buffer does not overflow. */
struct snapshot *snapshot_new(const struct tracer *tracer, void (*drain)(void *context), void *context);
void snapshot_free(struct snapshot *snapshot);

/*
 * Processes, descriptors, then the sockets of every network namespace that the filter lets pass. 0 or negative errno, -E2BIG: there
 * are others, in chains or tables that were too many.
 */
int snapshot_seed(struct snapshot *snapshot);

/* Whose are which credentials, and who holds which socket, as of now. 0 or negative errno. */
int snapshot_processes(struct snapshot *snapshot);
int snapshot_descriptors(struct snapshot *snapshot);

/* Called with each record of bpf/holder.bpf.h: a descriptor, and the connections that it leads to. 0, or negative errno ends it. */
typedef int snapshot_holder_fn(void *context, const struct holder_record *record, const uint64_t *ids);

/* Who has the sockets in the tracer's holder_states, as of now: a pass over all descriptors of the machine. 0 or negative errno. */
int snapshot_holders(struct snapshot *snapshot, snapshot_holder_fn *each, void *context);

/*
 * Those sockets again: enters those that no event told of. Worth it when the kernel skipped some,
 * and when a table was full. 0 or negative errno.
 */
int snapshot_adopt(struct snapshot *snapshot);

/* Did the last of these walks meet sockets for which the tables had no room? */
bool snapshot_is_crowded(const struct snapshot *snapshot);

/*
 * Compare the tables with the kernel's sockets. 0 or negative errno.
 * Timewait sockets: those that were killed are found only so. Bounded: after a sweep that took long the next one waits so
 * long that no more than half a percent of a CPU goes there. Of those that no event told of, those a moment old are told by the
 * next sweep, as their event may still come; SWEEP_LAST: there will be no other.
 * Full sockets: their ends are events; worth it when the kernel skipped some, and now and then, since not all that are lost are
 * counted. Or only those from before, of which some may have ended while they were listed.
 */
enum sweep_urgency { SWEEP_WHEN_DUE, SWEEP_AT_ONCE, SWEEP_LAST };
int snapshot_sweep_time_wait(struct snapshot *snapshot, uint64_t now_ns, enum sweep_urgency urgency);
int snapshot_sweep_sockets(struct snapshot *snapshot, uint64_t now_ns);
int snapshot_sweep_seeded(struct snapshot *snapshot);

/* Room for new sockets where it is short: see collect/room.h. A pause of five hundred times as long follows each pass. 0 or negative errno. */
int snapshot_make_room(struct snapshot *snapshot, uint64_t now_ns);

/* What became of connections that were set aside, as an event was of another one in the same memory; nothing where there are none. */
int snapshot_sweep_aside(struct snapshot *snapshot);

/*
 * Is it time for a sweep of full sockets: each 3 s, for a thousandth of a CPU at most, or each minute where that is more? Who is patient
 * waits for up to ten seconds. A look for ports is one too.
 */
bool snapshot_sockets_due(const struct snapshot *snapshot, uint64_t now_ns);

/* If there are sockets whose local port was not known when they entered SYN_SENT: tells of them, once a second at most. */
int snapshot_sweep_portless(struct snapshot *snapshot, uint64_t now_ns);

/* From now on sweeps tell anew of all sockets. What the ring buffer holds is drained before this returns. */
void snapshot_next_listing(struct snapshot *snapshot);

/* Did the last sweep leave timewait sockets untold whose event may still come? */
bool snapshot_awaits_events(const struct snapshot *snapshot);

/* Did the last sweeps find sockets that the ring buffer had no room to tell of? */
bool snapshot_untold(const struct snapshot *snapshot);

#endif
