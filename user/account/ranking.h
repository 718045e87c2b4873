/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `top` shows: groups measured at one moment, sorted. */
#ifndef TCPDWELL_ACCOUNT_RANKING_H
#define TCPDWELL_ACCOUNT_RANKING_H

#include "account/model.h"
#include "account/trouble.h"

enum measure {
	MEASURE_NOW, /* TIME_WAIT and CLOSE_WAIT together */
	MEASURE_MOVED_IN, /* the same */
	MEASURE_MOVED_OUT,
	MEASURE_TIME_WAIT_CAME, /* as in struct account */
	MEASURE_TIME_WAIT_CREATED,
	MEASURE_TIME_WAIT_SEEDED,
	MEASURE_TIME_WAIT_MOVED_IN,
	MEASURE_TIME_WAIT_MOVED_OUT,
	MEASURE_TIME_WAIT_LEFT,
	MEASURE_TIME_WAIT_NOW,
	MEASURE_TIME_WAIT_RATE, /* a second */
	MEASURE_TIME_WAIT_P50, /* dwell, ns */
	MEASURE_TIME_WAIT_P99,
	MEASURE_CLOSE_WAIT_CAME,
	MEASURE_CLOSE_WAIT_CREATED,
	MEASURE_CLOSE_WAIT_SEEDED,
	MEASURE_CLOSE_WAIT_MOVED_IN,
	MEASURE_CLOSE_WAIT_MOVED_OUT,
	MEASURE_CLOSE_WAIT_LEFT,
	MEASURE_CLOSE_WAIT_NOW,
	MEASURE_CLOSE_WAIT_RATE,
	MEASURE_CLOSE_WAIT_P50,
	MEASURE_CLOSE_WAIT_P99,
	MEASURE_CLOSE_WAIT_OLDEST, /* ns */
	MEASURE_TROUBLE, /* what is wrong, the worst is the largest; 0: nothing */
	MEASURE_SOCKETS, /* in any state but LISTEN */
	MEASURE_SYN_SENT_NOW,
	MEASURE_SYN_RECV_NOW,
	MEASURE_ESTABLISHED_NOW,
	MEASURE_FIN_WAIT2_NOW,
	MEASURE_CLOSING_NOW, /* FIN_WAIT1, LAST_ACK, CLOSING: an answer to a FIN is waited for */
	MEASURE_ACCEPT_QUEUE_NOW,
	MEASURE_LISTEN_NOW,
	MEASURE_REMOTES, /* addresses at the other ends */
	MEASURE_FAILURES, /* failed connects, a second */
	MEASURES,
	SORT_BY_LABEL = MEASURES, /* not a measure, but a sort key */
	SORT_KEYS,
};

struct ranking_row {
	const struct group *group;
	const struct survey_row *survey; /* never NULL */
	struct trouble trouble;
	uint32_t folded; /* 0, or it is a network: so many rows are in it, each another address */
	double value[MEASURES]; /* NAN: there is none */
};

struct ranking {
	struct ranking_row *rows;
	size_t count, capacity;
	struct survey survey; /* of the last measurement that took one */
	struct ranking_fold *folds; /* networks; the rows' own */
	size_t n_folds;
};

#define RANKING_FOLD_FROM 21 /* so many addresses of a network are one row */
#define RANKING_KEPT_OPEN 16

/* Networks whose addresses are rows of their own. */
struct ranking_open {
	struct group_name names[RANKING_KEPT_OPEN]; /* as in the row that was the network's */
	unsigned int count;
};

void ranking_init(struct ranking *ranking);
void ranking_release(struct ranking *ranking);

/*
 * Measures all groups of a grouping as of `now_ns`; without `rates` these are NAN. ~other is a row when it counted
 * anything. Rows point to groups: valid until model_forget(). 0 or -ENOMEM.
 */
int ranking_measure(struct ranking *ranking, struct model *model, unsigned int by, uint64_t now_ns, bool rates);

/*
 * Puts rows that differ in the remote address alone into one for their network (/24, IPv6 /64), where there are
 * RANKING_FOLD_FROM or more that are not quiet: counts and rates are sums, the percentiles those of all, the oldest and the
 * busiest address the network's. `model` and `now_ns` as they were measured. 0 or -ENOMEM.
 */
int ranking_fold(struct ranking *ranking, const struct model *model, const struct ranking_open *open, uint64_t now_ns);

/* The name of the network that a remote address is in; of a network its own. False: there is no address in it. */
bool ranking_network_of(struct group_name *name, const struct group_name *of);

/* Forgets what was folded; called by ranking_measure() and ranking_release(). */
void ranking_unfold(struct ranking *ranking);

/* Nothing of it is there, nothing came, nothing failed: all that it had is another's by now, or was there before and has left. */
bool ranking_row_is_quiet(const struct ranking_row *row);

/* The largest first (names: ascending); equal ones by name; ~other always last. */
void ranking_sort(struct ranking *ranking, unsigned int key, bool reverse);

/* "now" "tw-new" "tw-rate" "tw-now" … "name", as given to -s; the field of -j also. -EINVAL. */
int sort_key_parse(const char *text);
const char *sort_key_name(unsigned int key);

/* All sort keys, for a message: "now, tw-new, …". */
void sort_key_list(char *out, size_t size);

#endif
