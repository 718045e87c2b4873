/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What flows through the user side: a run begins, events and ticks come, it ends. Live (collect/live.c) and recorded
 * (recording/recording.c) runs give the same, so a view does not know which it shows.
 */
#ifndef TCPDWELL_EVENT_EVENT_H
#define TCPDWELL_EVENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "abi.h"
#include "event/container.h"
#include "event/facts.h"
#include "util/tcp_state.h"

/* Who has a socket's descriptor now. */
struct held {
	struct process process; /* the owner while it is among them, else the one with the lowest pid; start_ns 0: nobody */
	uint32_t count; /* processes that have it */
	int32_t fd; /* of `process`, its lowest; -1 = not known */
	bool queued; /* waits in an accept queue: `process` is the listener's */
};

struct port_facts; /* event/port_facts.h */
struct present; /* event/present.h */
struct listener_facts; /* event/listener.h */
struct namespace_facts; /* event/namespace_facts.h */

struct event {
	/*
	 * Any type but RECORD_CGROUP; owner as far as known. Of RECORD_HOLDER only type, id, time_ns and listing are filled in; of
	 * RECORD_PORTS and RECORD_NAMESPACE the namespace in place of the id.
	 */
	struct transition record;
	uint64_t unix_ns; /* record.time_ns as UTC */
	bool healed; /* not seen itself: concluded from what came after */
	bool was_there; /* of a list with which another recorded run begins: it did not come since the one before ended, as far as is known */
	uint64_t cgroup_id; /* the charged process's, or the socket's; 0 = not known */
	const char *cgroup; /* path, NULL = not known; valid during the call */
	const struct container *container; /* never NULL; valid during the call */
	uint64_t names_version; /* where it is that of another event, cgroup and container are the same; 0: not known */
	const struct process *holder; /* of one socket: who has its descriptor; NULL: nobody, or it was not told, as by sources */
	const char *program, *cmdline; /* of the charged process, or of the holder that is told of; NULL: not known, as of sources */
	const struct held *held; /* of RECORD_HOLDER: cgroup and container are this process's; NULL otherwise */
	/* NULL but in events of their type; valid during the call. */
	const struct port_facts *ports; /* of RECORD_PORTS */
	const struct present *present; /* of RECORD_PRESENT */
	const struct listener_facts *listener; /* of RECORD_LISTENER */
	const struct namespace_facts *namespace; /* of RECORD_NAMESPACE */
};

/* All that is told of two processes, their names with what is behind the end: some that are the same are not found to be. */
static inline bool process_equals(const struct process *a, const struct process *b)
{
	uint64_t names[2][COMM_BYTES / sizeof(uint64_t)];

	memcpy(names[0], a->comm, COMM_BYTES);
	memcpy(names[1], b->comm, COMM_BYTES);
	return a->start_ns == b->start_ns && a->pid == b->pid && a->ns_pid == b->ns_pid && a->cgroup_id == b->cgroup_id &&
	       names[0][0] == names[1][0] && names[0][1] == names[1][1];
}

static inline bool endpoint_equals(const struct endpoint *a, const struct endpoint *b)
{
	uint64_t words[2][sizeof(struct endpoint) / sizeof(uint64_t)];

	memcpy(words[0], a, sizeof(*a));
	memcpy(words[1], b, sizeof(*b));
	return words[0][0] == words[1][0] && words[0][1] == words[1][1] && words[0][2] == words[1][2] && words[0][3] == words[1][3] &&
	       words[0][4] == words[1][4];
}

/* Is it told of who has the socket, and what the process runs? */
static inline bool event_tells_users(const struct event *event)
{
	return event->record.type == RECORD_TRANSITION || event->record.type == RECORD_SOCKET;
}

/* Did it happen just now? Else a look found it, and more may come with the next look. */
static inline bool event_happened(const struct event *event)
{
	return event->record.type < RECORD_PORTS;
}

struct pod_names;
struct programs;

