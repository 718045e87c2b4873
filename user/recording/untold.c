// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "recording/untold.h"

#include "util/tcp_state.h"

#define NSEC_PER_MSEC 1000000ULL
#define RATE_NS (1000 * NSEC_PER_MSEC) /* of --max-event-rate */
#define STUCK_NS (10000 * NSEC_PER_MSEC) /* in CLOSE_WAIT: it is told, whatever the rate */
#define STUCK_AT_ONCE 256

/* Is the connection one that the file tells of? */
static bool is_told(const struct recording_live *live, uint64_t id)
{
	const struct live_socket *socket = recording_live_find(live, id);

	return socket && !(socket->flags & LIVE_UNTOLD);
}

bool untold_is_within_rate(struct untold *untold, const struct recording_live *live, const struct event *event)
{
	if (!untold->max_event_rate)
		return true;
	if (event->record.time_ns - untold->rate_ns >= RATE_NS) {
		untold->rate_ns = event->record.time_ns;
		untold->rate_events = 0;
	}
	return untold->rate_events < untold->max_event_rate || event->record.type == RECORD_CONNECT_FAILED ||
	       event->record.type == RECORD_BIND_FAILED || event->record.type == RECORD_PORTS || event->record.type == RECORD_LISTENER ||
	       event->record.type == RECORD_NAMESPACE || is_told(live, event->record.id);
}

void untold_tell_before(struct untold *untold, struct recording_live *live, const struct tick *tick, recording_tell *tell, void *context,
			const struct event *event)
{
	untold->rate_events++;
	if (untold->count)
		recording_live_tell_one(live, tick, tell, context, &untold->count, event->record.id);
}

void untold_withhold(struct untold *untold, const struct recording_live *live, const struct event *event)
{
	const struct live_socket *socket = recording_live_find(live, event->record.id);

	untold->count -= socket && socket->flags & LIVE_UNTOLD && untold->count;
	untold->withheld_id = event->record.id;
}

void untold_settle(struct untold *untold, const struct recording_live *live)
{
	struct live_socket *socket = untold->withheld_id ? recording_live_find(live, untold->withheld_id) : NULL;

	untold->withheld_id = 0;
	if (!socket)
		return;
	socket->flags |= LIVE_UNTOLD;
	untold->count++;
}

void untold_recount(struct untold *untold, struct recording_live *live)
{
	untold->count = 0;
	recording_live_forget_untold(live);
	untold->refused_before = recording_live_refused(live);
}

bool untold_any(const struct untold *untold, const struct recording_live *live)
{
	return untold->count || recording_live_refused(live) != untold->refused_before;
}

void untold_tell_stuck(struct untold *untold, struct recording_live *live, const struct tick *tick, recording_tell *tell, void *context)
{
	uint64_t stuck[STUCK_AT_ONCE], id;
	const struct live_socket *socket;
	size_t cursor = 0, count = 0;

	if (!untold->max_event_rate || !untold->count || tick->time_ns - untold->stuck_ns < STUCK_NS)
		return;
	untold->stuck_ns = tick->time_ns;
	untold->count = 0;
	while ((socket = recording_live_next(live, &cursor, &id))) {
		if (!(socket->flags & LIVE_UNTOLD))
			continue;
		untold->count++;
		if (socket->state == STATE_CLOSE_WAIT && tick->time_ns > socket->since_ns + STUCK_NS && count < STUCK_AT_ONCE)
			stuck[count++] = id;
	}
	while (count--)
		recording_live_tell_one(live, tick, tell, context, &untold->count, stuck[count]);
}
