// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Counts and ages come before histograms, which may take half of what there is: a leak that nobody sees is worse than a percentile
 * that nobody sees.
 */
#include "export/metrics/budget.h"

#include <errno.h>
#include <stdlib.h>

#define ALL(count) ((1U << (count)) - 1)

/* In the order in which they are worth their series. */
static const uint8_t histogram_order[] = {
	HISTOGRAM_DWELL + STATE_CLOSE_WAIT, HISTOGRAM_SEARCH,
	HISTOGRAM_DWELL + STATE_FIN_WAIT2,  HISTOGRAM_DWELL + STATE_LAST_ACK,
	HISTOGRAM_DWELL + STATE_TIME_WAIT,  HISTOGRAM_DWELL + STATE_SYN_SENT,
	HISTOGRAM_DWELL + STATE_ESTABLISHED, HISTOGRAM_DWELL + STATE_FIN_WAIT1,
	HISTOGRAM_DWELL + STATE_CLOSING,    HISTOGRAM_DWELL + STATE_SYN_RECV,
};

#define QUEUE_GAUGES (1U << GAUGE_ACCEPT_QUEUE | 1U << GAUGE_ACCEPT_LIMIT)
#define HISTOGRAM_KINDS (sizeof(histogram_order) / sizeof(histogram_order[0]))

static uint32_t series_of(const struct workload *workload)
{
	return __builtin_popcount(workload->has_counters) + __builtin_popcount(workload->has_gauges) +
	       __builtin_popcount(workload->has_histograms) * METRICS_HISTOGRAM_SERIES;
}

bool budget_has_series(const struct workload *workload)
{
	return series_of(workload);
}

void budget_return(struct workloads *workloads, struct workload *workload)
{
	workloads->series -= series_of(workload);
	workload->has_counters = workload->has_gauges = workload->has_histograms = 0;
}

/* Its histograms get series as they come: one of each kind is kept free. */
void budget_reserve(struct workloads *workloads)
{
	struct workload *other = workloads->other;
	unsigned int i;

	other->has_counters = ALL(WORKLOAD_COUNTERS);
	other->has_gauges = workloads->config.states | 1U << GAUGE_OLDEST | QUEUE_GAUGES;
	for (i = 0; i < HISTOGRAM_KINDS; i++)
		if (histogram_order[i] == HISTOGRAM_SEARCH || workloads->config.states & 1U << histogram_order[i])
			other->has_histograms |= 1U << histogram_order[i];
	workloads->series = series_of(other);
}

void budget_move_histogram(struct workload *to, struct workload *from, unsigned int histogram)
{
	struct bounded_histogram *source = from->histograms[histogram];

	if (!source)
		return;
	from->histograms[histogram] = NULL;
	if (to->histograms[histogram]) {
		bounded_histogram_merge(to->histograms[histogram], source);
		free(source);
	} else {
		to->histograms[histogram] = source;
	}
}

/* Is there something to tell of it that has no series yet? Then it gets one where there is room. */
static void give_counters(struct workloads *workloads, struct workload *workload)
{
	unsigned int i;

	for (i = 0; i < WORKLOAD_COUNTERS; i++)
		if (workload->counters[i] && !(workload->has_counters & 1U << i) && workloads->series < workloads->config.budget) {
			workload->has_counters |= 1U << i;
			workloads->series++;
		}
}

static void give_gauges(struct workloads *workloads, struct workload *workload)
{
	unsigned int i;

	for (i = 0; i < GAUGE_ACCEPT_QUEUE; i++)
		if (workload->gauges[i] && !(workload->has_gauges & 1U << i) && workloads->series < workloads->config.budget) {
			workload->has_gauges |= 1U << i;
			workloads->series++;
		}
	/* One says nothing without the other. */
	if (workload->gauges[GAUGE_ACCEPT_LIMIT] && !(workload->has_gauges & QUEUE_GAUGES) && workloads->series + 2 <= workloads->config.budget) {
		workload->has_gauges |= QUEUE_GAUGES;
		workloads->series += 2;
	}
}

static void give_histograms(struct workloads *workloads, unsigned int histogram, uint32_t *left)
{
	size_t i;

	for (i = 0; i < workloads->n_sorted && *left >= METRICS_HISTOGRAM_SERIES; i++) {
		struct workload *workload = workloads->sorted[i];

		if (!workload->is_old || !workload->histograms[histogram] || workload->has_histograms & 1U << histogram)
			continue;
		workload->has_histograms |= 1U << histogram;
		workloads->series += METRICS_HISTOGRAM_SERIES;
		*left -= METRICS_HISTOGRAM_SERIES;
	}
}

static uint32_t left_for_histograms(const struct workloads *workloads)
{
	uint32_t taken = 0, half = workloads->config.budget / 2, free = workloads->config.budget - workloads->series;
	size_t i;

	for (i = 0; i < workloads->n_sorted; i++)
		taken += __builtin_popcount(workloads->sorted[i]->has_histograms) * METRICS_HISTOGRAM_SERIES;
	if (taken >= half)
		return 0;
	return free < half - taken ? free : half - taken;
}

static bool fold_counters(struct workload *other, struct workload *workload)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < WORKLOAD_COUNTERS; i++) {
		if (workload->has_counters & 1U << i || !workload->counters[i])
			continue;
		other->counters[i] += workload->counters[i];
		workload->counters[i] = 0;
		any = true;
	}
	return any;
}