/* What is said once, when a run begins. Strings live as long as the run. */
struct run {
	const char *version; /* of the tcpdwell that traced */
	const char *kernel;
	const char *host; /* name of the machine that was traced; NULL = not known */
	const char *boot; /* which boot of it (util/boot.h); NULL = not known */
	uint32_t netns; /* the one network namespace that was looked at; 0 = several, or all */
	const char *hooks[FACTS]; /* by enum fact: what served it; NULL = not known */
	uint64_t begin_ns; /* monotonic */
	uint64_t begin_unix_ns;
	bool polled; /* not traced: only what was there at each look is known, see polling/polling.h */
	struct pod_names *names; /* of pods and containers, as they become known; NULL = none will be */
	struct programs *programs; /* what processes ran, as a recording has it: attribute/programs.h; NULL: live, they are asked */
	bool recorded; /* a replay: the machine that we run on may be another */
};

/* Grown since the run began. Shown where not zero. */
struct health {
	uint64_t lost; /* records that found the ring buffer full */
	uint64_t skipped; /* events that the kernel's recursion guard kept from us at most, machine-wide */
	uint64_t missed; /* gaps found in a connection's transitions */
	uint64_t healed; /* of these: put right */
	uint64_t map_full; /* entries that a table refused */
	uint64_t unknown; /* entries into TIME_WAIT and CLOSE_WAIT of no known process */
	uint64_t adopted; /* sockets found by reconciliation */
	uint64_t dropped; /* entries of sockets that were gone */
	uint64_t walk_cut; /* chains of the kernel's table longer than the walk */
	uint64_t queue_cut; /* looks at accept queues that were longer than the walk */
	uint64_t seed_cut; /* lists of the sockets from before that are not whole */
};

/* Of one state. created + seeded + moved_in - moved_out - left = now. */
struct state_totals {
	uint64_t created; /* entries since we attached */
	uint64_t seeded; /* were there when we attached, or were found by a recount */
	uint64_t left; /* a recount lets all leave, and finds those again that are there */
	uint64_t moved_in, moved_out; /* another process has them now: of a group, or into and out of what a filter lets pass */
};

/* Why connect() failed. */
enum connect_failure {
	CONNECT_NO_PORT, /* no free local port towards this destination */
	CONNECT_REFUSED,
	CONNECT_TIMEOUT, /* no answer */
	CONNECT_ABANDONED, /* the program gave up before there was an answer */
	CONNECT_UNREACHABLE, /* no route, or the network said so */
	CONNECT_FAILURES,
};

struct totals {
	uint32_t told; /* bit (1 << state): all that enter and leave it are told, so that its totals are right */
	uint64_t transitions;
	uint64_t connect_failed; /* connect_failures[CONNECT_NO_PORT] */
	uint64_t connect_failures[CONNECT_FAILURES];
	uint32_t unseen_failures; /* bit (1 << kind): of these more may have happened than were seen */
	uint64_t time_wait_overflows; /* sockets that could not enter TIME_WAIT: tcp_max_tw_buckets */
	struct state_totals states[16]; /* by state number */
	int64_t fin_wait2_timewait; /* now in FIN_WAIT2 as timewait sockets */
#define FIN_WAIT2_NOT_KNOWN INT64_MIN
};

struct holes;

struct tick {
	uint64_t time_ns; /* monotonic */
	uint64_t unix_ns;
	const struct health *health;
	const struct totals *totals;
	uint64_t holders_check_ns; /* at least so often it is looked who has the sockets that wait; 0: never, or not known */
	/* When the last looks began: what they did not contradict was so until then. 0: not known, as of older recordings. */
	uint64_t holders_seen_ns; /* who has which socket, and what waits in accept queues */
	uint64_t present_seen_ns; /* RECORD_PRESENT and RECORD_LISTENER */
	const struct holes *holes; /* event/holes.h, so far; NULL: none */
};

#define VIEW_TICK_MS 50
#define VIEW_IDLE_MS 1000

/*
 * Takes what a run tells: `begin` first, once; `end` last, once. NULL members are not called. Each returns
 *   0               to go on;
 *   1               to ask for the end: what is known already is still told, then `end` comes;
 *   negative errno  when it failed: none of them is called again, `end` neither.
 * source/guard.h holds those that call a view to this.
 */
