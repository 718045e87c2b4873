// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A look: a pass for listening sockets and those that wait for them, then one for all others. */
#include "collect/present.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attach/tracer.h"
#include "collect/owner.h"
#include "collect/tables.h"
#include "source/pause.h"
#include "source/present_diff.h"
#include "tcpdwell.skel.h"
#include "util/id_map.h"
#include "util/log.h"
#include "util/tcp_state.h"

#define NSEC_PER_SEC 1000000000ULL
#define PERIOD_NS NSEC_PER_SEC
#define SHARE 100 /* a look of 1 ms is followed by 100 ms at least: a hundredth of a processor */
#define LISTENERS_MAX_NS (10 * NSEC_PER_SEC) /* a queue that is full for longer is found, as far as a hundredth allows it */
#define PARTS_MAX 16
#define NOT_AGO UINT32_MAX

/* Where a connection waits, by the look that is on. */
struct waiting {
	uint64_t listener;
	uint64_t syn_us;
};

/* Whose a listening socket is. */
struct listening {
	struct process owner; /* as the kernel side has it */
	struct process holder; /* as was told; start_ns 0: not, or nobody */
	uint64_t drops; /* as the look found that found it last */
	uint32_t look;
};

struct present_watch {
	struct present_watch_config config;
	struct present_diff *diff;
	uint64_t unseen; /* looks that did not get to the last listening socket */
	bool is_deep; /* by the look that is on, or the last: a queue is, or drops */
	struct id_map waiting; /* by id of the connection */
	struct id_map listening; /* by id of the socket */
	uint64_t now_ns, next_ns, seen_ns;
	int err; /* of the last look */
	uint64_t logged_ns;
};

struct present_watch *present_watch_new(const struct present_watch_config *config)
{
	struct present_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->config = *config;
	watch->diff = present_diff_new(config->tell, config->context);
	if (watch->diff && config->calm_s > 1)
		present_diff_be_calm(watch->diff);
	id_map_init(&watch->waiting, sizeof(struct waiting));
	id_map_init(&watch->listening, sizeof(struct listening));
	if (watch->diff)
		return watch;
	free(watch);
	return NULL;
}

void present_watch_free(struct present_watch *watch)
{
	if (!watch)
		return;
	present_diff_free(watch->diff);
	id_map_release(&watch->waiting);
	id_map_release(&watch->listening);
	free(watch);
}

void present_watch_holder(struct present_watch *watch, uint64_t id, const struct held *held)
{
	struct listening *listening = id_map_find(&watch->listening, id);

	if (listening && !held->queued)
		listening->holder = held->process;
}

/* Tells owners and closers apart. */
static uint64_t who_of(const struct process *owner, const struct process *closer, uint64_t credentials, unsigned int others)
{
	const uint64_t words[] = { owner->start_ns, owner->pid, closer->start_ns, closer->pid, credentials, others };
	uint64_t hash = 0;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash;
}

/* Where the process is to be looked up by its credentials: that costs, and is done when they are new. */
static void complete_owner(struct present_watch *watch, struct transition *record, uint64_t who)
{
	if (record->owner_credentials && present_diff_is_new(watch->diff, record->id, record->new_state, who))
		owner_finder_complete(watch->config.owners, record);
}

static uint64_t time_of(const struct present_watch *watch, uint32_t ms_ago)
{
	return ms_ago == NOT_AGO ? 0 : watch->now_ns - ms_ago * 1000000ULL;
}

static struct present present_of(const struct present_watch *watch, const struct present_record *found)
{
	static const uint8_t timers[] = {
		[PRESENT_RECORD_NO_TIMER] = PRESENT_TIMER_NONE,
		[PRESENT_RECORD_RETRANSMIT] = PRESENT_TIMER_RETRANSMIT,
		[PRESENT_RECORD_PROBE] = PRESENT_TIMER_PROBE,
		[PRESENT_RECORD_KEEPS_ALIVE] = PRESENT_TIMER_KEEPALIVE,
	};
	struct present present = {
		.keepalive = found->flags & PRESENT_RECORD_KEEPALIVE ? PRESENT_YES : PRESENT_NO,
		.timer = timers[found->timer & 3],
		.retransmits = found->retransmits,
		.rx_queue = found->rx_queue,
		.tx_queue = found->tx_queue,
		.unsent = found->unsent,
		.received_ns = time_of(watch, found->received_ms),
		.sent_ns = time_of(watch, found->sent_ms),
	};

	if (!(found->flags & PRESENT_RECORD_TIMEWAIT))
		return present;
	present.keepalive = PRESENT_NOT_KNOWN;
	present.timer = PRESENT_TIMER_NONE;
	return present;
}

