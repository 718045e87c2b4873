/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Connections that are there and of which a file says nothing: there was no room for them when it began, or too much happened at once.
 * LIVE_UNTOLD marks them in the models of what is there. They are told late: when something happens to them, or when they are stuck.
 */
#ifndef TCPDWELL_RECORDING_UNTOLD_H
#define TCPDWELL_RECORDING_UNTOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recording/live_sockets.h"

/* All zero but for max_event_rate. */
struct untold {
	size_t count; /* LIVE_UNTOLD in the models, and some that went with a recount */
	uint64_t refused_before; /* those that had no room in a model before all were last told anew: one that had none since may still be there */
	uint64_t withheld_id; /* of the last event, whose connection is not LIVE_UNTOLD yet; 0: it was written */
	uint32_t max_event_rate; /* a second; 0: no limit */
	uint64_t rate_ns, rate_events; /* in the second that began then */
	uint64_t stuck_ns; /* when it was last looked for connections that are stuck */
};

/* Is the event to be told? Above the rate: only what fails, and what the file has begun to tell of. */
bool untold_is_within_rate(struct untold *untold, const struct recording_live *live, const struct event *event);

/* It is told: its connection before it, if that is untold. */
void untold_tell_before(struct untold *untold, struct recording_live *live, const struct tick *tick, recording_tell *tell, void *context,
			const struct event *event);

/* It is not. Before any model follows it. */
void untold_withhold(struct untold *untold, const struct recording_live *live, const struct event *event);

/* Is there a connection after an event that was withheld? All models have followed it: to be called before anything else happens. */
void untold_settle(struct untold *untold, const struct recording_live *live);

/* All that is there is told anew. */
void untold_recount(struct untold *untold, struct recording_live *live);

/* Not all that is there was listed: it did not fit into the file, or into the table. */
bool untold_any(const struct untold *untold, const struct recording_live *live);

/* Connections that were left out and are stuck are not left out any more. */
void untold_tell_stuck(struct untold *untold, struct recording_live *live, const struct tick *tick, recording_tell *tell, void *context);

#endif
