// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A look: the pass of bpf/holder.bpf.h, timed by the processor's clock of this thread, in which the kernel runs it. */
#include "collect/holders.h"

#include <stdlib.h>
#include <string.h>

#include "attach/kernel.h"
#include "attach/tracer.h"
#include "collect/snapshot.h"
#include "source/holders_check.h"
#include "tcpdwell.skel.h"
#include "util/log.h"


struct holders {
	const struct tracer *tracer;
	struct snapshot *snapshot;
	struct holders_check *check; /* NULL: nobody wants to know */
	void (*tell)(void *context, uint64_t id, const struct held *held);
	void *context;
	unsigned int hidden; /* enum holders_hidden: in every look */
	uint64_t logged_ns; /* the period that was logged last */
	uint64_t seen_ns; /* when the last look that succeeded began */
	int err; /* of the last look */
};

struct holders *holders_new(const struct tracer *tracer, struct snapshot *snapshot, uint32_t states, bool present,
			    void (*tell)(void *context, uint64_t id, const struct held *held), void *context, unsigned int patience)
{
	struct holders *holders = calloc(1, sizeof(*holders));

	if (!holders)
		return NULL;
	holders->tracer = tracer;
	holders->snapshot = snapshot;
	holders->tell = tell;
	holders->context = context;
	holders->seen_ns = clock_monotonic_ns(); /* what is there is told before anything else */
	if (!states && !present)
		return holders;
	/* Of processes outside of our PID namespace iterators show nothing. */
	holders->hidden = kernel_own_pid_namespace() ? HOLDERS_IN_PROCESSES : 0;
	holders->check = holders_check_new(states);
	if (holders->check) {
		holders_check_set_patience(holders->check, patience);
		return holders;
	}
	free(holders);
	return NULL;
}

void holders_free(struct holders *holders)
{
	if (!holders)
		return;
	holders_check_free(holders->check);
	free(holders);
}

int holders_event(struct holders *holders, const struct transition *record)
{
	return holders->check ? holders_check_event(holders->check, record) : 0;
}

int holders_present(struct holders *holders, const struct event *event, bool gone)
{
	return holders->check ? holders_check_present(holders->check, &event->record, gone) : 0;
}

void holders_forget(struct holders *holders)
{
	if (holders->check)
		holders_check_forget(holders->check);
}

static int on_record(void *context, const struct holder_record *record, const uint64_t *ids)
{
	struct holders *holders = context;

	return holders_check_add(holders->check, &record->process, record->fd, record->flags, ids, record->count);
}

/* For -v, whenever it has changed by half. */
static void log_period(struct holders *holders, uint64_t cost_ns)
{
	uint64_t period_ns = holders_check_period_ns(holders->check), logged_ns = holders->logged_ns;

	if (logged_ns && period_ns <= logged_ns + logged_ns / 2 && period_ns + period_ns / 2 >= logged_ns)
		return;
	holders->logged_ns = period_ns;
	log_info("who has which socket is checked every %.1f s at least, while any waits: it takes %.1f ms", period_ns / 1e9,
		 cost_ns / 1e6);
}

static void look(struct holders *holders, uint64_t hints)
{
	const volatile __u64 *queues_cut = &holders->tracer->skeleton->bss->holder_queues_cut;
	uint64_t begin_ns = clock_cpu_ns(), now_ns = clock_monotonic_ns(), cut = *queues_cut, cost_ns;
	int err;

	holders_check_begin(holders->check, hints);
	err = snapshot_holders(holders->snapshot, on_record, holders);
	if (!err)
		holders_check_conclude(holders->check, holders->hidden | (*queues_cut != cut ? HOLDERS_IN_QUEUES : 0),
				       holders->tell, holders->context);
	else if (err != -EINTR && err != holders->err)
		log_warn("who has which socket can't be checked: %s", strerror(-err));
	holders->err = err;
	if (!err)
		holders->seen_ns = now_ns;
	cost_ns = clock_cpu_ns() - begin_ns;
	holders_check_end(holders->check, clock_monotonic_ns(), cost_ns);
	log_period(holders, cost_ns);
	log_debug("a check of who has which socket took %.2f ms", cost_ns / 1e6);
}

void holders_look(struct holders *holders, uint64_t now_ns, bool last)
{
	struct tcpdwell *skeleton = holders->tracer->skeleton;
	uint64_t hints = skeleton->bss->holder_hints;
	bool waits, urgent;

	if (!holders->check)
		return;
	waits = holders_check_waits(holders->check);
	urgent = holders_check_is_urgent(holders->check);
	if (skeleton->bss->holders_matter != urgent)
		skeleton->bss->holders_matter = urgent;
	if (last ? waits : holders_check_is_due(holders->check, now_ns, hints))
		look(holders, hints);
}

uint64_t holders_period_ns(const struct holders *holders)
{
	return holders->check ? holders_check_period_ns(holders->check) : 0;
}

uint64_t holders_seen_ns(const struct holders *holders)
{
	return holders->check ? holders->seen_ns : 0;
}
