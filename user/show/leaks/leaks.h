/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The view of `leaks`: sockets stuck in a state. It follows the sockets of these states (account/model), and at the end
 * of the run chooses the old ones, asks who holds them (attribute/holders), tells the model, and prints a report.
 */
#ifndef TCPDWELL_SHOW_LEAKS_LEAKS_H
#define TCPDWELL_SHOW_LEAKS_LEAKS_H

#include "account/model.h"
#include "attribute/holders.h"
#include "event/event.h"
#include "show/leaks/groups.h"
#include "util/json.h"
#include "util/output.h"

/* How long a socket has been in its state. */
struct leak_age {
	uint64_t ns; /* exact, or the least that is proved */
	bool at_least; /* the begin was not seen */
	uint64_t at_most_ns; /* where at_least; 0 = no bound is known */
};

struct leak {
	uint64_t id;
	const struct live_socket *socket; /* of the model, as are the other pointers; good until its next event */
	struct live_end end;
	const struct process *charged; /* start_ns 0 = not known */
	const struct process *maker; /* who accepted or connected it, as was seen, where that is another process; else NULL */
	const struct known_cgroup *cgroup; /* the charged process's */
	const struct group *group;
	size_t cause; /* as struct leak_group has it */
	const struct held_socket *held; /* NULL: not known, as in a replay */
	struct leak_age age;
};

struct leaks_config {
	uint32_t states; /* bit (1 << state) */
	uint64_t older_than_ns;
	bool watches; /* for the run's time; else one look is enough */
	double countdown_s; /* the run's time, where someone sits at a terminal and waits; 0: nobody */
	uint32_t rows; /* shown; 0 = default */
	uint32_t max_sockets; /* 0 = default */
	bool json, wide, cmdline;
	const struct filter *filter; /* on processes; must outlive the view */
};

struct leaks_report {
	const struct leaks_config *config;
	const struct model *model;
	const struct tick *tick; /* when the report was made */
	struct pod_names *names; /* the run's */
	uint64_t begin_ns; /* of the run */
	uint64_t watched_ns; /* so long; 0: for too short a time that growth means something */
	bool polled; /* see struct run: queues are not looked into */
	bool asked; /* the kernel, who holds what; false in a replay */
	bool holders_complete; /* everything that was asked could be looked at */
	uint32_t states;
	size_t in_state; /* sockets in the states, however young */
	uint64_t refused; /* sockets that the table had no room for */
	size_t undecided; /* begin not seen: may be old enough or not */
	struct leak *leaks; /* oldest first */
	size_t count;
	struct leak_group *groups; /* with leaks, most first */
	size_t group_count;
	const struct listening_socket **queues; /* of the model: whose clients wait to be accepted, see queues.h */
	size_t queue_count;
};

/* NULL: no memory. `output` stays the caller's and must outlive the view. */
struct view *leaks_view_new(const struct leaks_config *config, struct output *output);
void leaks_view_free(struct view *view);

/* How many the report shows, after the end. */
size_t leaks_view_found(const struct view *view);

/*
 * What is known of a socket's age at `now_ns`, with `listed` (NULL: not known) read then. Pure. `uptime_ns` tells whether
 * the kernel's counters of milliseconds can have wrapped.
 */
struct leak_age leak_age_of(const struct live_socket *socket, const struct listed_socket *listed, uint64_t now_ns,
			    uint64_t uptime_ns);

/*
 * Who holds the socket now, of what was found. `first` is the charged process while it is among them, else the one with the
 * lowest pid. False where that is not told: `complete` says whether every process could be looked at. Pure.
 */
bool leak_holder(const struct leak *leak, const struct process *owner, bool complete, struct held *first);

/* Fills in whose it is by the model, once all that is to be told to it was told. */
void leak_charge(struct leak *leak, const struct model *model);

/* So long a TIME_WAIT stays, in ns. False where not known. */
bool leak_time_left(const struct leak *leak, uint64_t *ns);

/*
 * Asks the machine: who has the sockets of the report's leaks (one for each, the caller's; NULL: no memory), and what the processes
 * of its groups run. Then the model is told, socket by socket: it moves to who has it.
 */
struct held_socket *leaks_ask_holders(struct leaks_report *report);
void leaks_ask_processes(struct leaks_report *report);
void leaks_tell_holder(struct model *model, const struct leaks_report *report, struct leak *leak);

/* The first descriptor of the charged process; -1 = none is known. */
int leak_descriptor(const struct leak *leak);

/* A report as text or as JSON lines; `json` is empty before and after. 0 or the output's error. */
int leaks_text(struct output *output, const struct leaks_report *report);
int leaks_json(struct output *output, struct json *json, const struct leaks_report *report);

#endif
