/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The connections that are there while a recording goes on, so that its next file can begin with them. */
#ifndef TCPDWELL_RECORDING_LIVE_SOCKETS_H
#define TCPDWELL_RECORDING_LIVE_SOCKETS_H

#include "account/model.h"

/* A model of all that is there, for model_event() and model_recount(). NULL: no memory. */
struct model *recording_live_new(void);

/*
 * Calls `tell` with a RECORD_SOCKET event for each connection, and then a RECORD_HOLDER event where it was told who has it. Ends
 * with the first result that is not 0 and returns it.
 */
int recording_live_tell(const struct model *live, const struct tick *now,
			int (*tell)(void *context, const struct event *event), void *context);

#endif
