/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keeps what is told in step with the kernel's own sockets: when to look for those that no event told of, and of what kind. */
#ifndef TCPDWELL_COLLECT_RECONCILE_H
#define TCPDWELL_COLLECT_RECONCILE_H

#include <stdbool.h>
#include <stdint.h>

struct snapshot;

/* What is known when it is decided. */
struct reconcile_facts {
	uint64_t now_ns;
	uint64_t skipped; /* as in struct health */
	uint64_t lost; /* records that the kernel side could not send, and sockets that its tables had no room for */
	uint64_t unfollowed; /* the latter */
	uint64_t signs; /* that timewait sockets end without an event: grows with each */
	bool has_time_wait; /* timewait sockets are there */
	bool connects; /* sockets are in SYN_SENT, as far as is known */
	bool last; /* the run ends: look at everything */
};

struct reconciler {
	struct snapshot *snapshot;
	uint64_t begin_ns; /* of the run */
	void (*recount)(void *context, bool begins); /* see view->recount in event.h */
	void *context;

	bool swept_seeded; /* the sockets from before were, once */
	uint64_t swept_skips; /* facts.skipped at the last sweep of full sockets */
	uint64_t seen_signs; /* facts.signs */
	uint64_t sweep_again_ns; /* 0: not needed */
	uint64_t adopted_ns;
	uint64_t recounted_lost; /* facts.lost that the last recount made good */
	uint64_t seen_lost, lost_ns; /* facts.lost, and when it changed last */
	uint64_t recount_again_ns; /* not before, while records go on being lost */
	uint64_t looked_unfollowed; /* facts.unfollowed that were looked for */
	uint64_t look_again_ns; /* not before: it may still be as full */
};

/* Does what is due. */
void reconcile(struct reconciler *reconciler, const struct reconcile_facts *facts);

#endif
