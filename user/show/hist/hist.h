/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The view of `hist`: how long sockets stay in each state, by any key, and how long those that are there have been. */
#ifndef TCPDWELL_SHOW_HIST_HIST_H
#define TCPDWELL_SHOW_HIST_HIST_H

#include "account/group.h"
#include "event/event.h"
#include "util/output.h"

enum hist_sort { HIST_BY_COUNT, HIST_BY_OPEN, HIST_BY_NAME, HIST_SORTS };

enum hist_of { HIST_OF_STATES, HIST_OF_SEARCH, HIST_OF_ACCEPT, HIST_OFS };

struct hist_config {
	/*
	 * The time in each state; how long connect() looked for a port, then `states` is SYN_SENT; or how long connections waited in
	 * accept queues, then `states` is ESTABLISHED, which is what all of them were first.
	 */
	enum hist_of of;
	uint32_t states; /* bit (1 << state), as hist_states() gives them */
	unsigned int by; /* what histograms are of, see account/group.h */
	enum hist_sort sort;
	uint32_t rows; /* shown; 0 = ten of text, all of JSON */
	uint32_t max_groups; /* kept apart; 0 = default */
	uint64_t interval_ns; /* 0: one, the whole run */
	uint64_t count; /* intervals; 0 = no end */
	bool json, color;
	bool heat; /* a line an interval for each histogram; interval_ns is not 0 then */
	const struct filter *filter; /* on processes; must outlive the view */
};

/* NULL: no memory. `output` stays the caller's and must outlive the view. */
struct view *hist_view_new(const struct hist_config *config, struct output *output);
void hist_view_free(struct view *view);

/* Of the states that are asked for (bit 1 << state; 0: any) those that have histograms. */
uint32_t hist_states(uint32_t asked);

/* "states", "search", "accept" */
const char *hist_of_name(enum hist_of of);

/* "count", "open", "name" */
const char *hist_sort_name(enum hist_sort sort);

#endif
