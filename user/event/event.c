// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What events mean, for every view alike. */
#include "event/event.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "util/tcp_state.h"

#define NSEC_PER_SEC 1000000000ULL
#define CLOCK_SET_NS 10000 /* less is how well two clocks can be compared */

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * NSEC_PER_SEC + time.tv_nsec;
}

static bool ends(const struct process *process)
{
	return !process->comm[sizeof(process->comm) - 1] || memchr(process->comm, '\0', sizeof(process->comm));
}

bool record_is_sound(const struct transition *record)
{
	return record->type && record->type < RECORD_PORTS && record->type != RECORD_CGROUP && record->old_state < STATE_COUNT &&
	       record->new_state < STATE_COUNT && record->recorded_state < STATE_COUNT && record->side <= SIDE_PASSIVE &&
	       record->closed_by <= CLOSED_BY_BOTH && record->end <= END_OVERFLOW && record->attribution <= ATTRIBUTION_LISTENER &&
	       record->time_ns <= INT64_MAX && record->since_ns <= INT64_MAX && ends(&record->owner) && ends(&record->closer);
}

uint64_t clock_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t clock_unix_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

uint64_t clock_cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static uint64_t measure_unix_offset_ns(void)
{
	uint64_t before, after, unix_ns, offset = 0, width = UINT64_MAX;
	int i;

	for (i = 0; i < 4; i++) {
		before = clock_monotonic_ns();
		unix_ns = clock_unix_ns();
		after = clock_monotonic_ns();
		if (after - before >= width)
			continue;
		width = after - before;
		offset = unix_ns - before - width / 2;
	}
	return offset;
}

uint64_t clock_unix_offset_ns(uint64_t known)
{
	uint64_t offset = measure_unix_offset_ns();

	return known && offset - known + CLOCK_SET_NS <= 2 * CLOCK_SET_NS ? known : offset;
}

bool event_concerns(const struct event *event, uint32_t states)
{
	const struct transition *record = &event->record;

	return states & (1U << record->old_state | 1U << record->new_state | (event_overflows(event) ? 1U << STATE_TIME_WAIT : 0));
}

bool event_enters_unknown(const struct event *event)
{
	const struct transition *record = &event->record;

	return record->type == RECORD_TRANSITION && state_is_waiting(record->new_state) &&
	       !event_charged(event, record->new_state)->start_ns;
}

uint16_t endpoint_service_port(const struct endpoint *endpoint, unsigned int side)
{
	switch (side) {
	case SIDE_ACTIVE:
		return endpoint->remote_port;
	case SIDE_PASSIVE:
		return endpoint->local_port;
	default:
		return 0;
	}
}

uint16_t event_service_port(const struct event *event)
{
	return endpoint_service_port(&event->record.endpoint, event->record.side);
}

enum connect_failure event_connect_failure(const struct event *event)
{
	switch (event->record.error) {
	case EADDRNOTAVAIL:
		return CONNECT_NO_PORT;
	case ECONNREFUSED:
		return CONNECT_REFUSED;
	case ETIMEDOUT:
		return CONNECT_TIMEOUT;
	case ECANCELED:
		return CONNECT_ABANDONED;
	default:
		return CONNECT_UNREACHABLE;
	}
}

void totals_add(struct totals *totals, const struct event *event)
{
	const struct transition *record = &event->record;

	switch (record->type) {
	case RECORD_SOCKET:
		totals->states[record->new_state & 15].seeded++;
		return;
	case RECORD_CONNECT_FAILED:
		totals->connect_failures[event_connect_failure(event)]++;
		totals->connect_failed = totals->connect_failures[CONNECT_NO_PORT];
		return;
	case RECORD_LOCAL_PORT:
	case RECORD_HOLDER:
	case RECORD_BIND_FAILED:
	case RECORD_ACCEPTED:
	case RECORD_PORTS:
	case RECORD_PRESENT:
	case RECORD_LISTENER:
	case RECORD_NAMESPACE:
		return;
	}
	totals->transitions++;
	totals->time_wait_overflows += event_overflows(event);
	if (record->flags & FLAG_FIRST_SEEN)
		totals->states[record->old_state & 15].seeded++;
	totals->states[record->old_state & 15].left++;
	totals->states[record->new_state & 15].created++;
}

void totals_recount(struct totals *totals)
{
	struct state_totals *state = totals->states, *end = state + sizeof(totals->states) / sizeof(*state);

	for (; state < end; state++)
		state_totals_recount(state);
}

void state_totals_recount(struct state_totals *state)
{
	state->left += state_totals_now(state);
}

int64_t state_totals_now(const struct state_totals *state)
{
	return state->created + state->seeded + state->moved_in - state->moved_out - state->left;
}

void state_totals_add(struct state_totals *sum, const struct state_totals *more)
{
	sum->created += more->created;
	sum->seeded += more->seeded;
	sum->left += more->left;
	sum->moved_in += more->moved_in;
	sum->moved_out += more->moved_out;
}
