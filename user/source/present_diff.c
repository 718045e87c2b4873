// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* For each socket a note of what was told of it, and of what the look before found. */
#include "source/present_diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/id_map.h"
#include "util/tcp_state.h"

#define SAME_TIME_NS 100000000ULL /* a time in the past is computed anew in each look, from ticks */

struct known_socket {
	struct present told;
	struct endpoint endpoint;
	uint64_t who;
	uint32_t rx_queue, tx_queue, unsent; /* found by the look before */
	uint32_t look; /* that found it last */
	uint8_t timer; /* by the look before */
	uint8_t state, flags;
};

struct known_listener {
	struct listener_facts told;
	struct endpoint endpoint;
	uint64_t who;
	uint64_t first_drops;
	uint32_t look;
};

struct present_diff {
	struct id_map sockets, listeners;
	uint32_t looks;
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
	diff->tell = tell;
	diff->context = context;
	return diff;
}

void present_diff_free(struct present_diff *diff)
{
	if (!diff)
		return;
	id_map_release(&diff->sockets);
	id_map_release(&diff->listeners);
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

static struct present to_be_told(const struct present_diff *diff, const struct known_socket *known, bool is_new,
				 const struct present *found)
{
	struct present now = *found;

	now.received_ns = idle_since(diff->now_ns, found->received_ns);
	now.sent_ns = idle_since(diff->now_ns, found->sent_ns);
	if (is_new)
		return now;
	now.received_ns = same_time(known->told.received_ns, now.received_ns);
	now.sent_ns = same_time(known->told.sent_ns, now.sent_ns);
	now.rx_queue = settled(known->told.rx_queue, known->rx_queue, found->rx_queue);
	now.tx_queue = settled(known->told.tx_queue, known->tx_queue, found->tx_queue);
	now.unsent = settled(known->told.unsent, known->unsent, found->unsent);
	if (found->timer != known->timer && !found->retransmits)
		now.timer = known->told.timer;
	return now;
}

static void tell_socket(struct present_diff *diff, const struct transition *record, const struct present *present)
{
	struct event event = { .record = *record, .present = present };

	event.record.type = RECORD_PRESENT;
	event.record.time_ns = diff->now_ns;
	diff->tell(diff->context, &event);
}

int present_diff_socket(struct present_diff *diff, const struct transition *record, const struct present *found, uint64_t who)
{
	bool is_new = present_diff_is_new(diff, record->id, record->new_state, who);
	struct known_socket *known = id_map_put(&diff->sockets, record->id);
	struct present now;

	if (!known)
		return -ENOMEM;
	now = to_be_told(diff, known, is_new, found);
	is_new |= known->flags != record->flags || memcmp(&known->endpoint, &record->endpoint, sizeof(known->endpoint));
	known->look = diff->looks;
	known->rx_queue = found->rx_queue;
	known->tx_queue = found->tx_queue;
	known->unsent = found->unsent;
	known->timer = found->timer;
	if (!is_new && present_equal(&known->told, &now))
		return 0;
	known->told = now;
	known->state = record->new_state;
	known->flags = record->flags;
	known->endpoint = record->endpoint;
	known->who = who;
	tell_socket(diff, record, &now);
	return 0;
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

int present_diff_listener(struct present_diff *diff, const struct transition *record, const struct listener_facts *found,
			  uint64_t who)
{
	bool is_new = present_diff_is_new(diff, record->id, STATE_LISTEN, who);
	struct known_listener *known = id_map_put(&diff->listeners, record->id);
	struct listener_facts now = *found;

	if (!known)
		return -ENOMEM;
	count_drops(diff, known, &now);
	now.oldest_ns = same_time(known->told.oldest_ns, now.oldest_ns);
	known->look = diff->looks;
	if (!is_new && listener_facts_equal(&known->told, &now))
		return 0;
	known->told = now;
	known->who = who;
	known->endpoint = record->endpoint;
	tell_listener(diff, record, &now);
	return 0;
}

/* Removing moves others: those that are gone are found first. */
static size_t find_gone(const struct present_diff *diff, const struct id_map *map, uint64_t *gone)
{
	bool listens = map == &diff->listeners;
	size_t cursor = 0, count = 0;
	const void *known;
	uint64_t id;

	while ((known = id_map_next(map, &cursor, &id)))
		if ((listens ? ((const struct known_listener *)known)->look : ((const struct known_socket *)known)->look) != diff->looks)
			gone[count++] = id;
	return count;
}

static void end_socket(struct present_diff *diff, uint64_t id)
{
	static const struct present gone = { .gone = true };
	const struct known_socket *known = id_map_find(&diff->sockets, id);
	struct transition record = { .id = id, .endpoint = known->endpoint, .old_state = known->state, .new_state = known->state };

	id_map_remove(&diff->sockets, id);
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
	uint64_t *gone = malloc((map->used + 1) * sizeof(*gone));
	size_t i, count;

	if (!gone)
		return -ENOMEM;
	count = find_gone(diff, map, gone);
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