void budget_fuller_queue(struct workload *workload, int64_t depth, int64_t limit)
{
	int64_t *gauges = workload->gauges, of_this, of_other;

	if (!limit)
		return;
	of_this = depth * gauges[GAUGE_ACCEPT_LIMIT];
	of_other = gauges[GAUGE_ACCEPT_QUEUE] * limit;
	if (gauges[GAUGE_ACCEPT_LIMIT] && (of_this < of_other || (of_this == of_other && limit >= gauges[GAUGE_ACCEPT_LIMIT])))
		return;
	gauges[GAUGE_ACCEPT_QUEUE] = depth;
	gauges[GAUGE_ACCEPT_LIMIT] = limit;
}

/* Sums; of ages the oldest, of queues the fullest. */
static bool fold_gauges(struct workload *other, const struct workload *workload)
{
	bool any = workload->gauges[GAUGE_ACCEPT_LIMIT] && !(workload->has_gauges & QUEUE_GAUGES);
	unsigned int i;

	if (any)
		budget_fuller_queue(other, workload->gauges[GAUGE_ACCEPT_QUEUE], workload->gauges[GAUGE_ACCEPT_LIMIT]);
	for (i = 0; i < GAUGE_ACCEPT_QUEUE; i++) {
		if (workload->has_gauges & 1U << i || !workload->gauges[i])
			continue;
		if (i < GAUGE_OLDEST)
			other->gauges[i] += workload->gauges[i];
		else if (workload->gauges[i] > other->gauges[i])
			other->gauges[i] = workload->gauges[i];
		any = true;
	}
	return any;
}

static bool fold_histograms(struct workload *other, struct workload *workload)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < WORKLOAD_HISTOGRAMS; i++) {
		if (workload->has_histograms & 1U << i || !workload->histograms[i])
			continue;
		budget_move_histogram(other, workload, i);
		any = true;
	}
	return any;
}

void budget_fold(struct workloads *workloads, struct workload *workload)
{
	fold_counters(workloads->other, workload);
	fold_histograms(workloads->other, workload);
}

/* The young are waited for; what is there of them now is in ~other meanwhile, so that sums stay true. */
static void fold(struct workloads *workloads, struct workload *workload)
{
	bool any = fold_gauges(workloads->other, workload);

	if (!workload->is_old)
		return;
	any |= fold_counters(workloads->other, workload);
	any |= fold_histograms(workloads->other, workload);
	workloads->folded += any;
}

/* What a person would look for first. */
static uint64_t weight(const struct workload *workload)
{
	const int64_t *gauges = workload->gauges;
	uint64_t weight = 0;
	unsigned int i;

	for (i = 1; i < STATE_COUNT; i++)
		if (gauges[GAUGE_SOCKETS + i] > 0)
			weight += (i == STATE_CLOSE_WAIT ? 16 : 1) * gauges[GAUGE_SOCKETS + i];
	weight += 16 * gauges[GAUGE_ACCEPT_QUEUE];
	for (i = 0; i < WORKLOAD_COUNTERS; i++)
		weight += (i < COUNTER_CONNECT_FAILURES ? 1 : 4) * workload->counters[i];
	return weight;
}

static int by_importance(const void *one, const void *other)
{
	const struct workload *a = *(struct workload *const *)one, *b = *(struct workload *const *)other;
	bool a_has = budget_has_series(a), b_has = budget_has_series(b);

	if (a_has != b_has)
		return a_has ? -1 : 1;
	if (weight(a) != weight(b))
		return weight(a) > weight(b) ? -1 : 1;
	return strcmp(a->labels, b->labels);
}

static int sort(struct workloads *workloads)
{
	size_t count = HASH_COUNT(workloads->table), i = 0;
	struct workload *workload, **grown;

	if (count > workloads->sorted_capacity) {
		grown = realloc(workloads->sorted, count * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		workloads->sorted = grown;
		workloads->sorted_capacity = count;
	}
	for (workload = workloads->table; workload; workload = workload->hh.next)
		workloads->sorted[i++] = workload;
	workloads->n_sorted = count;
	if (count)
		qsort(workloads->sorted, count, sizeof(*workloads->sorted), by_importance);
	return 0;
}

int budget_give(struct workloads *workloads)
{
	struct workload *workload;
	uint32_t left;
	size_t i;
	int err;

	workloads->folded = 0;
	for (workload = workloads->table; workload; workload = workload->hh.next)
		workload->is_old = workloads->now_ns >= workload->first_ns + workloads->config.min_age_ns;
	err = sort(workloads);
	if (err)
		return err;
	for (i = 0; i < workloads->n_sorted; i++) {
		if (!workloads->sorted[i]->is_old)
			continue;
		give_counters(workloads, workloads->sorted[i]);
		give_gauges(workloads, workloads->sorted[i]);
	}
	left = left_for_histograms(workloads);
	for (i = 0; i < HISTOGRAM_KINDS; i++)
		give_histograms(workloads, histogram_order[i], &left);
	for (i = 0; i < workloads->n_sorted; i++)
		fold(workloads, workloads->sorted[i]);
	return 0;
}
