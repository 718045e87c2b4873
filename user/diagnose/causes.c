// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/causes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/number.h"
#include "util/tcp_state.h"
#include "util/shortage.h"

const double cause_windows_s[CAUSE_WINDOWS] = { 20, 60, 600 };

void causes_init(struct causes *causes)
{
	memset(causes, 0, sizeof(*causes));
}

void causes_ages(struct causes *causes, const struct thresholds *thresholds)
{
	uint64_t unanswered_ns = number_u64(thresholds->values[TD142_AGE_S] * 1e9);

	causes->age_ns[STATE_CLOSE_WAIT] = number_u64(thresholds->values[TD122_AGE_S] * 1e9);
	causes->age_ns[STATE_FIN_WAIT2] = number_u64(thresholds->values[TD141_AGE_S] * 1e9);
	causes->age_ns[STATE_FIN_WAIT1] = causes->age_ns[STATE_LAST_ACK] = causes->age_ns[STATE_CLOSING] = unanswered_ns;
}

static void clear(struct causes *causes)
{
	struct cause *cause, *next;

	HASH_ITER(hh, causes->table, cause, next) {
		HASH_DEL(causes->table, cause);
		free(cause);
	}
	causes->count = 0;
	memset(causes->states, 0, sizeof(causes->states));
}

void causes_release(struct causes *causes)
{
	clear(causes);
	free(causes->sorted);
}

static struct cause *cause_get(struct causes *causes, const struct cause_key *key, const struct live_end *end)
{
	struct cause *cause;

	HASH_FIND(hh, causes->table, key, sizeof(*key), cause);
	if (cause)
		return cause;
	cause = shortage_noted(calloc(1, sizeof(*cause)));
	if (!cause)
		return NULL;
	cause->key = *key;
	cause->youngest_ns = UINT64_MAX;
	cause->one_remote = true;
	memcpy(cause->remote_addr, end->endpoint.remote_addr, 16);
	cause->remote_port = end->endpoint.remote_port;
	HASH_ADD(hh, causes->table, key, sizeof(cause->key), cause);
	if (cause->hh.tbl) {
		causes->count++;
		return cause;
	}
	free(cause);
	return NULL;
}

#define CAME_TO_STAY_NS 1000000000ULL /* younger ones may be about to be left: one of these beside an old burst is no growth */

static void add_to_windows(struct cause *cause, uint64_t age_ns, uint64_t watched_ns)
{
	struct cause_window *window = cause->windows;
	int i;

	if (age_ns < CAME_TO_STAY_NS)
		return;
	for (i = 0; i < CAUSE_WINDOWS; i++, window++) {
		if (age_ns > cause_windows_s[i] * 1e9 || watched_ns < cause_windows_s[i] * 1e9)
			continue;
		window->last_ns = window->came && window->last_ns < age_ns ? window->last_ns : age_ns;
		if (age_ns > window->first_ns)
			window->first_ns = age_ns;
		window->came++;
	}
}

/*
 * A process that shut a connection down may have it still, or have closed it: it counts as held only once somebody is known to have it.
 * That nobody has it is never told of a small socket, nor of one that was closed before the run.
 */
static bool is_held(const struct live_socket *socket)
{
	return socket->holder || !(socket->flags & LIVE_HOLDER_TOLD || is_closing_state(socket->state));
}

static struct cause_key key_of(const struct live_socket *socket, const struct live_end *end)
{
	uint16_t port = endpoint_service_port(&end->endpoint, socket->side);

	return (struct cause_key){
		.process = live_socket_charged(socket),
		.netns = end->endpoint.netns,
		.service_port = port,
		.side = socket->side,
		.state = socket->state,
		.queued = !!(socket->flags & LIVE_IN_ACCEPT_QUEUE),
		.held = is_held(socket),
		.small = !!(socket->flags & LIVE_TIMEWAIT),
	};
}

static void add_present(struct cause *cause, const struct present_socket *present)
{
	if (!present)
		return;
	cause->looked++;
	cause->unread += present->now.rx_queue > 1;
	cause->unread_end += present->now.rx_queue == 1;
	cause->read_to_end += !present->now.rx_queue;
	cause->keepalive += present->now.keepalive == PRESENT_YES;
	cause->probing += present->now.timer == PRESENT_TIMER_PROBE;
	cause->tx_queue += present->now.tx_queue;
	if (present->now.retransmits > cause->retransmits)
		cause->retransmits = present->now.retransmits;
}

/*
 * Until when it is known that it waits in an accept queue; 0: that it does not, any more. Looks at all sockets come more often than
 * those at who has which, where there are many processes.
 */
