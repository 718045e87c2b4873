/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A network namespace whose ports run out: its settings, the sockets that were made in it, and what follows from them for
 * ports. That is written down here by who makes the sockets, and not read from the kernel.
 */
#ifndef TESTS_PORTS_WORLD_H
#define TESTS_PORTS_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ports/capacity.h"
#include "ports/pool.h"

#define SERVICE 7001
#define OTHER_SERVICE 7002
#define WORLD_PORTS 65536

/* How a client socket gets its local address and port. */
enum way {
	WAY_CONNECT, /* connect() chooses */
	WAY_BIND_ZERO, /* bind(address, 0) chooses the port */
	WAY_NO_PORT, /* bind(address, 0) with IP_BIND_ADDRESS_NO_PORT: connect() chooses the port */
};

struct ends {
	const char *local; /* NULL: the kernel's choice */
	uint16_t local_port; /* 0: any */
	const char *remote;
	uint16_t port;
	const char *device; /* SO_BINDTODEVICE, or where a link-local address is; NULL: none */
	enum way way;
	bool reuse_addr, reuse_port, mapped; /* mapped: IPv4 by an IPv6 socket */
	uint16_t own_low, own_high; /* IP_LOCAL_PORT_RANGE; 0 = none */
};

struct world {
	struct ends ends; /* the destination that is tried */
	struct port_settings settings;
	struct port_set reserved, blocked, taken; /* taken: on ends.local or the wildcard address */
	struct {
		uint16_t port;
		bool reusable;
	} used[WORLD_PORTS]; /* by connections to the destination */
	uint32_t n_used;
	int listener; /* of ends.remote:SERVICE, or of all addresses where that is on another machine */
	int kernel; /* major * 100 + minor */
	char skip[160];
};

/* Ends the process with a reason. */
void world_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* In a new namespace of this process: raises lo, gives it addresses, sets what `settings` says, listens. */
void world_make(struct world *world, const char *range, const char *reserved);

void world_sysctl(const char *name, const char *value);

/*
 * Two interfaces, a0 and a1, on which another machine (a namespace, whose listener replaces the world's) has the same link-local
 * address: both ends have on one what they have on the other. False: they can't be made here, and world->skip says why.
 */
bool world_two_links(struct world *world);
#define LINK_LOCAL "fe80::2"
#define LINK_REMOTE "fe80::1"

/* A socket that is bound as told, and connected. A descriptor, or negative errno. */
int world_connect(const struct ends *ends);
/* A socket that is bound to this address and port. A descriptor, or negative errno. */
int world_bind(const char *addr, uint16_t port, bool reuse_addr, bool reuse_port);
int world_listen(const char *addr, uint16_t port);
uint16_t world_local_port(int fd);

/* Accepts the connection whose client is this, and returns the server's descriptor. */
int world_accept(int listener);

/* The client closes first: its socket goes to TIME_WAIT. peer_closes false: to FIN_WAIT2, in a timewait socket. */
void world_close(int client, int server, bool peer_closes);

/*
 * Of the connections that were noted, those that the kernel keeps in a full socket yet are not reusable, as /proc/net/tcp tells. An
 * acknowledgement of our FIN that comes in the last moment of close() leaves the socket in FIN_WAIT2 as it is.
 */
void world_note_full_sockets(struct world *world);

/* Until no connection in this namespace has the port. */
void world_wait_free(uint16_t port);

/* Until so many connections to the service are in TIME_WAIT: an acknowledgement may come late. */
void world_wait_time_wait(unsigned int count);

/* Closes the server's end once the client has closed. */
void world_wait_closed(int server);

/* What this connection does to ports is noted. */
void world_note_used(struct world *world, uint16_t port, bool reusable);

#endif
