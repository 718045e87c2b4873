/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One look over all sockets that a model knows: for each group what counts do not tell, such as how many addresses are at
 * the other end, how long connects have waited for an answer, which accept queue is the fullest. Pure.
 */
#ifndef TCPDWELL_ACCOUNT_SURVEY_H
#define TCPDWELL_ACCOUNT_SURVEY_H

#include "account/model.h"

/* A prefix of the mapped address: 120 is an IPv4 /24. */
struct survey_network {
	uint8_t addr[16];
	uint8_t bits;
	uint32_t sockets;
};

struct survey_end {
	struct endpoint endpoint; /* of one of them */
	uint8_t side;
	uint32_t sockets;
};

struct survey_row {
	uint32_t sockets; /* that were looked at: with a remote end, of this group */
	uint32_t addresses; /* distinct remote addresses of them */
	struct survey_end busiest; /* the address that has the most of them; sockets 0: there is none */
	struct survey_network network; /* the same of networks */
	struct {
		uint32_t sockets, addresses; /* older than SURVEY_SYN_NS; distinct remote addresses of these */
		uint64_t since_ns; /* of the oldest; 0 = none is so old */
		struct endpoint oldest;
	} unanswered; /* in SYN_SENT */
	struct {
		uint32_t sockets;
		uint64_t since_ns; /* of the oldest */
		uint16_t port; /* of its service; 0: not known */
		bool at_least; /* it may have been closed before that */
	} gave_up; /* in CLOSE_WAIT before they were accepted: their clients have closed */
	struct {
		uint32_t full; /* listeners whose queue has no room */
		struct listener_facts facts; /* of the fullest of these, else of the one with the most drops */
		struct endpoint endpoint;
		bool told; /* there is such a listener */
	} queue;
	struct {
		uint32_t sockets; /* in CLOSE_WAIT, or FIN_WAIT2 that a process has, whose other end is on this machine */
		uint32_t process; /* who has the other end of the oldest, of struct processes */
		uint64_t since_ns;
		uint8_t state; /* of that end */
	} peer;
};

#define SURVEY_SYN_NS 1500000000ULL /* the first SYN is sent again after a second: nobody answered it */

struct survey {
	struct survey_row *rows; /* by the groups' index */
	size_t n_rows, capacity;
	struct id_map addresses, networks, asked; /* of all groups: by hash of group and address */
};

void survey_init(struct survey *survey);
void survey_release(struct survey *survey);

/* As of `now_ns`, for the groups of a grouping. 0 or -ENOMEM: rows are all zero then. */
int survey_take(struct survey *survey, struct model *model, unsigned int by, uint64_t now_ns);

/* Never NULL: all zero for what was not seen. */
const struct survey_row *survey_row(const struct survey *survey, const struct group *group);

/* The network that an address is in: /24, and /64 of IPv6; `bits` as in struct survey_network. */
void survey_network_of(uint8_t out[16], uint8_t *bits, const uint8_t addr[16]);

/* Adds what was found of another group, whose addresses are others. */
void survey_row_add(struct survey_row *row, const struct survey_row *more);

#endif
