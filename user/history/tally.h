/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What happened in an interval, and what was there at its end, for each process × remote service. Pure: no I/O, the clock is an
 * argument. Of those that connect to us the addresses are folded: the service is ours then.
 */
#ifndef TCPDWELL_HISTORY_TALLY_H
#define TCPDWELL_HISTORY_TALLY_H

#include "account/model.h"
#include "event/event.h"
#include "util/hash.h"
#include "util/histogram.h"

/* Compared as bytes: unused ones are zero. */
struct flow_key {
	uint64_t start_ns;
	uint32_t pid;
	uint16_t port; /* of the service */
	uint8_t side; /* enum side */
	uint8_t other; /* 1: ~other, for all that found no room */
	uint8_t addr[16]; /* of the remote service; zero where the service is ours */
};

struct flow {
	struct flow_key key;
	char comm[COMM_BYTES], unit[128], container[65], pod[128], namespace[128], container_name[128];
	uint64_t opened; /* entries into ESTABLISHED */
	uint64_t time_wait_local, time_wait_other; /* entries into TIME_WAIT: closed first by us; by the other end, or not known by whom */
	uint64_t close_wait; /* entries into CLOSE_WAIT */
	uint64_t failures[CONNECT_FAILURES];
	uint64_t established_now, time_wait_now, close_wait_now;
	uint64_t oldest_ns, youngest_ns; /* ages of the CLOSE_WAIT that are there; 0 and 0: there are none */
	struct histogram established, close_waited; /* how long these states took */
	UT_hash_handle hh;
};

struct tally {
	struct flow *flows;
	struct flow *recent[2]; /* found last, of a passive side and of others; NULL: to be looked for */
	struct flow *other; /* once something found no room; in `flows` too */
	unsigned int count;
};

void tally_init(struct tally *tally);

/* Everything begins anew, and memory is given back. */
void tally_clear(struct tally *tally);

void tally_event(struct tally *tally, const struct event *event);

/* The end of an interval: adds what is there. Once. */
void tally_live(struct tally *tally, const struct model *live, uint64_t now_ns);

/* The most active ones stay, the rest is folded into ~other. */
void tally_fold(struct tally *tally, unsigned int most);

#endif
