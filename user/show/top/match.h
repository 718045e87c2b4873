/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which groups have a socket with an address or a port that was typed: what a row shows is only the busiest end of its sockets. */
#ifndef TCPDWELL_SHOW_TOP_MATCH_H
#define TCPDWELL_SHOW_TOP_MATCH_H

#include "account/ranking.h"
#include "util/address.h"

struct top_match {
	char filter[ADDRESS_PORT_TEXT]; /* what `groups` are of, with the two below */
	unsigned int by;
	uint64_t time_ns;
	bool *groups; /* by the groups' index */
	size_t n_groups, capacity;
};

void top_match_release(struct top_match *match);

/*
 * "5432" or ":5432": the port at either end; "10.9." "2001:db8:" "10.9.0.2:5432": part of a remote address with its port. Any other
 * text, and no text, match nothing. 0 or -ENOMEM. The same text at the same time is not looked for twice.
 */
int top_match_make(struct top_match *match, struct model *model, unsigned int by, const char *filter, uint64_t time_ns);

/* Of a network (ranking_fold()): has one of its addresses? */
bool top_match_has(const struct top_match *match, struct model *model, const struct ranking_row *row);

#endif
