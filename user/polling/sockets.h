/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What polling knows of each socket: the last look, compared with the one before. */
#ifndef TCPDWELL_POLLING_SOCKETS_H
#define TCPDWELL_POLLING_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "util/id_map.h"

struct cgroup_names;

/* As event/present.h has it. */
struct polled_details {
	uint32_t rx_queue, tx_queue, unsent;
	uint8_t timer, retransmits;
	uint64_t received_ns, sent_ns; /* 0: not told */
};

struct polled_socket {
	struct polled_details details; /* by the last look */
	struct endpoint endpoint;
	struct process owner; /* start_ns 0: not known */
	uint32_t device; /* as in struct transition */
	uint64_t inode; /* 0: no descriptor refers to it */
	uint64_t since_ns; /* seen in this state since; 0: since the first look */
	uint64_t old_since_ns; /* of old_state */
	uint32_t look; /* that found it last */
	uint32_t owner_look; /* that asked for its owner last */
	uint8_t state;
	uint8_t old_state; /* 0: none was seen */
	uint8_t side;
	bool is_timewait;
};

struct polled_sockets {
	struct id_map by_id;
	uint32_t netns; /* our own */
	uint32_t look; /* counts looks, from 1 */
	size_t max;
	size_t without_room; /* found none at the last look */
	uint64_t refused; /* connections that found none */
	uint64_t *changed; /* ids of those that are new or in another state since the last look */
	size_t n_changed, changed_capacity;
	uint64_t now_ns;
	uint8_t listened[65536 / 8]; /* a bit for each local port that was listened on at any look */
	int err;
};

/* 0 or -errno: the namespace is not known. */
int polled_sockets_init(struct polled_sockets *sockets, size_t max);
void polled_sockets_release(struct polled_sockets *sockets);

/* Reads the kernel's list. Those that are not found any more keep the number of an earlier look. 0 or negative errno. */
int polled_sockets_look(struct polled_sockets *sockets, uint64_t now_ns);

/* The id that a listed socket has in the table. */
struct listed_socket;
uint64_t polled_id_of(const struct listed_socket *listed);

/* What a state tells by itself of who sent the first FIN: enum closed_by. */
unsigned int polled_closed_by(const struct polled_socket *socket);

/* A socket that a process could have a descriptor of, and none has: it waits to be accepted. */
bool polled_is_in_accept_queue(const struct polled_socket *socket);

/* Asks /proc for the owners of those that have none yet, and of their cgroups. */
void polled_sockets_find_owners(struct polled_sockets *sockets, struct cgroup_names *cgroups);

/* Number of a process's cgroup, whose path is learnt; 0: not known. */
uint64_t polled_cgroup_of(uint32_t pid, struct cgroup_names *cgroups);

#endif
