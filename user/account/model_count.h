/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How the model counts: one socket into all groupings and totals, or out of them. For the model's own files. */
#ifndef TCPDWELL_ACCOUNT_MODEL_COUNT_H
#define TCPDWELL_ACCOUNT_MODEL_COUNT_H

#include "account/model.h"

enum entry { ENTRY_CREATED, ENTRY_SEEDED, ENTRY_MOVED };

/*
 * A socket begins to be counted in a state, in the groups of `subject`. `socket` NULL: it is not remembered, and will
 * be counted out by a subject that names the same groups.
 */
void model_count_in(struct model *model, const struct group_subject *subject, struct live_socket *socket,
		    unsigned int state, enum entry entry, uint64_t now_ns);

/* It leaves the state. */
#define DWELL_UNKNOWN UINT64_MAX
void model_count_out(struct model *model, const struct group_subject *subject, struct live_socket *socket,
		     unsigned int state, uint64_t dwell_ns, uint64_t now_ns);

/* Another process is charged for it from now on: it moves to that one's groups. Its totals stay. */
void model_count_moved(struct model *model, const struct group_subject *from, const struct group_subject *to,
		       struct live_socket *socket, uint64_t now_ns);

/* It is no longer remembered as counted, though it stays counted. */
void model_count_dropped(struct model *model, const struct group_subject *subject, struct live_socket *socket);

/* One that a recount did not find: it left unseen, and was counted out when the recount began. */
void model_count_gone(struct model *model, const struct group_subject *subject, struct live_socket *socket);

#endif
