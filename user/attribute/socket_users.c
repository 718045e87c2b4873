// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A table of holders by connection, and the programs that were asked for. */
#include "attribute/socket_users.h"

#include <stdlib.h>

#include "attribute/programs.h"
#include "util/id_map.h"
#include "util/tcp_state.h"

#define HELD_MAX (1 << 20) /* of others it is not said who has them */
#define ASK_INTERVAL_NS 1000000000ULL /* between PROGRAMS_ASKED questions: each costs some 30 us */

struct socket_users {
	struct id_map holders; /* struct process, by connection */
	struct programs *programs; /* NULL: nobody is asked */
	bool cmdline;
	uint64_t asked_ns;
};

struct socket_users *socket_users_new(bool cmdline)
{
	struct socket_users *users = calloc(1, sizeof(*users));

	if (!users)
		return NULL;
	users->cmdline = cmdline;
	id_map_init(&users->holders, sizeof(struct process));
	users->programs = cmdline ? programs_with_cmdlines_new(NULL) : programs_new(NULL);
	if (users->programs)
		return users;
	socket_users_free(users);
	return NULL;
}

void socket_users_free(struct socket_users *users)
{
	if (!users)
		return;
	programs_free(users->programs);
	id_map_release(&users->holders);
	free(users);
}

void socket_users_begin(struct socket_users *users, const struct run *run)
{
	if (!run->recorded)
		return;
	programs_free(users->programs);
	users->programs = programs_share(run->programs);
}

static void keep(struct socket_users *users, uint64_t id, const struct process *process)
{
	struct process *known = users->holders.used < HELD_MAX ? id_map_put(&users->holders, id) : id_map_find(&users->holders, id);

	if (known)
		*known = *process;
}

static void note_holder(struct socket_users *users, const struct event *event)
{
	if (event->held->process.start_ns && !event->held->queued)
		keep(users, event->record.id, &event->held->process);
	else if (users->holders.used)
		id_map_remove(&users->holders, event->record.id);
}

/* Of one from before the file tables told the owner: a process that has it. */
static bool is_found_in_files(const struct transition *record)
{
	return record->type == RECORD_SOCKET && record->attribution == ATTRIBUTION_SEEDED && record->owner.start_ns &&
	       !(record->flags & (FLAG_IN_ACCEPT_QUEUE | FLAG_TIMEWAIT));
}

/* Who closes it need not be who had it; whether somebody still does is told again. */
static bool ends_holding(const struct transition *record)
{
	if (record->flags & FLAG_TIMEWAIT)
		return true;
	if (record->type != RECORD_TRANSITION)
		return false;
	switch (record->new_state) {
	case STATE_FIN_WAIT1:
	case STATE_CLOSING:
	case STATE_LAST_ACK:
	case STATE_TIME_WAIT:
	case STATE_CLOSE:
		return true;
	default:
		return false;
	}
}

static const struct process *holder_of(struct socket_users *users, const struct transition *record)
{
	const struct process *known = users->holders.used ? id_map_find(&users->holders, record->id) : NULL;

	if (known && ends_holding(record)) {
		id_map_remove(&users->holders, record->id);
		return NULL;
	}
	if (known || !is_found_in_files(record))
		return known;
	keep(users, record->id, &record->owner);
	return &record->owner;
}

static bool is_of_users(const struct event *event)
{
	return event->held || event_tells_users(event);
}

static const struct process *charged_of(const struct event *event)
{
	return event->held ? &event->held->process : event_charged(event, event_state(event));
}

/* Returns who has it, of events of one socket. */
static const struct process *follow(struct socket_users *users, const struct event *event)
{
	if (event->record.time_ns - users->asked_ns >= ASK_INTERVAL_NS) {
		users->asked_ns = event->record.time_ns;
		programs_more(users->programs);
	}
	if (!event->held)
		return holder_of(users, &event->record);
	note_holder(users, event);
	return NULL;
}

void socket_users_event(struct socket_users *users, struct event *event)
{
	const struct process *charged;

	if (!is_of_users(event))
		return;
	event->holder = follow(users, event);
	if (!users->cmdline)
		event->cmdline = NULL;
	if (!users->programs)
		return;
	charged = charged_of(event);
	if (programs_are_told(users->programs)) { /* what the recording has of it stays with it */
		event->program = event->program ?: programs_find(users->programs, charged);
		return;
	}
	event->program = programs_find(users->programs, charged);
	event->cmdline = users->cmdline ? programs_cmdline(users->programs, charged) : NULL;
}

void socket_users_note(struct socket_users *users, const struct event *event)
{
	if (!is_of_users(event))
		return;
	follow(users, event);
	programs_find(users->programs, charged_of(event));
}

void socket_users_recount(struct socket_users *users)
{
	id_map_clear(&users->holders);
}
