// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of families that are told by workload. Names are a promise to users. */
#include "event/names.h"
#include "export/metrics/workloads.h"

static const char *closed_by_text(unsigned int i)
{
	return closed_by_name(i) ?: "unknown";
}

/* A family of counters or gauges: `count` of them from `first`, one a value of a label where `label` is told. */
struct workload_family {
	struct family family;
	const char *label;
	unsigned int first, count;
	const char *(*value)(unsigned int i);
};

static const struct workload_family counters[] = {
	{ { "time_wait_entered_total", "Sockets that entered TIME_WAIT, charged to the process that closed, by who closed first.", FAMILY_COUNTER },
	  "closed_by", COUNTER_TIME_WAIT, CLOSED_BY_BOTH + 1, closed_by_text },
	{ { "close_wait_entered_total", "Sockets that entered CLOSE_WAIT: the peer closed, this side has still to.", FAMILY_COUNTER },
	  NULL, COUNTER_CLOSE_WAIT, 1, NULL },
	{ { "connect_failures_total", "Calls of connect() that failed, by reason; no_port: no free local port.", FAMILY_COUNTER },
	  "reason", COUNTER_CONNECT_FAILURES, CONNECT_FAILURES, connect_failure_name },
	{ { "accept_queue_drops_total", "SYNs and connections that listening sockets dropped, most for a full accept queue.", FAMILY_COUNTER },
	  NULL, COUNTER_ACCEPT_DROPS, 1, NULL },
};

static const struct workload_family sockets = {
	{ "sockets", "Sockets that are there now, by TCP state, charged to the process that has them.", FAMILY_GAUGE },
	"state", GAUGE_SOCKETS, STATE_COUNT, tcp_state_name,
};

static const struct family oldest = {
	"close_wait_oldest_seconds", "Age of the oldest socket in CLOSE_WAIT; at least, where it is older than the agent.", FAMILY_GAUGE,
};

static const struct family accept_queue = {
	"accept_queue_connections", "Connections that wait to be accepted, in the fullest accept queue of several.", FAMILY_GAUGE,
};

static const struct family accept_limit = {
	"accept_queue_limit", "Backlog of this queue: one more can wait; all others are dropped.", FAMILY_GAUGE,
};

static const struct family dwell = {
	"dwell_seconds", "How long sockets were in a TCP state, when they left it.", FAMILY_HISTOGRAM,
};

static const struct family search = {
	"connect_port_search_seconds", "How long connect() looked for a free local port.", FAMILY_HISTOGRAM,
};

static struct sample sample_of(const struct workload *workload, const struct workload_family *row, unsigned int i)
{
	return (struct sample){
		.labels = workload->labels,
		.name = row->label,
		.value = row->label ? row->value(i) : NULL,
	};
}

static void write_counters(struct metrics_text *text, const struct workload *workload, const struct workload_family *row)
{
	struct sample sample;
	unsigned int i;

	for (i = 0; i < row->count; i++) {
		if (!(workload->has_counters & 1U << (row->first + i)))
			continue;
		sample = sample_of(workload, row, i);
		metrics_u64(text, &sample, workload->counters[row->first + i]);
	}
}

/* A count below zero is a moment in which we were told of an end before its begin. */
static void write_sockets(struct metrics_text *text, const struct workload *workload)
{
	struct sample sample;
	unsigned int i;

	for (i = 1; i < STATE_COUNT; i++) {
		if (!(workload->has_gauges & 1U << (GAUGE_SOCKETS + i)))
			continue;
		sample = sample_of(workload, &sockets, i);
		metrics_u64(text, &sample, workload->gauges[GAUGE_SOCKETS + i] > 0 ? workload->gauges[GAUGE_SOCKETS + i] : 0);
	}
}

static void write_oldest(struct metrics_text *text, const struct workload *workload)
{
	if (workload->has_gauges & 1U << GAUGE_OLDEST)
		metrics_seconds(text, &(struct sample){ workload->labels }, workload->gauges[GAUGE_OLDEST]);
}

static void write_accept_queue(struct metrics_text *text, const struct workload *workload)
{
	if (workload->has_gauges & 1U << GAUGE_ACCEPT_QUEUE)
		metrics_u64(text, &(struct sample){ workload->labels }, workload->gauges[GAUGE_ACCEPT_QUEUE]);
}

static void write_accept_limit(struct metrics_text *text, const struct workload *workload)
{
	const int64_t limit = workload->gauges[GAUGE_ACCEPT_LIMIT];

	if (workload->has_gauges & 1U << GAUGE_ACCEPT_LIMIT)
		metrics_u64(text, &(struct sample){ workload->labels }, limit ? limit - 1 : 0);
}

static void write_dwell(struct metrics_text *text, const struct workload *workload)
{
	unsigned int state;

	for (state = 1; state < STATE_COUNT; state++) {
		struct sample sample = { workload->labels, "state", tcp_state_name(state) };

		if (workload->has_histograms & 1U << (HISTOGRAM_DWELL + state) && workload->histograms[HISTOGRAM_DWELL + state])
			metrics_histogram(text, &sample, workload->histograms[HISTOGRAM_DWELL + state], dwell_bounds);
	}
}

static void write_search(struct metrics_text *text, const struct workload *workload)
{
	if (workload->has_histograms & 1U << HISTOGRAM_SEARCH && workload->histograms[HISTOGRAM_SEARCH])
		metrics_histogram(text, &(struct sample){ workload->labels }, workload->histograms[HISTOGRAM_SEARCH], search_bounds);
}

static void for_each(const struct workloads *workloads, struct metrics_text *text,
		     void (*write)(struct metrics_text *, const struct workload *))
{
	const struct workload *workload;

	write(text, workloads->other);
	for (workload = workloads->table; workload; workload = workload->hh.next)
		write(text, workload);
}

void workloads_write(const struct workloads *workloads, struct metrics_text *text)
{
	const struct workload *workload;
	size_t i;

	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		metrics_family(text, &counters[i].family);
		write_counters(text, workloads->other, &counters[i]);
		for (workload = workloads->table; workload; workload = workload->hh.next)
			write_counters(text, workload, &counters[i]);
	}
	metrics_family(text, &sockets.family);
	for_each(workloads, text, write_sockets);
	metrics_family(text, &oldest);
	for_each(workloads, text, write_oldest);
	metrics_family(text, &accept_queue);
	for_each(workloads, text, write_accept_queue);
	metrics_family(text, &accept_limit);
	for_each(workloads, text, write_accept_limit);
	metrics_family(text, &dwell);
	for_each(workloads, text, write_dwell);
	metrics_family(text, &search);
	for_each(workloads, text, write_search);
}
