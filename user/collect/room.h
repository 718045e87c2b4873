/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Room for new sockets in the fast table (bpf/store.bpf.h): those that have long been in one state are moved into the hash map, in two
 * passes over the slots. When, and whether it is worth it.
 */
#ifndef TCPDWELL_COLLECT_ROOM_H
#define TCPDWELL_COLLECT_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"

struct tcpdwell; /* the skeleton */

/* All zero at first. */
struct room {
	uint64_t next_ns, pause_ns;
	uint64_t seen_crowded; /* new sockets that had found no slot before the last pass that marked some */
	bool is_marked;
};

/* A pass over the slots of sockets. 0 or negative errno. */
typedef int room_pass_fn(void *context, enum sweep_map which);

/* Where new sockets found no slot, one of the passes if its time has come. 0 or negative errno. */
int room_make(struct room *room, struct tcpdwell *skeleton, uint64_t now_ns, room_pass_fn *pass, void *context);

#endif
