/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The view behind /metrics: counts what a run tells by workload, and renders an exposition when one is wanted. What comes of it is
 * the sink's matter: the view waits for nobody.
 */
#ifndef TCPDWELL_EXPORT_METRICS_METRICS_H
#define TCPDWELL_EXPORT_METRICS_METRICS_H

#include "diagnose/diagnosis.h"
#include "event/event.h"
#include "export/metrics/text.h"
#include "source/run.h"

#define METRICS_SERIES_DEFAULT 2000

/* Who takes expositions. `context` is passed on. */
struct metrics_sink {
	int (*wanted)(void *context, uint64_t now_ns); /* at each tick: 1: a new one is to be rendered; negative errno: nobody will want one any more */
	void (*publish)(void *context, const struct buffer *text, uint64_t now_ns);
	void (*ended)(void *context); /* the run has */
	void *context;
};

struct metrics_config {
	uint32_t series; /* in all; 0 = METRICS_SERIES_DEFAULT, at least 500 */
	uint64_t min_age_ns; /* of a workload that is exported by itself; 0 = 30 s */
	uint32_t max_groups; /* kept apart; 0 = default */
	uint32_t max_sockets; /* 0 = default */
	const struct filter *filter; /* on processes; NULL: all pass. Must outlive the view */
	struct metrics_sink sink;
	bool (*ask)(void *context, struct process_facts *facts); /* as in struct diagnosis_config */
	/* Families of others, written into the same exposition; NULL: none. At most METRICS_MORE_SERIES. */
	void (*more)(void *context, struct metrics_text *text, const struct tick *tick);
	void *context;
};

#define METRICS_MORE_SERIES 64

/* NULL: no memory. Opens what it needs to tell of itself: before files can no longer be opened. */
struct view *metrics_view_new(const struct metrics_config *config);
void metrics_view_free(struct view *view);
void metrics_view_needs(struct run_needs *needs);

/* Renders as of `tick`, whether it is wanted or not. The text is the view's, valid until the next call. NULL: no memory. */
const struct buffer *metrics_render(struct view *view, const struct tick *tick);

/* The rules that it runs, for others who want to know of findings: run each five seconds, and when it renders. */
struct diagnosis *metrics_diagnosis(struct view *view);

/* What is there, for others who are told of each event before it. NULL: a filter keeps something out. */
struct model *metrics_books(struct view *view);

#endif
