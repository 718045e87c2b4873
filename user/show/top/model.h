/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `top` shows at one moment, whether as text, as JSON or on a terminal: rows, totals, the interval that they are of. */
#ifndef TCPDWELL_SHOW_TOP_MODEL_H
#define TCPDWELL_SHOW_TOP_MODEL_H

#include "account/ranking.h"
#include "attribute/programs.h"
#include "event/event.h"

struct timeline;

struct top_config {
	unsigned int by; /* what rows are grouped by, see account/group.h */
	enum measure sort; /* or SORT_BY_LABEL */
	uint32_t rows; /* shown; 0 = default */
	uint32_t max_groups; /* kept apart; 0 = default */
	uint64_t interval_ns; /* 0 = a second */
	uint64_t count; /* intervals; 0 = no end */
	bool json, color, wide;
	uint32_t states; /* see struct top_model */
	const struct filter *filter; /* on processes; must outlive the view */
	struct timeline *timeline; /* of a recording on a terminal: see show/timeline.h. The caller's. NULL: time goes on */
};

struct top_model {
	struct model *books;
	struct pod_names *names; /* the run's */
	struct programs *programs; /* of a recording what it tells; NULL: that is nothing */
	bool folds; /* many addresses of a network are one row */
	struct ranking_open open; /* but not of these */
	bool wide; /* percentiles, and what each process runs */
	uint32_t states; /* bit (1 << state): rows and columns of these alone; 0 = of all */
	uint64_t seen; /* columns that any row has had something for, see columns.h */
	struct ranking ranking; /* as of the last measurement */
	unsigned int by;
	unsigned int sort; /* enum measure, or SORT_BY_LABEL */
	bool reverse;
	uint64_t begin_ns, begin_unix_ns; /* of the run */
	bool polled, recorded; /* see struct run */
	uint64_t interval_ns, interval_begin_ns, next_ns;
	uint64_t holes_ns; /* in holes, up to its begin */
	uint64_t intervals; /* that are over */
	uint64_t last_event_ns;
	double seconds; /* of the interval that ended last */
	double rates[2]; /* entries a second in it: TIME_WAIT, CLOSE_WAIT */
	/* Of the last measurement. */
	uint64_t time_ns, unix_ns;
	struct health health;
	struct totals totals;
	uint64_t created_before[2]; /* when the interval began */
};

/* Every grouping and the sockets' endpoints are kept where `interactive`. 0 or -ENOMEM; release also after a failure. */
int top_model_init(struct top_model *model, const struct top_config *config, bool interactive);
void top_model_release(struct top_model *model);

/* As if nothing had come yet; how it groups, sorts and folds stays. 0 or -ENOMEM; release also after a failure. */
int top_model_renew(struct top_model *model, const struct top_config *config);

void top_model_begin(struct top_model *model, const struct run *run);
void top_model_event(struct top_model *model, const struct event *event);

/* Is the interval over? */
bool top_model_is_due(const struct top_model *model, const struct tick *tick);

/* Ends the interval at `tick` and begins the next one. The rows stay as they were measured. */
void top_model_end_interval(struct top_model *model, const struct tick *tick);

/* Measures and sorts as of `tick`. Rows from before are gone. 0 or -ENOMEM. */
int top_model_measure(struct top_model *model, const struct tick *tick);

/* What a row's process runs; NULL = not known, or it is no process's row. */
const char *top_model_program(const struct top_model *model, const struct ranking_row *row);

/* The same with its arguments, for people alone: they can hold secrets. */
const char *top_model_cmdline(const struct top_model *model, const struct ranking_row *row);

/* Descriptors that it has, and may have: UINT64_MAX = no limit. False: not known, or it is no process's row. */
bool top_model_descriptors(const struct top_model *model, const struct ranking_row *row, uint64_t *open, uint64_t *limit);

/* Sorts the rows again: sort or reverse have changed. */
void top_model_resort(struct top_model *model);

/* How long the source may wait until it ticks again: to the end of the interval, less while events come. */
unsigned int top_model_wait_ms(const struct top_model *model, const struct tick *tick);

#endif
