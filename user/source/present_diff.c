// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* For each socket a note of what was told of it, and of what the look before found. */
#include "source/present_diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/kept_ends.h"
#include "util/id_map.h"
#include "util/tcp_state.h"

#define SAME_TIME_NS 100000000ULL /* a time in the past is computed anew in each look, from ticks */

/* There may be a million: what most sockets do not have is in tables of its own. */
struct known_socket {
	uint64_t who;
	uint64_t received_ns, sent_ns; /* as told */
	struct kept_ends ends;
	uint16_t look; /* that found it last, in its lowest bits */
	uint8_t keepalive, timer, retransmits; /* as told */
	uint8_t timer_before; /* found by the look before */
	uint8_t state, flags;
};

/* Of those that have something in a queue, or wait in one. */
struct known_queues {
	uint64_t queued_ns, listener; /* as told */
	uint32_t rx_queue, tx_queue, unsent; /* as told */
	uint32_t rx_before, tx_before, unsent_before; /* found by the look before */
};

struct known_listener {
	struct listener_facts told;
	struct endpoint endpoint;
	uint64_t who;
	uint64_t first_drops;
	uint64_t oldest_before; /* found by the look before */
	uint32_t look;
	bool stays; /* as told: the first one in the queue was the same in two looks */
};

struct present_diff {
	struct id_map sockets, listeners;
	struct id_map queues; /* of sockets, struct known_queues; not there: all zero */
	struct id_map addresses; /* of sockets: event/kept_ends.h */
	uint32_t looks;
	bool calm; /* as present_diff_be_calm() says */
	uint64_t now_ns;
	void (*tell)(void *context, struct event *event);
	void *context;
};

struct present_diff *present_diff_new(void (*tell)(void *context, struct event *event), void *context)
{
	struct present_diff *diff = calloc(1, sizeof(*diff));

	if (!diff)
		return NULL;
	id_map_init(&diff->sockets, sizeof(struct known_socket));
	id_map_init(&diff->listeners, sizeof(struct known_listener));
	id_map_init(&diff->queues, sizeof(struct known_queues));
	kept_addresses_init(&diff->addresses);
	diff->tell = tell;
	diff->context = context;
	return diff;
}

void present_diff_be_calm(struct present_diff *diff)
{
	diff->calm = true;
}

void present_diff_free(struct present_diff *diff)
{
	if (!diff)
		return;
	id_map_release(&diff->sockets);
	id_map_release(&diff->listeners);
	id_map_release(&diff->queues);
	id_map_release(&diff->addresses);
	free(diff);
}

uint32_t present_diff_looks(const struct present_diff *diff)
{
	return diff->looks;
}

void present_diff_begin(struct present_diff *diff, uint64_t now_ns)
{
	diff->looks++;
	diff->now_ns = now_ns;
}

bool present_diff_is_new(const struct present_diff *diff, uint64_t id, unsigned int state, uint64_t who)
{
	const struct known_socket *known = id_map_find(&diff->sockets, id);
	const struct known_listener *listener = state == STATE_LISTEN ? id_map_find(&diff->listeners, id) : NULL;

	if (state == STATE_LISTEN)
		return !listener || listener->who != who;
	return !known || known->state != state || known->who != who;
}

/* What stays, or has become another thing altogether, is told; what flows is not. */
static uint32_t settled(uint32_t told, uint32_t before, uint32_t now)
{
	if (now == before)
		return now;
	if (told && now >= told / 2 && now / 2 <= told)
		return told;
	return before && now ? now : told;
}

static uint64_t same_time(uint64_t told, uint64_t now)
{
	uint64_t apart = told > now ? told - now : now - told;

	return told && now && apart < SAME_TIME_NS ? told : now;
}

static uint64_t idle_since(uint64_t now_ns, uint64_t time_ns)
{
	return time_ns && now_ns - time_ns >= PRESENT_IDLE_NS ? time_ns : 0;
}

static struct known_queues queues_of(const struct present_diff *diff, uint64_t id)
{
	const struct known_queues *queues = id_map_find(&diff->queues, id);

	return queues ? *queues : (struct known_queues){};
}

static struct present told_of(const struct known_socket *known, const struct known_queues *queues)
{
	return (struct present){
		.keepalive = known->keepalive,
		.timer = known->timer,
		.retransmits = known->retransmits,
		.rx_queue = queues->rx_queue,
		.tx_queue = queues->tx_queue,
		.unsent = queues->unsent,
		.received_ns = known->received_ns,
		.sent_ns = known->sent_ns,
		.queued_ns = queues->queued_ns,
		.listener = queues->listener,
	};
}

