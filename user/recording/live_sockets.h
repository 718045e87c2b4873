/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The connections that are there while a recording goes on, so that its next file can begin with them. */
#ifndef TCPDWELL_RECORDING_LIVE_SOCKETS_H
#define TCPDWELL_RECORDING_LIVE_SOCKETS_H

#include "account/model.h"

struct recording_live {
	struct model *own; /* NULL: nothing is followed */
	struct model *books; /* another view's, NULL: there is none. It is told of each event after the recording; what it follows `own` does not */
};

/* `books` outlives it, and no filter keeps anything out of them. 0 or -ENOMEM; release also after a failure. */
int recording_live_init(struct recording_live *live, struct model *books);
void recording_live_release(struct recording_live *live);

/* NULL when it is not there. Valid until the next event. */
struct live_socket *recording_live_find(const struct recording_live *live, uint64_t id);

/* As id_map_next(). */
struct live_socket *recording_live_next(const struct recording_live *live, size_t *cursor, uint64_t *id);

/* Sockets that found no room so far. */
uint64_t recording_live_refused(const struct recording_live *live);

/* Names of containers that became known. */
void recording_live_complete(struct recording_live *live, struct pod_names *names);

typedef int recording_tell(void *context, const struct event *event);

/*
 * Calls `tell` with a RECORD_SOCKET event for each connection, and then a RECORD_HOLDER event where it was told who has it, until
 * it returns 1: the rest, `*untold` connections, are LIVE_UNTOLD. 0, or the negative errno that `tell` returned.
 */
int recording_live_tell(struct recording_live *live, const struct tick *now, recording_tell *tell, void *context, size_t *untold);

/* No connection is LIVE_UNTOLD any more. */
void recording_live_forget_untold(struct recording_live *live);

/*
 * What looks found, and who has the sockets: RECORD_NAMESPACE and RECORD_LISTENER events, which are few; of all others RECORD_PRESENT
 * events. Until `tell` returns 1: of the rest nothing is known until it changes. 0, or the negative errno that `tell` returned.
 */
int recording_live_tell_listeners(const struct recording_live *live, const struct tick *now, recording_tell *tell, void *context);
int recording_live_tell_looks(const struct recording_live *live, const struct tick *now, recording_tell *tell, void *context);

/*
 * The same for one connection if it is LIVE_UNTOLD, before its next event is written, so that the file says what that ended: it is not
 * any more, and one less is `*untold`.
 */
int recording_live_tell_one(struct recording_live *live, const struct tick *now, recording_tell *tell, void *context, size_t *untold,
			    uint64_t id);

#endif
