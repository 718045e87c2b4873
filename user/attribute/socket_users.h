/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What lines of single events say of processes beyond owner and closer: who has the socket, as far as that was told, and what the
 * charged process runs. Follows RECORD_HOLDER events.
 */
#ifndef TCPDWELL_ATTRIBUTE_SOCKET_USERS_H
#define TCPDWELL_ATTRIBUTE_SOCKET_USERS_H

#include <stdbool.h>

#include "event/event.h"

struct socket_users;

/* NULL: no memory. */
struct socket_users *socket_users_new(bool cmdline);
void socket_users_free(struct socket_users *users);

/*
 * The run begins. In a recorded one processes are not asked what they run: they were another machine's. Lines say it
 * themselves.
 */
void socket_users_begin(struct socket_users *users, const struct run *run);

/* Fills in the event's holder, program and cmdline, which are valid until the next call. */
void socket_users_event(struct socket_users *users, struct event *event);

/* The same for an event that nobody is told of: who has what is followed, and processes are asked while they run. */
void socket_users_note(struct socket_users *users, const struct event *event);

/* A recount begins: who has what is told again. */
void socket_users_recount(struct socket_users *users);

#endif
