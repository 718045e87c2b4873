/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The books: each event is counted in one group of each grouping, by the same rules as the totals (event.h), so that
 * rows add up to them.
 */
#ifndef TCPDWELL_ACCOUNT_LEDGER_H
#define TCPDWELL_ACCOUNT_LEDGER_H

#include "account/groups.h"
#include "account/followed.h"

#define LEDGER_ALL_GROUPINGS ((1U << GROUP_KEYS) - 1)

struct ledger_config {
	uint32_t states; /* bit (1 << state): states that are counted */
	uint32_t followed; /* of these: each live socket is remembered by its id (age, oldest, sockets of a row) */
	uint32_t groupings; /* bit (1 << enum group_key) */
	uint32_t max_groups; /* a grouping; 0 = 10,000 */
	uint32_t max_followed; /* remembered; 0 = 4 Mi */
	bool keep_endpoints; /* of remembered sockets */
};

struct ledger;

/* NULL: no memory. */
struct ledger *ledger_new(const struct ledger_config *config);
void ledger_free(struct ledger *ledger);

void ledger_event(struct ledger *ledger, const struct event *event);

/* A recount begins (event.h): nothing is there until it is told again. */
void ledger_recount(struct ledger *ledger);

/* NULL when there is no such grouping. */
struct groups *ledger_groups(struct ledger *ledger, unsigned int by);
const struct followed *ledger_followed(const struct ledger *ledger);

/* The group that a remembered socket is counted in. */
struct group *ledger_group_of(const struct ledger *ledger, const struct followed_socket *socket, unsigned int by);

/* NULL when the state is not counted. */
struct account *ledger_account(const struct ledger *ledger, struct group *group, unsigned int state);

/* Ages at `now_ns`: makes anew each group's oldest_ns, and its histograms of open sockets where `histograms`. */
void ledger_age(struct ledger *ledger, unsigned int by, uint64_t now_ns, bool histograms);

/* An interval of `seconds` is over: rates are of it. */
void ledger_end_interval(struct ledger *ledger, double seconds);

/* Histograms begin anew. */
void ledger_clear_dwell(struct ledger *ledger);

/* Closed groups that had no event for five minutes go to ~other; pointers to them are no more. */
void ledger_forget(struct ledger *ledger, uint64_t now_ns);

#endif
