/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is exported by namespace, pod, container, unit and comm: a workload is all groups of the books that have these in common.
 * Counters only grow: what a group counted goes to its workload as it comes, and from there to the series, or to those of
 * ~other where the budget of series has no room. A series that was given stays its workload's until that is gone. Pure.
 */
#ifndef TCPDWELL_EXPORT_METRICS_WORKLOADS_H
#define TCPDWELL_EXPORT_METRICS_WORKLOADS_H

#include "account/model.h"
#include "export/metrics/text.h"
#include "util/tcp_state.h"

/* Counters, one a series. */
enum workload_counter {
	COUNTER_TIME_WAIT, /* by enum closed_by */
	COUNTER_CLOSE_WAIT = COUNTER_TIME_WAIT + CLOSED_BY_BOTH + 1,
	COUNTER_CONNECT_FAILURES, /* by enum connect_failure */
	COUNTER_ACCEPT_DROPS = COUNTER_CONNECT_FAILURES + CONNECT_FAILURES,
	WORKLOAD_COUNTERS,
};

/* Gauges: sockets by state, then the others. */
enum workload_gauge {
	GAUGE_SOCKETS, /* by state number */
	GAUGE_OLDEST = GAUGE_SOCKETS + STATE_COUNT, /* of CLOSE_WAIT, ns */
	GAUGE_ACCEPT_QUEUE, /* of its fullest accept queue; has series together with the next */
	GAUGE_ACCEPT_LIMIT, /* and 1; 0: it listens nowhere */
	WORKLOAD_GAUGES,
};

/* Histograms: of time in a state, by its number, then the others. */
enum workload_histogram {
	HISTOGRAM_DWELL,
	HISTOGRAM_SEARCH = HISTOGRAM_DWELL + STATE_COUNT,
	WORKLOAD_HISTOGRAMS,
};

struct workload {
	char *labels; /* as they are written; the key */
	UT_hash_handle hh;
	uint32_t groups; /* of the books, that are it */
	uint64_t first_ns, last_ns; /* when it was met, when something last came */
	uint64_t counters[WORKLOAD_COUNTERS];
	int64_t gauges[WORKLOAD_GAUGES]; /* as of the last collection */
	struct bounded_histogram *histograms[WORKLOAD_HISTOGRAMS]; /* NULL: empty */
	/* Series that it has, by bit. */
	uint32_t has_counters, has_gauges, has_histograms;
	bool is_old; /* enough to be exported */
};

struct workloads_config {
	uint32_t states; /* bit (1 << state): that are counted */
	uint32_t budget; /* series, those of ~other included */
	uint64_t min_age_ns; /* younger ones are not exported by themselves */
	uint32_t max; /* workloads */
};

struct workloads {
	struct workloads_config config;
	struct workload *table;
	struct workload *other; /* never NULL; not in the table */
	struct workload **sorted; /* as of the last collection, those with most to tell first */
	size_t n_sorted, sorted_capacity;
	struct id_map links; /* struct workload_link, by the group's index + 1 */
	struct id_map listeners; /* by id: uint64_t, drops that were taken over */
	uint64_t other_forgotten; /* CLOSE_WAIT entries that the books' ~other has from groups that were counted before */
	uint32_t series; /* given */
	uint32_t folded; /* workloads of which something found no room, as of the last collection */
	uint64_t now_ns;
};

/* 0 or -ENOMEM; release also after a failure. */
int workloads_init(struct workloads *workloads, const struct workloads_config *config);
void workloads_release(struct workloads *workloads);

/* The workload of a group; made if need be, ~other where there is no room. Never NULL. */
struct workload *workloads_of(struct workloads *workloads, const struct group *group, uint64_t now_ns);

void workload_count(struct workload *workload, unsigned int counter, uint64_t now_ns);
void workload_time(struct workload *workload, unsigned int histogram, uint64_t ns, uint64_t now_ns);

/* A group goes to ~other of the books. */
void workloads_forget(struct workloads *workloads, const struct model *model, const struct group *group);

/* A listening socket is gone with what is known of it now; before the books are told. */
void workloads_end_listener(struct workloads *workloads, const struct model *model, uint64_t id);

/* Takes over from all groups of the books, aged, gives series out and folds what has none. 0 or -ENOMEM. */
int workloads_collect(struct workloads *workloads, struct model *model, uint64_t now_ns);

void workloads_write(const struct workloads *workloads, struct metrics_text *text);

/* What the books group by. */
#define WORKLOADS_BY GROUP_BY_BOTH(GROUP_WORKLOAD, GROUP_COMM)

#endif
