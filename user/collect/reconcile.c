// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Timewait sockets are swept while there are any. All else is looked for only when something was missed. */
#include "collect/reconcile.h"

#include "collect/snapshot.h"
#include "event/event.h"
#include "util/stop.h"

#define NSEC_PER_MSEC 1000000ULL
#define SETTLING_NS (500 * NSEC_PER_MSEC)
#define ADOPT_INTERVAL_NS (1000 * NSEC_PER_MSEC)
#define BIRTH_NS (2500 * NSEC_PER_MSEC) /* a sweep leaves younger sockets alone (bpf/sweep.bpf.h) */
#define CALM_NS (300 * NSEC_PER_MSEC) /* nothing was lost for so long: the reader keeps up again */
#define RECOUNT_INTERVAL_NS (5000 * NSEC_PER_MSEC) /* where it does not */
#define RECOUNT_SHARE 20 /* a recount of 1 s is followed by 20 s at least */
#define LOOK_SHARE 50 /* a walk over the kernel's sockets of 20 ms is followed by a second */
#define LOOK_INTERVAL_MAX_NS (8000 * NSEC_PER_MSEC)
#define RECOUNT_SWEEPS 8 /* the ring buffer may be too small for one */

/*
 * Full sockets are swept when the kernel skipped our program, and again when what was too young to be judged then no longer is;
 * at the end; when not all could be told; and now and then all the same.
 */
static bool sweep_is_due(const struct reconciler *reconciler, const struct reconcile_facts *facts, bool skipped)
{
	return facts->last || skipped || snapshot_untold(reconciler->snapshot) ||
	       snapshot_sockets_due(reconciler->snapshot, facts->now_ns) ||
	       (reconciler->sweep_again_ns && facts->now_ns >= reconciler->sweep_again_ns);
}

static void sweep_sockets(struct reconciler *reconciler, const struct reconcile_facts *facts)
{
	bool skipped = reconciler->swept_skips != facts->skipped;

	if (!facts->last && facts->now_ns - reconciler->begin_ns < SETTLING_NS)
		return;
	if (!reconciler->swept_seeded) {
		reconciler->swept_seeded = true;
		snapshot_sweep_seeded(reconciler->snapshot);
	}
	snapshot_sweep_aside(reconciler->snapshot);
	if (!sweep_is_due(reconciler, facts, skipped))
		return;
	if (skipped && facts->now_ns - reconciler->adopted_ns > ADOPT_INTERVAL_NS) {
		reconciler->adopted_ns = facts->now_ns;
		snapshot_adopt(reconciler->snapshot);
	}
	reconciler->sweep_again_ns = skipped ? facts->now_ns + BIRTH_NS : 0;
	reconciler->swept_skips = facts->skipped;
	snapshot_sweep_sockets(reconciler->snapshot, facts->now_ns);
}

/* As long as records are being lost a recount would add to what the reader can't take. */
static bool recount_is_due(struct reconciler *reconciler, const struct reconcile_facts *facts)
{
	if (facts->lost != reconciler->seen_lost) {
		reconciler->seen_lost = facts->lost;
		reconciler->lost_ns = facts->now_ns;
	}
	if (facts->lost == reconciler->recounted_lost)
		return false;
	return facts->last || facts->now_ns - reconciler->lost_ns >= CALM_NS ||
	       facts->now_ns >= reconciler->recount_again_ns;
}

/* Records were lost: nobody knows which. So all that is there is told anew. */
static void recount(struct reconciler *reconciler, const struct reconcile_facts *facts)
{
	uint64_t wait_ns;
	int i;

	reconciler->recounted_lost = facts->lost;
	snapshot_next_listing(reconciler->snapshot);
	reconciler->recount(reconciler->context, true);
	for (i = 0; i < RECOUNT_SWEEPS && (!i || snapshot_untold(reconciler->snapshot)) && !stop_cuts_looks(); i++) {
		snapshot_sweep_time_wait(reconciler->snapshot, facts->now_ns, facts->last ? SWEEP_LAST : SWEEP_AT_ONCE);
		snapshot_sweep_sockets(reconciler->snapshot, facts->now_ns);
	}
	reconciler->recount(reconciler->context, false);
	wait_ns = (clock_monotonic_ns() - facts->now_ns) * RECOUNT_SHARE;
	reconciler->recount_again_ns = facts->now_ns + (wait_ns > RECOUNT_INTERVAL_NS ? wait_ns : RECOUNT_INTERVAL_NS);
}

/*
 * A table was full: what found no room is looked for until all has it. After the recount, which ends what was told of a socket that
 * then found none.
 */
static void look_for_unfollowed(struct reconciler *reconciler, const struct reconcile_facts *facts)
{
	uint64_t pause_ns;

	if (facts->lost != reconciler->recounted_lost || (!facts->last && facts->now_ns < reconciler->look_again_ns))
		return;
	if (facts->unfollowed == reconciler->looked_unfollowed && !snapshot_is_crowded(reconciler->snapshot))
		return;
	reconciler->looked_unfollowed = facts->unfollowed;
	snapshot_adopt(reconciler->snapshot);
	pause_ns = (clock_monotonic_ns() - facts->now_ns) * LOOK_SHARE;
	pause_ns = pause_ns < LOOK_INTERVAL_MAX_NS ? pause_ns : LOOK_INTERVAL_MAX_NS;
	reconciler->look_again_ns = facts->now_ns + (pause_ns > ADOPT_INTERVAL_NS ? pause_ns : ADOPT_INTERVAL_NS);
}

void reconcile(struct reconciler *reconciler, const struct reconcile_facts *facts)
{
	if (facts->signs != reconciler->seen_signs)
		snapshot_expect_ends(reconciler->snapshot);
	reconciler->seen_signs = facts->signs;
	if (facts->has_time_wait || snapshot_awaits_events(reconciler->snapshot) || facts->last)
		snapshot_sweep_time_wait(reconciler->snapshot, facts->now_ns, facts->last ? SWEEP_LAST : SWEEP_WHEN_DUE);
	sweep_sockets(reconciler, facts);
	if (facts->connects)
		snapshot_sweep_portless(reconciler->snapshot, facts->now_ns);
	snapshot_make_room(reconciler->snapshot, facts->now_ns);
	if (recount_is_due(reconciler, facts))
		recount(reconciler, facts);
	look_for_unfollowed(reconciler, facts);
}
