/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is there: live sockets, whose they are, the groups that they are counted in, totals. One place applies events;
 * views read. Each event is counted in one group of each grouping, by the same rules as the totals of the run
 * (event.h), so that rows add up to totals, and without a filter these are the run's.
 */
#ifndef TCPDWELL_ACCOUNT_MODEL_H
#define TCPDWELL_ACCOUNT_MODEL_H

#include "account/groups.h"
#include "account/present.h"
#include "account/processes.h"
#include "account/sockets.h"

#define MODEL_GROUPINGS (GROUP_KEYS + 1)

struct model_config {
	uint32_t states; /* bit (1 << state): states that are counted */
	uint32_t followed; /* of these: each live socket is remembered by its id (age, holder, sockets of a row) */
	unsigned int groupings[MODEL_GROUPINGS];
	uint32_t dwells[MODEL_GROUPINGS]; /* of each, by state as above: whose dwell times are kept; 0: of all */
	unsigned int n_groupings;
	uint32_t max_groups; /* a grouping; 0 = 10,000 */
	uint32_t max_sockets; /* remembered; 0 = 4 Mi */
	bool keep_ends; /* of remembered sockets: addresses, descriptor */
	bool only_follows; /* of connections nothing is counted, not even totals: only what is there is asked for. Without groupings and filter */
	const struct filter *filter; /* on processes: applied to who is charged. NULL: all pass. The caller's */
	/* Of the groups of one grouping it is told what happens to them; NULL: nobody is. `context` is passed on. */
	unsigned int told_by;
	void (*left)(void *context, const struct group *group, unsigned int state, uint64_t dwell_ns); /* a time in a state is over; no histogram is kept */
	group_forgotten *forgets; /* a group is about to go to ~other */
	void *context;
};

/* One grouping within the model. */
struct grouping {
	struct groups groups;
	bool of_process; /* its groups are told by the process alone */
	unsigned int slot; /* where entries of processes, or else sockets, keep their group */
	uint32_t dwells; /* bit (1 << state): its dwell times are kept */
};

struct model {
	uint32_t followed;
	bool only_follows; /* as above */
	bool needs_processes; /* something is told by them */
	bool needs_closers; /* of remembered sockets */
	bool needs_ends; /* a group is told by them */
	bool needs_subjects; /* there are groups, or a filter: else it need not be known whose something is to count it */
	int8_t index[16]; /* of a state among a group's accounts; -1 = not counted */
	unsigned int n_groupings;
	struct grouping groupings[MODEL_GROUPINGS];
	struct processes processes;
	struct live_sockets sockets;
	struct state_totals totals[16]; /* by state number; as everything here, of what passes the filter */
	uint64_t transitions, connect_failures[CONNECT_FAILURES], time_wait_overflows, unknown; /* as in struct totals and struct health */
	const struct filter *filter; /* NULL: everything passes */
	struct present_tables present;
	struct present_counts present_counts; /* as of a group, over all that passes the filter */
	bool present_told; /* any look at all sockets was told of: what is not there is not, rather than not known */
	bool listeners_told; /* the same of looks at listening sockets, which may be all that is looked at */
	uint64_t now_ns; /* of the last event */
	bool recounting;
	unsigned int told_by;
	void (*left)(void *context, const struct group *group, unsigned int state, uint64_t dwell_ns);
	group_forgotten *forgets;
	void *context;
};

/* NULL: no memory. */
struct model *model_new(const struct model_config *config);
void model_free(struct model *model);

void model_event(struct model *model, const struct event *event);

/*
 * As view->recount (event.h): nothing is there until it is told again. What was known of a socket stays known when it
 * is; at the end those that were not told are gone.
 */
void model_recount(struct model *model, bool begins);

/* A tick with totals and counters of what passes the filter; `room` is where they are then. */
struct model_tick {
	struct tick tick;
	struct totals totals;
	struct health health;
};