static struct present to_be_told(const struct present_diff *diff, const struct known_socket *known, const struct present *told,
				 const struct known_queues *queues, bool is_new, const struct present *found)
{
	struct present now = *found;

	now.received_ns = idle_since(diff->now_ns, found->received_ns);
	now.sent_ns = idle_since(diff->now_ns, found->sent_ns);
	if (is_new)
		return now;
	now.received_ns = same_time(told->received_ns, now.received_ns);
	now.sent_ns = same_time(told->sent_ns, now.sent_ns);
	now.rx_queue = settled(told->rx_queue, queues->rx_before, found->rx_queue);
	now.tx_queue = settled(told->tx_queue, queues->tx_before, found->tx_queue);
	now.unsent = settled(told->unsent, queues->unsent_before, found->unsent);
	if (found->timer != known->timer_before && !found->retransmits)
		now.timer = told->timer;
	return now;
}

static void tell_socket(struct present_diff *diff, const struct transition *record, const struct present *present)
{
	struct event event = { .record = *record, .present = present };

	event.record.type = RECORD_PRESENT;
	event.record.time_ns = diff->now_ns;
	diff->tell(diff->context, &event);
}

static bool has_other_ends(const struct present_diff *diff, const struct known_socket *known, const struct transition *record)
{
	struct endpoint ends = kept_ends_get(&known->ends, &diff->addresses, record->id);

	return memcmp(&ends, &record->endpoint, sizeof(ends)) != 0;
}

/* What is told of it now. */
static int note_told(struct present_diff *diff, struct known_socket *known, struct known_queues *queues,
		     const struct transition *record, const struct present *now)
{
	known->keepalive = now->keepalive;
	known->timer = now->timer;
	known->retransmits = now->retransmits;
	known->received_ns = now->received_ns;
	known->sent_ns = now->sent_ns;
	queues->rx_queue = now->rx_queue;
	queues->tx_queue = now->tx_queue;
	queues->unsent = now->unsent;
	queues->queued_ns = now->queued_ns;
	queues->listener = now->listener;
	known->state = record->new_state;
	known->flags = record->flags;
	return kept_ends_set(&known->ends, &diff->addresses, record->id, &record->endpoint);
}

static void forget_socket(struct present_diff *diff, uint64_t id)
{
	id_map_remove(&diff->sockets, id);
	id_map_remove(&diff->queues, id);
	kept_ends_forget(&diff->addresses, id);
}

/* Nothing is noted that was not told, so that the next look begins anew. Of what was told before, nobody would learn the end. */
static void give_up(struct present_diff *diff, const struct transition *record, bool was_told)
{
	static const struct present gone = { .gone = true };

	forget_socket(diff, record->id);
	if (was_told)
		tell_socket(diff, record, &gone);
}

int present_diff_socket(struct present_diff *diff, const struct transition *record, const struct present *found, uint64_t who)
{
	bool is_new = present_diff_is_new(diff, record->id, record->new_state, who), was_told, same;
	struct known_socket *known = id_map_put(&diff->sockets, record->id);
	struct known_queues queues = queues_of(diff, record->id);
	struct present now, told;
	int err = 0;

	if (!known)
		return -ENOMEM;
	was_told = known->state; /* what was put just now has none */
	told = told_of(known, &queues);
	now = to_be_told(diff, known, &told, &queues, is_new, found);
	is_new |= known->flags != record->flags || has_other_ends(diff, known, record);
	known->look = diff->looks;
	known->timer_before = found->timer;
	queues.rx_before = found->rx_queue;
	queues.tx_before = found->tx_queue;
	queues.unsent_before = found->unsent;
	same = !is_new && present_equal(&told, &now);
	if (!same) {
		known->who = who;
		err = note_told(diff, known, &queues, record, &now);
	}
	err = err ?: id_map_keep(&diff->queues, record->id, &queues, sizeof(queues));
	if (err)
		give_up(diff, record, was_told);
	else if (!same)
		tell_socket(diff, record, &now);
	return err;
}

static void tell_listener(struct present_diff *diff, const struct transition *record, const struct listener_facts *facts)
{
	struct event event = { .record = *record, .listener = facts };

	event.record.type = RECORD_LISTENER;
	event.record.time_ns = diff->now_ns;
	diff->tell(diff->context, &event);
}

/* One that was there before the run began has dropped some of them then. */
static void count_drops(const struct present_diff *diff, struct known_listener *known, struct listener_facts *now)
{
	if (!known->look)
		known->first_drops = diff->looks == 1 ? now->drops : 0;
	now->new_drops = now->drops == LISTENER_NOT_KNOWN ? LISTENER_NOT_KNOWN : now->drops - known->first_drops;
}

