/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who gets the series that the budget has. */
#ifndef TCPDWELL_EXPORT_METRICS_BUDGET_H
#define TCPDWELL_EXPORT_METRICS_BUDGET_H

#include "export/metrics/workloads.h"

/* The series of ~other are there from the begin. */
void budget_reserve(struct workloads *workloads);

/* Gives series to those that are old enough, the most important first; what finds no room is folded. 0 or -ENOMEM. */
int budget_give(struct workloads *workloads);

/* All that a workload counted, and has no series for, goes to ~other. */
void budget_fold(struct workloads *workloads, struct workload *workload);

void budget_return(struct workloads *workloads, struct workload *workload);
bool budget_has_series(const struct workload *workload);

/* Of several accept queues the fullest is told; `limit` as in GAUGE_ACCEPT_LIMIT. */
void budget_fuller_queue(struct workload *workload, int64_t depth, int64_t limit);

void budget_move_histogram(struct workload *to, struct workload *from, unsigned int histogram);

#endif
