/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One destination of connections: a remote address and port, from one local address of a network namespace, for sockets that are
 * bound to an interface (link-local addresses, SO_BINDTODEVICE) from this one: the kernel keeps their ports apart. What events said of
 * it is counted for as long as it is remembered; what is there now is told anew for each picture, socket by socket:
 * destination_clear(), destination_use() for each, destination_conclude(). Pure: the clock is an argument.
 */
#ifndef TCPDWELL_PORTS_DESTINATION_H
#define TCPDWELL_PORTS_DESTINATION_H

#include <stddef.h>

#include "ports/capacity.h"
#include "ports/forecast.h"
#include "ports/rate.h"
#include "util/hash.h"
#include "util/histogram.h"
#include "util/tcp_state.h"

/* No byte is left out: keys are compared as memory. */
struct destination_key {
	uint8_t local_addr[16], remote_addr[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint32_t netns;
	uint16_t remote_port;
	uint16_t own_low, own_high; /* sockets with IP_LOCAL_PORT_RANGE have their own limit; 0 = none */
	uint16_t padding;
	uint32_t device; /* index of the interface that the sockets are bound to; 0 = none */
	uint32_t padding2;
};

/* Who holds ports, and in which state. */
struct port_holder {
	uint32_t process; /* the caller's number for it, 0 = not known */
	uint32_t count;
	uint8_t state;
	bool more; /* it stands for further processes that are alike */
};

struct port_holders {
	struct port_holder *list; /* the most first, once concluded */
	uint32_t used, capacity;
	uint32_t others; /* for whom there was no room */
	bool different; /* no two of the list are alike any more */
};

#define VICTIMS_MAX 8

/* Whose connect() found no port, or whose bind() failed. */
struct port_victim {
	struct process process;
	uint64_t failures;
	uint64_t last_ns;
	bool more; /* it stands for further processes that are alike */
};

/* One more failure of this process. False: there is no room for another process. */
bool port_victims_add(struct port_victim victims[VICTIMS_MAX], unsigned int *count, const struct process *process, uint64_t now_ns);

/* A socket on a port, as of now. */
struct port_use {
	uint16_t port;
	uint8_t state;
	bool small; /* it is in a timewait socket, which the kernel ends by itself */
	uint64_t free_ns; /* of small ones: when; monotonic */
	uint64_t reusable_ns; /* as of time_wait_reusable_ns(); UINT64_MAX for all others */
	uint32_t holder;
};

/* Ports of one half that are in use. */
struct half_use {
	uint32_t open;
	struct port_schedule schedule; /* of those in TIME_WAIT */
};

struct destination {
	struct destination_key key;
	UT_hash_handle hh;

	/* Of events, since it is remembered. */
	struct port_counts counts;
	struct rate_window window;
	struct histogram search, handshake; /* of connects: ns until the SYN was sent, ns from there until ESTABLISHED */
	struct port_victim victims[VICTIMS_MAX];
	unsigned int n_victims;
	uint64_t other_victims; /* failures of further processes */
	uint64_t event_ns; /* of the last one */
	bool no_timestamps; /* the peer sends none, as its last TIME_WAIT told: these are not reused */

	/* Of the picture. */
	uint32_t sockets, by_state[STATE_COUNT];
	uint32_t small, waiting_for_peer; /* in timewait sockets; of these in FIN_WAIT2 */
	struct port_tally tally;
	struct port_set *ports; /* that are counted; NULL where none can come twice */
	struct half_use halves[HALVES];
	struct port_holders holders; /* of ports that connect() may choose, where these are known: not of tally.outside */
	uint64_t first_free_ns, all_free_ns; /* monotonic; 0: none is in a timewait socket */

	/* Concluded. */
	bool known; /* the namespace's settings are: all below holds */
	struct headroom headroom;
	struct port_rates rates;
	double share; /* of the capacity that is not usable, 0 to 1 */
	double life_s; /* how long a connection is open; 0: not known */
	double hold_s, time_wait_share; /* what follows it */
	double sustainable, cliff_sustainable; /* connections a second */
	double cliff_in_s, wall_in_s; /* as of forecast_seconds() */
};

void destination_release(struct destination *destination);

/* connect() of this process found no port. */
void destination_failed(struct destination *destination, const struct process *process, uint64_t now_ns);

void destination_clear(struct destination *destination);

/*
 * `space` NULL: the namespace's settings are not known. Sockets that are bound to no interface take their ports from those that are
 * bound to one too, if the rest is the same; not the other way round: they are to be told of after these, for each such destination.
 * 0 or -ENOMEM.
 */
int destination_use(struct destination *destination, const struct port_space *space, const struct port_use *use,
		    uint64_t now_ns);

/* time_wait_ns: how long TIME_WAIT lasts on this machine. */
void destination_conclude(struct destination *destination, const struct port_space *space, const struct port_settings *settings,
			  uint64_t now_ns, uint64_t time_wait_ns);

/* Are these two of one program? */
typedef bool processes_alike(const void *context, uint32_t a, uint32_t b);

/*
 * Of a program of which each process lives for one request there is no room for all: once the list is full, one stands for those that are
 * alike. Who is to be told of in place of the process then, else the process itself.
 */
uint32_t port_holders_stand_in(struct port_holders *holders, uint32_t process, uint8_t state, processes_alike *alike, const void *context);

/* Sorts. 0 or -ENOMEM. */
int port_holders_add(struct port_holders *holders, uint32_t process, uint8_t state, uint32_t count);
void port_holders_sort(struct port_holders *holders);

#endif
