/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What connections do over the last ten seconds: from a process of ours to one address and port (active), or of others to one
 * service of ours (passive). Counted from events; TIME_WAIT, leaks and ports are counted elsewhere. Pure: the clock is an argument.
 */
#ifndef TCPDWELL_DIAGNOSE_FLOWS_H
#define TCPDWELL_DIAGNOSE_FLOWS_H

#include "event/event.h"
#include "util/hash.h"
#include "util/histogram.h"
#include "util/id_map.h"

#define FLOW_SLOTS 6 /* of FLOW_SLOT_NS: the last five are whole, the newest is being filled */
#define FLOW_SLOT_NS 2000000000ULL
#define FLOW_WINDOW_S 10.0
#define FLOWS_MAX 20000

enum flow_count {
	FLOW_STARTED, /* connect() was called; passive: accepted or queued */
	FLOW_OPENED, /* established */
	FLOW_ENDED, /* left ESTABLISHED */
	FLOW_LOCAL, /* of these: our side began it, by FIN or reset */
	FLOW_RESET, /* ended by a reset that our side sent */
	FLOW_RESET_QUEUED, /* of these: never accepted, so the end of who listened did it, and no close() of theirs */
	FLOW_TIME_WAIT, /* came into TIME_WAIT here */
	FLOW_OVERFLOW, /* ended without it: tcp_max_tw_buckets */
	FLOW_NO_PORT, /* connect() failed */
	FLOW_REFUSED,
	FLOW_TIMEOUT,
	FLOW_ABANDONED,
	FLOW_UNREACHABLE,
	FLOW_COUNTS,
};

/* What was tried since something answered last: connects that ended without an answer. */
struct unanswered {
	uint64_t since_ns; /* when the first of them began */
	uint64_t longest_ns; /* that one of them waited */
	uint32_t count;
	uint32_t unreachable; /* of these: the network, or a route of ours, said so */
	uint16_t error; /* that the last of these gave */
};

/* Compared as bytes. */
struct flow_key {
	uint8_t remote_addr[16]; /* passive: zero */
	uint64_t start_ns; /* of the process; passive: 0 */
	uint32_t pid;
	uint32_t netns;
	uint16_t service_port;
	uint8_t side;
	uint8_t padding[5];
};

struct flow {
	struct flow_key key;
	UT_hash_handle hh;
	struct process process; /* passive: the last that was seen; start_ns 0 = none yet */
	uint64_t begin_ns, event_ns; /* of its first and last event */
	uint32_t slots[FLOW_SLOTS][FLOW_COUNTS];
	struct histogram lives[2]; /* of what ended: in this window and the last */
	uint64_t lives_ns; /* when lives[0] began */
	struct unanswered unanswered;
	uint32_t waiting; /* about as many are in SYN_SENT: it is remembered until they are not */
	uint32_t fan_ends; /* of its process's fan's kind, as of its last event */
	/* Of the window, once concluded: */
	uint64_t counts[FLOW_COUNTS];
	unsigned int busy_slots; /* slots of 2 s in which something was started */
	double seconds; /* that the window has been counted for, 10 at most */
	double life_s; /* median; 0 = nothing ended */
};

/* Different ends of all processes of one name in one cgroup and namespace: a script may start a process for each. */
struct fan_kind {
	uint32_t ends, addresses;
};

/* Who connects to how many different addresses and ports. */
struct flow_fan {
	struct process process; /* key: start_ns and pid */
	UT_hash_handle hh;
	struct {
		uint64_t start_ns;
		uint32_t pid, padding;
	} key;
	uint32_t netns;
	struct id_map last_ns; /* uint64_t, by hash of address and port */
	struct id_map last_addr_ns; /* the same of addresses alone */
	uint32_t started[FLOW_SLOTS], failed[FLOW_SLOTS];
	uint8_t remote_addr[16]; /* one of them, the last */
	uint16_t remote_port;
	/* Of the window: */
	uint32_t ends, addresses, connects, failures;
	struct fan_kind kind; /* its own, where it is the only one */
};

struct flows {
	struct flow *table;
	struct flow *recent[2]; /* found last, of an active side and of a passive one; NULL: to be looked for */
	struct flow_fan *fans;
	size_t count, fan_count;
	uint64_t refused; /* found no room */
	uint64_t slot; /* number of the newest */
	uint64_t begin_ns;
};

void flows_init(struct flows *flows);
void flows_release(struct flows *flows);
void flows_begin(struct flows *flows, uint64_t now_ns);

/* Any event. Without memory less is known. */
void flows_event(struct flows *flows, const struct event *event);

/* Makes the window that ends now. What had no event for a minute is forgotten, but for what waits for an answer. */
void flows_conclude(struct flows *flows, uint64_t now_ns);

/* Those of one kind are side by side in the order that this makes, of pointers. */
int flow_fans_compare(const void *one, const void *other);
bool flow_fans_are_alike(const struct flow_fan *a, const struct flow_fan *b);

/* Sum of counts over the failures but FLOW_NO_PORT. */
uint64_t flow_failures(const struct flow *flow);

#endif