struct view {
	int (*begin)(struct view *view, const struct run *run);
	int (*event)(struct view *view, const struct event *event);
	/*
	 * Records were lost: all sockets that are there are told anew, as RECORD_SOCKET events between two calls, the first with
	 * `begins`. What was there before and is not told of until the second call has left unseen.
	 */
	int (*recount)(struct view *view, bool begins);
	int (*tick)(struct view *view, const struct tick *tick); /* about each tick_ms, and after each batch of events */
	int (*end)(struct view *view, const struct tick *last);
	unsigned int tick_ms; /* how long an event may wait; 0 = VIEW_TICK_MS, and VIEW_IDLE_MS while nothing comes */
	bool tells_at_end; /* what it has to show comes with `end`: someone may read it page by page, and is waited for */
};

/*
 * May a record of the ring buffer be told to views? Its numbers are of their enums, its type is one of events, its names end. Whoever
 * writes records has root's rights; a mistake of ours, or another version's program, is to cost a record and not the run.
 */
bool record_is_sound(const struct transition *record);

/* Could the socket not enter TIME_WAIT, for tcp_max_tw_buckets? */
static inline bool event_overflows(const struct event *event)
{
	return event->record.type == RECORD_TRANSITION && event->record.end == END_OVERFLOW;
}

static inline bool state_is_waiting(unsigned int state)
{
	return state == STATE_TIME_WAIT || state == STATE_CLOSE_WAIT;
}

/*
 * The state that an event is about: the one that waits (TIME_WAIT, also where it could not be entered, CLOSE_WAIT), new before old;
 * else the new one.
 */
static inline unsigned int event_state(const struct event *event)
{
	const struct transition *record = &event->record;

	if (event_overflows(event))
		return STATE_TIME_WAIT;
	return !state_is_waiting(record->new_state) && state_is_waiting(record->old_state) ? record->old_state : record->new_state;
}

/* A state's charged process: the closer for TIME_WAIT where one is known, else the owner. start_ns 0 = not known. */
static inline const struct process *event_charged(const struct event *event, unsigned int state)
{
	return state == STATE_TIME_WAIT && event->record.closer.start_ns ? &event->record.closer : &event->record.owner;
}

/* How the charged process of the event's state is known: enum attribution. */
static inline unsigned int event_attribution(const struct event *event)
{
	const struct process *charged = event_charged(event, event_state(event));

	if (!charged->start_ns)
		return ATTRIBUTION_UNKNOWN;
	return charged == &event->record.closer ? ATTRIBUTION_OBSERVED : event->record.attribution;
}

/* Does it concern one of these states, by bit (1 << state)? One that could not enter TIME_WAIT concerns that. */
bool event_concerns(const struct event *event, uint32_t states);

/* Does it enter TIME_WAIT or CLOSE_WAIT on the account of no known process? */
bool event_enters_unknown(const struct event *event);

/* The port that the service is found at, from the side that is known; 0 when none is. */
uint16_t endpoint_service_port(const struct endpoint *endpoint, unsigned int side);
/* Of a RECORD_CONNECT_FAILED event. */
enum connect_failure event_connect_failure(const struct event *event);

uint16_t event_service_port(const struct event *event);

/* Monotonic clock, and UTC, in ns. */
uint64_t clock_monotonic_ns(void);
uint64_t clock_unix_ns(void);

/* CPU time of the running thread, in ns: what work costs, not how long others kept it from running. */
uint64_t clock_cpu_ns(void);

/*
 * UTC - monotonic, measured as closely as a machine that is busy allows; `known`, as measured before (0: it was not), unless somebody has
 * set the clock since: measuring is never the same twice.
 */
uint64_t clock_unix_offset_ns(uint64_t known);

/* Adds an event to the totals. */
void totals_add(struct totals *totals, const struct event *event);

/* A recount begins: nothing is there until it is told. */
void totals_recount(struct totals *totals);
void state_totals_recount(struct state_totals *state);

void state_totals_add(struct state_totals *sum, const struct state_totals *more);

int64_t state_totals_now(const struct state_totals *state);

#endif