/* One that waits is its listener's. */
static void take_listener(struct present_watch *watch, struct transition *record, struct present *present)
{
	const struct waiting *waiting = id_map_find(&watch->waiting, record->id);
	const struct listening *listening = waiting ? id_map_find(&watch->listening, waiting->listener) : NULL;

	if (!listening)
		return;
	present->listener = waiting->listener;
	present->queued_ns = waiting->syn_us * 1000;
	record->owner = listening->holder.start_ns ? listening->holder : listening->owner;
	record->attribution = record->owner.start_ns ? ATTRIBUTION_LISTENER : ATTRIBUTION_UNKNOWN;
	record->owner_credentials = 0;
}

static int take_socket(struct present_watch *watch, const struct present_record *found)
{
	struct present present = present_of(watch, found);
	struct transition record = {
		.old_state = found->state,
		.new_state = found->state,
		.side = found->side,
		.closed_by = found->closed_by,
		.attribution = found->attribution,
		.flags = (found->flags & PRESENT_RECORD_QUEUED ? FLAG_IN_ACCEPT_QUEUE : 0) |
			 (found->flags & PRESENT_RECORD_TIMEWAIT ? FLAG_TIMEWAIT : 0),
		.since_ns = found->since_ns,
		.id = found->id,
		.owner_credentials = found->owner_credentials,
		.socket_cgroup_id = found->socket_cgroup_id,
		.endpoint = found->endpoint,
		.closer = found->closer,
	};
	uint64_t who;

	if (!found->owner_credentials)
		record.owner = found->owner;
	if (found->flags & PRESENT_RECORD_QUEUED)
		take_listener(watch, &record, &present);
	who = who_of(&record.owner, &record.closer, record.owner_credentials, record.side << 8 | record.attribution);
	complete_owner(watch, &record, who);
	return present_diff_socket(watch->diff, &record, &present, who);
}

static int on_sockets(void *context, const void *bytes, size_t size)
{
	const struct present_record *record = bytes, *end = record + size / sizeof(*record);
	int err = 0;

	for (; record < end && !err; record++)
		err = take_socket(context, record);
	return err;
}

static int note_waiting(struct present_watch *watch, const struct listener_record *found, const struct queued_record *queued)
{
	struct waiting *waiting;
	uint16_t i;

	for (i = 0; i < found->queued && !watch->config.listeners_only; i++) {
		waiting = id_map_put(&watch->waiting, queued[i].id);
		if (!waiting)
			return -ENOMEM;
		*waiting = (struct waiting){ found->id, queued[i].syn_us };
	}
	return 0;
}

/* What a queue is that fills: half of it is taken, or something found no room. */
static void note_depth(struct present_watch *watch, struct listening *listening, const struct listener_record *found)
{
	const uint64_t most = found->depth > found->half_open ? found->depth : found->half_open;

	watch->is_deep |= (most && most * 2 >= found->backlog) || (listening->look && found->drops > listening->drops);
	listening->drops = found->drops;
}

static int take_listening(struct present_watch *watch, const struct listener_record *found)
{
	struct listener_facts facts = {
		.alone = watch->config.listeners_only,
		.depth = found->depth,
		.backlog = found->backlog,
		.somaxconn = found->somaxconn,
		.half_open = found->half_open,
		.closed = found->closed,
		.drops = found->drops,
		.oldest_ns = found->oldest_us * 1000,
	};
	struct transition record = {
		.old_state = STATE_LISTEN,
		.new_state = STATE_LISTEN,
		.side = SIDE_PASSIVE,
		.attribution = found->attribution,
		.id = found->id,
		.owner_credentials = found->owner_credentials,
		.endpoint = found->endpoint,
	};
	struct listening *listening = id_map_put(&watch->listening, found->id);
	uint64_t who;

	if (!listening)
		return -ENOMEM;
	if (!found->owner_credentials)
		record.owner = found->owner;
	who = who_of(&record.owner, &record.closer, record.owner_credentials, record.attribution);
	complete_owner(watch, &record, who);
	if (record.owner.start_ns || !record.owner_credentials)
		listening->owner = record.owner;
	note_depth(watch, listening, found);
	listening->look = present_diff_looks(watch->diff);
	return present_diff_listener(watch->diff, &record, &facts, who);
}

