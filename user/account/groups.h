/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All groups of one grouping. Bounded: what finds no room is counted in ~other, and stays there until it is closed, so
 * that each group by itself and all of them together stay exact.
 */
#ifndef TCPDWELL_ACCOUNT_GROUPS_H
#define TCPDWELL_ACCOUNT_GROUPS_H

#include "account/group.h"
#include "util/id_map.h"
#include "util/slots.h"

struct groups {
	unsigned int by;
	size_t name_bytes;
	unsigned int n_accounts;
	unsigned int max;
	struct group *table; /* uthash, in the order of their first event; walk with ->hh.next */
	struct group *other; /* never NULL; not in the table */
	struct group *last; /* found last: events come in runs */
	struct slots slots; /* all of them, ~other first */
	uint64_t names_version; /* of the names that the labels have */
	struct id_map folded; /* live sockets of each key that is in ~other, by the key's hash: int64_t */
};

/* 0 or -ENOMEM. */
int groups_init(struct groups *groups, unsigned int by, unsigned int n_accounts, unsigned int max);
void groups_release(struct groups *groups);

unsigned int groups_count(const struct groups *groups);

/* The group of a socket that begins to be counted; made if need be. Never NULL. */
struct group *groups_enter(struct groups *groups, const struct group_subject *subject);

/* The group of a socket whose time in it is over, as groups_enter() gave it. */
struct group *groups_leave(struct groups *groups, const struct group_subject *subject);

/* groups_leave() of one whose group is remembered, where that may be ~other. */
struct group *groups_leave_from(struct groups *groups, struct group *group, const struct group_subject *subject);

/* The group of what happened to such a process without a socket that is counted; made if need be. Never NULL. */
struct group *groups_get(struct groups *groups, const struct group_subject *subject);

/* The group of such sockets as it is now, which may be ~other; nothing changes. */
struct group *groups_of(const struct groups *groups, const struct group_subject *subject);

/* The group of this name, as long as it is kept apart; NULL otherwise. */
struct group *groups_find(const struct groups *groups, const struct group_name *name);

static inline struct group *groups_at(const struct groups *groups, uint32_t index)
{
	return groups->slots.at[index];
}

/* Labels take over the names that became known. */
void groups_complete(struct groups *groups, struct pod_names *names);

/* Folds closed groups that had no event since `before_ns` into ~other, each after it was told of. Returns how many. */
typedef void group_forgotten(void *context, const struct group *group);
unsigned int groups_forget(struct groups *groups, uint64_t before_ns, group_forgotten *tell, void *context);

/* Nothing is there until it is told again. */
void groups_recount(struct groups *groups);

#endif
