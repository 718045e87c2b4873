/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* connect() calls of a group that failed, by reason. Made with the first: most groups have none. */
#ifndef TCPDWELL_ACCOUNT_FAILURES_H
#define TCPDWELL_ACCOUNT_FAILURES_H

#include "event/event.h"

#define FAILURE_WORDS 16

struct failure_account {
	uint64_t count; /* since the run began */
	uint64_t before; /* when the interval began */
	double rate; /* a second, in the interval before */
	uint64_t last_ns; /* of the last one */
	struct endpoint last; /* where it was to */
	uint64_t seen[FAILURE_WORDS]; /* a bit an address, by its hash */
};

struct failures {
	struct failure_account of[CONNECT_FAILURES];
};

/* One more; *failures is made where it is NULL. Without memory it is not counted. */
void failures_count(struct failures **failures, const struct event *event);
void failures_add(struct failures **failures, const struct failures *more);

/* About how many remote addresses they were to. Exact for a few, within some percent up to thousands. */
uint32_t failure_addresses(const struct failure_account *account);

/* An interval of `seconds` is over. */
void failures_end_interval(struct failures *failures, double seconds);

#endif