static int on_listeners(void *context, const void *bytes, size_t size)
{
	const char *at = bytes, *end = at + size;
	struct present_watch *watch = context;
	int err = 0;

	while (!err && (size_t)(end - at) >= sizeof(struct listener_record)) {
		const struct listener_record *found = (const struct listener_record *)at;
		const struct queued_record *queued = (const struct queued_record *)(found + 1);

		if ((size_t)(end - (const char *)queued) < found->queued * sizeof(*queued))
			return -EPROTO;
		err = note_waiting(watch, found, queued) ?: take_listening(watch, found);
		at = (const char *)(queued + found->queued);
	}
	return err;
}

static int look_at_listeners(struct present_watch *watch)
{
	struct tcpdwell *skeleton = watch->config.tracer->skeleton;
	unsigned int part = 0;
	int err;

	do {
		skeleton->bss->listener_part = part;
		skeleton->bss->listener_more = false;
		err = tables_run_first(watch->config.tracer, skeleton->progs.list_listeners, on_listeners, watch);
	} while (!err && skeleton->bss->listener_more && ++part < PARTS_MAX);
	watch->unseen += skeleton->bss->listener_more || !skeleton->bss->tables.at[0];
	return err;
}

static int look_at_all(struct present_watch *watch)
{
	struct tcpdwell *skeleton = watch->config.tracer->skeleton;
	int err = look_at_listeners(watch);

	if (err || watch->config.listeners_only)
		return err;
	return tables_run(watch->config.tracer, skeleton->progs.list_present, ITERATOR_BYTES, on_sockets, watch);
}

/* Grows when a look could not see all. Listening sockets are in the first table alone, however many others there are. */
static uint64_t cut_of(const struct present_watch *watch)
{
	if (watch->config.listeners_only)
		return watch->unseen;
	return watch->config.tracer->skeleton->bss->present_cut + tables_cut(watch->config.tracer);
}

/* Those of sockets that are gone. */
static void forget_listening(struct present_watch *watch)
{
	const struct listening *listening;
	size_t cursor = 0;
	uint64_t id;

	while ((listening = id_map_next(&watch->listening, &cursor, &id))) {
		if (listening->look == present_diff_looks(watch->diff))
			continue;
		id_map_remove(&watch->listening, id);
		cursor = 0;
	}
}

static void say_failure(struct present_watch *watch, int err)
{
	if (err && err != -EINTR && err != watch->err)
		log_warn("the %ssockets that are there can't be looked at: %s", watch->config.listeners_only ? "listening " : "", strerror(-err));
	watch->err = err;
}

static uint64_t period_of(const struct present_watch *watch, uint64_t cost_ns)
{
	uint64_t least_ns = PERIOD_NS * (watch->is_deep || !watch->config.calm_s ? 1 : watch->config.calm_s);
	uint64_t share_ns = pause_after(cost_ns, SHARE, watch->config.patience, watch->config.listeners_only ? LISTENERS_MAX_NS : 0);

	return share_ns > least_ns ? share_ns : least_ns;
}

/* For -v, whenever it has changed by half. */
static void log_period(struct present_watch *watch, uint64_t period_ns, uint64_t cost_ns)
{
	const char *what = watch->config.listeners_only ? "listening" : "all";
	uint64_t logged_ns = watch->logged_ns;

	log_debug("a look at %s sockets took %.2f ms", what, cost_ns / 1e6);
	if (logged_ns && period_ns <= logged_ns + logged_ns / 2 && period_ns + period_ns / 2 >= logged_ns)
		return;
	watch->logged_ns = period_ns;
	log_info("%s sockets are looked at every %.1f s: it takes %.1f ms", what, period_ns / 1e9, cost_ns / 1e6);
}

int present_watch_look(struct present_watch *watch, uint64_t now_ns, bool last)
{
	uint64_t begin_ns, cut, cost_ns;
	int err;

	if (!last && now_ns < watch->next_ns)
		return 0;
	begin_ns = clock_cpu_ns();
	cut = cut_of(watch);
	watch->now_ns = now_ns;
	watch->is_deep = false;
	id_map_clear(&watch->waiting);
	present_diff_begin(watch->diff, now_ns);
	err = look_at_all(watch);
	say_failure(watch, err);
	if (!err)
		err = present_diff_end(watch->diff, cut_of(watch) == cut);
	if (!err)
		forget_listening(watch);
	if (!err)
		watch->seen_ns = now_ns;
	cost_ns = clock_cpu_ns() - begin_ns;
	log_period(watch, period_of(watch, cost_ns), cost_ns);
	watch->next_ns = now_ns + period_of(watch, cost_ns);
	return err == -ENOMEM ? err : 0;
}

uint64_t present_watch_seen_ns(const struct present_watch *watch)
{
	return watch->seen_ns;
}
