/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the last look at all sockets found (event/present.h, event/listener.h, event/namespace_facts.h): live sockets of every state
 * but TIME_WAIT, listening sockets, namespaces; and the other end of a socket where it is on this machine too. The model keeps what
 * it is told: a run that is not asked for these tells nothing of them, and the tables are empty.
 */
#ifndef TCPDWELL_ACCOUNT_PRESENT_H
#define TCPDWELL_ACCOUNT_PRESENT_H

#include "event/event.h"
#include "event/kept_ends.h"
#include "event/listener.h"
#include "event/namespace_facts.h"
#include "event/present.h"
#include "util/id_map.h"

enum present_flag {
	PRESENT_IN_ACCEPT_QUEUE = 1 << 0,
	PRESENT_TIMEWAIT = 1 << 1, /* FIN_WAIT2 in the kernel's small socket */
	PRESENT_AT_LEAST = 1 << 2, /* in its state since before since_ns: the begin was not seen */
	PRESENT_COUNTED = 1 << 3, /* filters let it pass: it is in the counts of groups */
	PRESENT_UNDECIDED = 1 << 4, /* filters wait for names */
	PRESENT_HOLDER_TOLD = 1 << 5, /* the holder is known, if only that there is none */
};

/* Both kinds of sockets begin alike. */
struct present_base {
	struct endpoint endpoint;
	uint64_t since_ns; /* when its state began, or the earliest that is known */
	uint32_t owner, closer, holder; /* of struct processes; 0 = none is known */
	int32_t fd; /* of the holder, its lowest; -1 = not known */
	uint32_t holders; /* processes that have a descriptor, as far as told */
	uint8_t state;
	uint8_t side : 2;
	uint8_t attribution : 2; /* of the owner */
	uint8_t closed_by : 2;
	uint8_t flags; /* enum present_flag */
};

/* What is known of one that is live, as it is shown: made of what is kept. */
struct present_socket {
	uint64_t id;
	struct present_base base;
	struct present now;
	const uint32_t *groups; /* by grouping; 0: ~other; valid until the next event */
};

/* How it is kept: there may be a million. */
struct kept_present {
	uint64_t since_ns, received_ns, sent_ns;
	struct kept_ends ends;
	uint32_t owner, closer, holder;
	uint32_t fd_and_1; /* 0: not known */
	uint32_t holders;
	uint8_t flags, retransmits;
	uint8_t state : 4, side : 2, attribution : 2;
	uint8_t closed_by : 2, keepalive : 2, timer : 3;
	uint32_t groups[];
};

/* Beside it, of those that have any of it. */
struct kept_details {
	uint64_t queued_ns, listener;
	uint32_t rx_queue, tx_queue, unsent;
	uint32_t padding; /* they are compared as bytes */
};

/* How it is found out what a listening socket dropped: account/model_drops.c. */
struct listener_drops {
	uint64_t told, told_new; /* the kernel's number of the socket, and what of it is new, as told; LISTENER_NOT_KNOWN */
	uint64_t proved; /* of told_new: the namespace counted them too */
	uint64_t pending, pending_ns; /* of told_new: may be proved yet; since then */
};

struct listening_socket {
	struct present_base base;
	struct listener_facts now; /* drops and new_drops: SYNs and connections alone; not known where the namespace's are not */
	struct listener_drops drops;
	uint32_t groups[];
};

struct known_namespace {
	struct namespace_facts facts;
	uint64_t drops, drops_ns, told_ns; /* that it counted and no listener is known to have made; looked for since then; told then */
	uint64_t fresh, fresh_ns, fresh_begin_ns; /* counted since its listeners were looked at; the last and the first then */
	bool begins; /* `drops` or `fresh` has all that it ever counted, for listeners that were known before it */
};

/* Which socket has which ends: made when it is asked for, good as long as no look tells of anything. */
struct present_ends;

struct present_tables {
	struct id_map sockets, listeners; /* by id: struct kept_present, struct listening_socket */
	struct id_map details, addresses; /* of sockets: struct kept_details; event/kept_ends.h */
	struct id_map namespaces; /* by inode: struct known_namespace */
	bool unsettled; /* drops were told since model_settle() */
	uint64_t look_ns; /* the last look at sockets, as model_settle() was told; 0: none */
	struct present_ends *ends; /* NULL: there was no memory */
};

/* Who is charged, of struct processes, by the rule of live_socket_charged(). */
uint32_t present_charged(const struct present_base *base);

void present_tables_init(struct present_tables *tables, unsigned int n_groupings);
void present_tables_release(struct present_tables *tables);

/* What is kept of a socket, to be shown. */
struct present_socket present_shown(const struct present_tables *tables, uint64_t id, const struct kept_present *kept);

/* Keeps all of it but its groups. 0 or -ENOMEM. */
int present_keep(struct present_tables *tables, struct kept_present *kept, const struct present_socket *socket);

/* It is gone. */
void present_forget(struct present_tables *tables, uint64_t id);

/*
 * The id of the socket at the other end of `endpoint`: that of the same namespace, else the only one that there is in any. 0: there
 * is none, several could be it, or there is no memory to look for it.
 */
uint64_t present_peer(const struct present_tables *tables, const struct endpoint *endpoint);

#endif
