/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The connections that are there while a recording goes on, so that its next file can begin with them. */
#ifndef TCPDWELL_RECORDING_LIVE_SOCKETS_H
#define TCPDWELL_RECORDING_LIVE_SOCKETS_H

#include "account/model.h"

/* A model of all that is there, for model_event() and model_recount(). NULL: no memory. */
struct model *recording_live_new(void);

typedef int recording_tell(void *context, const struct event *event);

/*
 * Calls `tell` with a RECORD_SOCKET event for each connection, and then a RECORD_HOLDER event where it was told who has it, until
 * it returns 1: the rest, `*untold` connections, are LIVE_UNTOLD. 0, or the negative errno that `tell` returned.
 */
int recording_live_tell(struct model *live, const struct tick *now, recording_tell *tell, void *context, size_t *untold);

/* No connection is LIVE_UNTOLD any more. */
void recording_live_forget_untold(struct model *live);

/*
 * What looks at all sockets found: RECORD_NAMESPACE, RECORD_LISTENER and RECORD_PRESENT events, and who has the sockets, until `tell`
 * returns 1: of the rest nothing is known until it changes. 0, or the negative errno that `tell` returned.
 */
int recording_live_tell_looks(const struct model *live, const struct tick *now, recording_tell *tell, void *context);

/*
 * The same for one connection if it is LIVE_UNTOLD, before its next event is written, so that the file says what that ended: it is not
 * any more, and one less is `*untold`.
 */
int recording_live_tell_one(struct model *live, const struct tick *now, recording_tell *tell, void *context, size_t *untold,
			    uint64_t id);

#endif