const struct tick *model_tick(const struct model *model, const struct tick *tick, struct model_tick *room);

/* Names that became known, for labels, containers and filters. NULL: none will. */
void model_complete(struct model *model, struct pod_names *names);

/* NULL when there is no such grouping. */
struct groups *model_groups(struct model *model, unsigned int by);

/* The group that a socket of the table is counted in; ~other for one that is not counted. */
struct group *model_group_of(const struct model *model, const struct live_socket *socket, unsigned int by);

/*
 * The group, in a grouping of processes, that is charged for what an event tells; made if need be, as for a connect() that
 * failed. After model_event(). NULL: there is no such grouping.
 */
struct group *model_group_of_event(struct model *model, const struct event *event, unsigned int by);

/* NULL when the state is not counted. */
struct account *model_account(const struct model *model, struct group *group, unsigned int state);

/* Ages at `now_ns`: makes anew each group's oldest_ns, and its histograms of open sockets where `histograms`. */
void model_age(struct model *model, unsigned int by, uint64_t now_ns, bool histograms);

/* An interval of `seconds` is over: rates are of it. `present_seen_ns` as in struct tick. */
void model_end_interval(struct model *model, double seconds, uint64_t present_seen_ns);

/* Histograms begin anew. */
void model_clear_dwell(struct model *model);

/* Closed groups that had no event for five minutes go to ~other; pointers to them are no more. */
void model_forget(struct model *model, uint64_t now_ns);

/*
 * Sockets in a state now; group NULL: of all groups. Where transitions from and to the state are counted (config.states), from
 * these; else as the last look at all sockets found.
 */
int64_t model_state_now(const struct model *model, const struct group *group, unsigned int state);

/*
 * Which of the drops that listeners told of are proved by now; before listeners, or counts of drops, are read. `present_seen_ns` as
 * in struct tick; 0: listeners are taken to be as new as namespaces.
 */
void model_settle(struct model *model, uint64_t present_seen_ns);

/* What looks found: account/present.h. Pointers are valid until the next event. Cursors begin with 0. */
bool model_present_told(const struct model *model);
bool model_listeners_told(const struct model *model);
bool model_present_find(const struct model *model, uint64_t id, struct present_socket *socket);
bool model_present_next(const struct model *model, size_t *cursor, struct present_socket *socket);
const struct listening_socket *model_listener_find(const struct model *model, uint64_t id);
const struct listening_socket *model_listener_next(const struct model *model, size_t *cursor, uint64_t *id);
const struct namespace_facts *model_namespace_find(const struct model *model, uint32_t netns);
const struct namespace_facts *model_namespace_next(const struct model *model, size_t *cursor, uint32_t *netns);

/* The process that is charged for it, never NULL: holder, listener's process, owner, closer, as of any socket. */
const struct known_process *model_present_process(const struct model *model, const struct present_base *base);

/* The group that it is counted in; NULL: in none, since filters stop it, or as a listener has no remote end. */
struct group *model_present_group(const struct model *model, const struct present_socket *socket, unsigned int by);
struct group *model_listener_group(const struct model *model, const struct listening_socket *listener, unsigned int by);

/* The live socket at the other end. False: it is not on this machine, or not unambiguous. */
bool model_peer(const struct model *model, const struct endpoint *endpoint, struct present_socket *peer);

/* As an event tells of it, but for `present` or `listener`. `type`: RECORD_PRESENT or RECORD_LISTENER. Texts as below. */
struct event model_present_event(const struct model *model, uint64_t id, const struct present_base *base, unsigned int type);

/* Who has it, into a RECORD_HOLDER event. False: that was not told. */
bool model_present_held(const struct model *model, uint64_t id, struct event *event, struct held *held);

/* A socket as an event tells of one that is there. Texts are the model's: valid until the next event. */
struct event model_socket_event(const struct model *model, uint64_t id, const struct live_socket *socket,
				struct held *held);

#endif
