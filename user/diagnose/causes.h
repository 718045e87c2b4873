/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Live sockets that have the same cause: same process, side, service port and state. Made anew from the model in one pass. Pure.
 */
#ifndef TCPDWELL_DIAGNOSE_CAUSES_H
#define TCPDWELL_DIAGNOSE_CAUSES_H

#include "account/model.h"
#include "diagnose/thresholds.h"

/* No byte is left out: compared as memory. */
struct cause_key {
	uint32_t process; /* charged; of the model's processes, 0 = not known */
	uint32_t netns;
	uint16_t service_port; /* 0: the side is not known */
	uint8_t side, state;
	uint8_t queued; /* waits in an accept queue */
	uint8_t held; /* a process has the descriptor, as far as is known */
	uint8_t small; /* in the kernel's small socket */
	uint8_t padding;
};

/* Windows in which it is looked what came and stayed: so long each. A run that is younger has none. */
#define CAUSE_WINDOWS 3
extern const double cause_windows_s[CAUSE_WINDOWS];

struct cause_window {
	uint32_t came; /* entered their state within it, and are there */
	uint64_t first_ns, last_ns; /* ages of the first and the last of these */
};

struct cause {
	struct cause_key key;
	UT_hash_handle hh;
	uint32_t count;
	uint32_t aged; /* as old as the state's age, at least */
	uint32_t looked; /* of these the queues are known: */
	uint32_t unread, unread_end, read_to_end; /* data, the end of stream alone, nothing is left unread */
	uint32_t keepalive; /* have SO_KEEPALIVE */
	uint32_t probing; /* their peer's window is closed */
	uint64_t tx_queue, retransmits; /* bytes not acknowledged; the most in a row */
	uint32_t from_before; /* their begin was not seen */
	uint64_t oldest_ns, youngest_ns; /* ages */
	bool oldest_at_least;
	uint8_t remote_addr[16]; /* of the first that was met */
	uint16_t remote_port;
	bool one_remote; /* all have this one */
	uint64_t example; /* id of a socket: the oldest */
	uint32_t maker; /* of the model's processes: who accepted or connected all of them, as was seen; 0: not known, or several */
	struct cause_window windows[CAUSE_WINDOWS];
	const struct cause *const *parts; /* of a service, services.h: the causes of its processes, the most sockets first */
	uint32_t n_parts; /* 0: it is a process's own */
};

struct causes {
	struct cause *table;
	struct cause **sorted; /* the most sockets first */
	size_t count, capacity;
	uint32_t states[16]; /* sockets by state */
	uint32_t processes; /* that have them */
	uint64_t age_ns[16]; /* by state: from when on a socket counts as aged */
};

void causes_init(struct causes *causes);
void causes_release(struct causes *causes);

/* From when on sockets count as aged, by state. */
void causes_ages(struct causes *causes, const struct thresholds *thresholds);

/*
 * As of the tick, of a run that began then. What waits in an accept queue is counted, and as old, as a look found it there: later it
 * may have been accepted, which no event tells. 0 or -ENOMEM.
 */
int causes_make(struct causes *causes, const struct model *model, const struct tick *tick, uint64_t begin_ns);

/* Did sockets come all through a window of at least min_s, so that it is no burst? The shortest such window; -1: none. */
int cause_grows(const struct cause *cause, uint32_t least, double min_s);

#endif