#define QUIET_SHARE 8 /* of the backlog is taken at most */

static bool is_quiet(const struct listener_facts *facts)
{
	return (uint64_t)facts->depth * QUIET_SHARE <= facts->backlog && (uint64_t)facts->half_open * QUIET_SHARE <= facts->backlog && !facts->closed;
}

/* But for what moves. */
static bool is_still(const struct listener_facts *told, const struct listener_facts *now)
{
	return told->backlog == now->backlog && told->somaxconn == now->somaxconn && told->drops == now->drops && told->new_drops == now->new_drops;
}

/* What was told last, as of a queue that was full, would stay for good. Each time it is half of that at most, so this ends. */
static bool has_emptied(const struct listener_facts *told, const struct listener_facts *now)
{
	return now->depth * 2ULL < told->depth || now->half_open * 2ULL < told->half_open;
}

/* True: what is new is not worth to be told. */
static bool note_calm(const struct present_diff *diff, struct known_listener *known, struct listener_facts *now)
{
	bool stayed = known->stays, was_quiet = is_quiet(&known->told);

	known->stays = now->oldest_ns && same_time(known->oldest_before, now->oldest_ns) == known->oldest_before;
	known->oldest_before = now->oldest_ns;
	if (!diff->calm || !is_quiet(now))
		return false;
	if (!known->stays)
		now->oldest_ns = 0;
	return was_quiet && is_still(&known->told, now) && !has_emptied(&known->told, now) && known->stays == stayed &&
	       (!stayed || known->told.oldest_ns == now->oldest_ns);
}

int present_diff_listener(struct present_diff *diff, const struct transition *record, const struct listener_facts *found,
			  uint64_t who)
{
	bool is_new = present_diff_is_new(diff, record->id, STATE_LISTEN, who);
	struct known_listener *known = id_map_put(&diff->listeners, record->id);
	struct listener_facts now = *found;
	bool calm;

	if (!known)
		return -ENOMEM;
	count_drops(diff, known, &now);
	now.oldest_ns = same_time(known->told.oldest_ns, now.oldest_ns);
	known->look = diff->looks;
	calm = note_calm(diff, known, &now);
	if (!is_new && (calm || listener_facts_equal(&known->told, &now)))
		return 0;
	known->told = now;
	known->who = who;
	known->endpoint = record->endpoint;
	tell_listener(diff, record, &now);
	return 0;
}

/* Removing moves others: those that are gone are found first. `gone` NULL: they are only counted. */
static size_t find_gone(const struct present_diff *diff, const struct id_map *map, uint64_t *gone)
{
	bool listens = map == &diff->listeners;
	size_t cursor = 0, count = 0;
	const void *known;
	uint64_t id;

	while ((known = id_map_next(map, &cursor, &id))) {
		if (listens ? ((const struct known_listener *)known)->look == diff->looks :
			      ((const struct known_socket *)known)->look == (uint16_t)diff->looks)
			continue;
		if (gone)
			gone[count] = id;
		count++;
	}
	return count;
}

static void end_socket(struct present_diff *diff, uint64_t id)
{
	static const struct present gone = { .gone = true };
	const struct known_socket *known = id_map_find(&diff->sockets, id);
	struct transition record = { .id = id,
				     .endpoint = kept_ends_get(&known->ends, &diff->addresses, id),
				     .old_state = known->state,
				     .new_state = known->state };

	forget_socket(diff, id);
	tell_socket(diff, &record, &gone);
}

static void end_listener(struct present_diff *diff, uint64_t id)
{
	static const struct listener_facts gone = { .gone = true };
	const struct known_listener *known = id_map_find(&diff->listeners, id);
	struct transition record = {
		.id = id, .endpoint = known->endpoint, .old_state = STATE_LISTEN, .new_state = STATE_LISTEN };

	id_map_remove(&diff->listeners, id);
	tell_listener(diff, &record, &gone);
}

static int end_all(struct present_diff *diff, struct id_map *map, void (*end)(struct present_diff *diff, uint64_t id))
{
	size_t i, count = find_gone(diff, map, NULL);
	uint64_t *gone = count ? malloc(count * sizeof(*gone)) : NULL;

	if (!count)
		return 0;
	if (!gone)
		return -ENOMEM;
	find_gone(diff, map, gone);
	for (i = 0; i < count; i++)
		end(diff, gone[i]);
	free(gone);
	return 0;
}

int present_diff_end(struct present_diff *diff, bool complete)
{
	if (!complete)
		return 0;
	return end_all(diff, &diff->sockets, end_socket) ?: end_all(diff, &diff->listeners, end_listener);
}