static uint64_t seen_in_queue_ns(const struct present_socket *present, const struct tick *tick)
{
	uint64_t seen_ns = tick->holders_seen_ns ?: tick->time_ns;

	if (!present)
		return seen_ns;
	if (!(present->base.flags & PRESENT_IN_ACCEPT_QUEUE))
		return 0;
	return tick->present_seen_ns > seen_ns ? tick->present_seen_ns : seen_ns;
}

static int add(struct causes *causes, uint64_t id, const struct live_socket *socket, const struct live_end *end,
	       const struct present_socket *present, const struct tick *tick, uint64_t begin_ns)
{
	struct cause_key key = key_of(socket, end);
	struct cause *cause;
	uint32_t maker;
	uint64_t seen_ns = key.queued ? seen_in_queue_ns(present, tick) : tick->time_ns, age_ns;
	bool came = socket->flags & LIVE_CAME && !(socket->flags & LIVE_AT_LEAST);

	causes->states[socket->state & 15]++;
	if (!seen_ns) {
		key.queued = false;
		seen_ns = tick->time_ns;
	}
	if (key.queued && seen_ns <= socket->since_ns)
		return 0;
	age_ns = elapsed_ns(seen_ns, socket->since_ns);
	cause = cause_get(causes, &key, end);
	if (!cause)
		return -ENOMEM;
	maker = socket->attribution == ATTRIBUTION_OBSERVED ? socket->owner : 0;
	cause->maker = !cause->count || cause->maker == maker ? maker : 0;
	cause->count++;
	add_present(cause, present);
	cause->aged += age_ns >= causes->age_ns[socket->state & 15];
	cause->from_before += !!(socket->flags & LIVE_AT_LEAST);
	cause->one_remote &= !memcmp(cause->remote_addr, end->endpoint.remote_addr, 16);
	if (age_ns >= cause->oldest_ns) {
		cause->oldest_ns = age_ns;
		cause->oldest_at_least = socket->flags & LIVE_AT_LEAST;
		cause->example = id;
	}
	if (age_ns < cause->youngest_ns)
		cause->youngest_ns = age_ns;
	if (came)
		add_to_windows(cause, age_ns, tick->time_ns - begin_ns);
	return 0;
}

static int most_first(const void *one, const void *other)
{
	const struct cause *a = *(struct cause *const *)one, *b = *(struct cause *const *)other;

	return a->count != b->count ? (a->count > b->count ? -1 : 1) : memcmp(&a->key, &b->key, sizeof(a->key));
}

static int by_number(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

	return a < b ? -1 : a > b;
}

/* How many different processes have what is counted; 0 is none. */
static int count_processes(struct causes *causes)
{
	uint32_t *numbers = causes->count ? shortage_noted(malloc(causes->count * sizeof(*numbers))) : NULL;
	size_t i;

	causes->processes = 0;
	if (!numbers)
		return causes->count ? -ENOMEM : 0;
	for (i = 0; i < causes->count; i++)
		numbers[i] = causes->sorted[i]->key.process;
	qsort(numbers, causes->count, sizeof(*numbers), by_number);
	for (i = 0; i < causes->count; i++)
		causes->processes += numbers[i] && (!i || numbers[i] != numbers[i - 1]);
	free(numbers);
	return 0;
}

static int sort(struct causes *causes)
{
	struct cause *cause, **sorted;
	size_t n = 0;

	if (causes->count > causes->capacity) {
		sorted = shortage_noted(realloc(causes->sorted, causes->count * sizeof(*sorted)));
		if (!sorted)
			return -ENOMEM;
		causes->sorted = sorted;
		causes->capacity = causes->count;
	}
	for (cause = causes->table; cause; cause = cause->hh.next)
		causes->sorted[n++] = cause;
	if (n)
		qsort(causes->sorted, n, sizeof(*causes->sorted), most_first);
	return 0;
}

int causes_make(struct causes *causes, const struct model *model, const struct tick *tick, uint64_t begin_ns)
{
	const struct live_socket *socket;
	struct present_socket present;
	const struct live_end *end;
	struct live_end room;
	size_t cursor = 0;
	uint64_t id;
	int err = 0;

	clear(causes);
	while (!err && (socket = live_sockets_next(&model->sockets, &cursor, &id))) {
		end = live_socket_end(&model->sockets, socket, &room);
		if (end)
			err = add(causes, id, socket, end, model_present_find(model, id, &present) ? &present : NULL, tick, begin_ns);
	}
	return err ?: sort(causes) ?: count_processes(causes);
}

int cause_grows(const struct cause *cause, uint32_t least, double min_s)
{
	const struct cause_window *window = cause->windows;
	int i;

	for (i = 0; i < CAUSE_WINDOWS; i++, window++)
		if (cause_windows_s[i] >= min_s && window->came >= least && window->first_ns >= cause_windows_s[i] * 1e9 / 2 &&
		    window->last_ns <= cause_windows_s[i] * 1e9 / 3)
			return i;
	return -1;
}
