// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events in, measured rows out, interval by interval. */
#include "show/top/model.h"

#include <errno.h>
#include <string.h>

#include "event/holes.h"
#include "show/top/columns.h"
#include "util/number.h"
#include "util/tcp_state.h"

#define NSEC_PER_SEC 1000000000ULL
#define NSEC_PER_MSEC 1000000ULL
#define BUSY_WAIT_MS 100 /* so that a process can still be asked who it is */
#define UNCLOSED 3 /* CLOSE_WAIT from which on a process is asked for its descriptors */

/* On a terminal the grouping can be changed while it runs. */
static void choose_groupings(struct model_config *books, unsigned int by, bool interactive)
{
	unsigned int key;

	for (key = 0; interactive && key < GROUP_KEYS; key++)
		books->groupings[books->n_groupings++] = key;
	if (!interactive || by >= GROUP_KEYS)
		books->groupings[books->n_groupings++] = by;
}

int top_model_init(struct top_model *model, const struct top_config *config, bool interactive)
{
	uint32_t waiting = 1U << STATE_TIME_WAIT | 1U << STATE_CLOSE_WAIT;
	struct model_config books = {
		.states = waiting,
		.followed = interactive ? waiting : 1U << STATE_CLOSE_WAIT,
		.max_groups = config->max_groups,
		.keep_ends = interactive,
		.filter = config->filter,
	};

	memset(model, 0, sizeof(*model));
	ranking_init(&model->ranking);
	choose_groupings(&books, config->by, interactive);
	model->by = config->by;
	model->sort = config->sort;
	model->interval_ns = config->interval_ns ?: NSEC_PER_SEC;
	model->wide = config->wide;
	model->folds = !config->json;
	model->states = config->states;
	model->books = model_new(&books);
	model->programs = config->json || !(config->wide || interactive) ? programs_new(NULL) : programs_with_cmdlines_new(NULL);
	return model->books ? 0 : -ENOMEM;
}

void top_model_release(struct top_model *model)
{
	ranking_release(&model->ranking);
	model_free(model->books);
	model->books = NULL;
	programs_free(model->programs);
	model->programs = NULL;
}

int top_model_renew(struct top_model *model, const struct top_config *config)
{
	const struct top_model before = *model;
	int err;

	top_model_release(model);
	err = top_model_init(model, config, true);
	model->by = before.by;
	model->sort = before.sort;
	model->reverse = before.reverse;
	model->folds = before.folds;
	model->open = before.open;
	model->wide = before.wide;
	model->seen = before.seen;
	return err;
}

void top_model_begin(struct top_model *model, const struct run *run)
{
	model->begin_ns = model->interval_begin_ns = model->time_ns = run->begin_ns;
	model->begin_unix_ns = run->begin_unix_ns;
	model->polled = run->polled;
	model->recorded = run->recorded;
	model->names = run->names;
	model->next_ns = run->begin_ns + model->interval_ns;
	if (!run->recorded)
		return;
	programs_free(model->programs); /* its processes were another machine's, or have ended */
	model->programs = programs_share(run->programs);
}

void top_model_event(struct top_model *model, const struct event *event)
{
	if (event_happened(event))
		model->last_event_ns = event->record.time_ns;
	model_event(model->books, event);
}

bool top_model_is_due(const struct top_model *model, const struct tick *tick)
{
	return tick->time_ns >= model->next_ns;
}

static double rate_of(struct top_model *model, const struct tick *tick, unsigned int state, uint64_t *before)
{
	uint64_t created = tick->totals->states[state].created, entered = created - *before;

	*before = created;
	return entered / model->seconds;
}

/* Where we are late by more than an interval, those in between are left out. */
void top_model_end_interval(struct top_model *model, const struct tick *tick)
{
	uint64_t late_ns = elapsed_ns(tick->time_ns, model->next_ns);

	model->seconds = holes_seconds_of(tick, model->interval_begin_ns, &model->holes_ns);
	model->rates[0] = rate_of(model, tick, STATE_TIME_WAIT, &model->created_before[0]);
	model->rates[1] = rate_of(model, tick, STATE_CLOSE_WAIT, &model->created_before[1]);
	model_end_interval(model->books, model->seconds, tick->present_seen_ns);
	if (tick->time_ns >= model->next_ns)
		model->next_ns += (late_ns / model->interval_ns + 1) * model->interval_ns;
	model->interval_begin_ns = tick->time_ns;
	model->intervals++;
}

/* Rows of processes that hold CLOSE_WAIT and may open nothing more: of these alone it is asked, few as they are. */
static void ask_descriptors(struct top_model *model)
{
	struct ranking_row *row = model->ranking.rows;
	uint64_t open, limit;

	for (; row < model->ranking.rows + model->ranking.count; row++) {
		if (!(row->value[MEASURE_CLOSE_WAIT_NOW] >= UNCLOSED) || !top_model_descriptors(model, row, &open, &limit) ||
		    !descriptors_are_full(open, limit))
			continue;
		trouble_add(&row->trouble, TROUBLE_NO_DESCRIPTOR, row->value[MEASURE_CLOSE_WAIT_NOW]);
		row->value[MEASURE_TROUBLE] = trouble_weight(&row->trouble);
	}
}

int top_model_measure(struct top_model *model, const struct tick *tick)
{
	struct model_tick room;
	int err;

	programs_more(model->programs);
	model_forget(model->books, tick->time_ns);
	model_complete(model->books, model->names);
	/* Names that came let more sockets through the filter: totals are those of the rows. */
	tick = model_tick(model->books, tick, &room);
	model->time_ns = tick->time_ns;
	model->unix_ns = tick->unix_ns;
	model->health = *tick->health;
	model->totals = *tick->totals;
	err = ranking_measure(&model->ranking, model->books, model->by, model->time_ns, model->intervals);
	if (!err && model->folds)
		err = ranking_fold(&model->ranking, model->books, &model->open, model->time_ns);
	if (err)
		return err;
	ask_descriptors(model);
	model->seen |= top_columns_seen(model);
	top_model_resort(model);
	return 0;
}

static bool process_of(const struct ranking_row *row, struct process *process)
{
	unsigned int i;

	for (i = 0; i < row->group->n_parts; i++)
		if (group_process(row->group, i, process))
			return true;
	return false;
}

const char *top_model_program(const struct top_model *model, const struct ranking_row *row)
{
	struct process process;

	return process_of(row, &process) ? programs_find(model->programs, &process) : NULL;
}

const char *top_model_cmdline(const struct top_model *model, const struct ranking_row *row)
{
	struct process process;

	if (!process_of(row, &process))
		return NULL;
	return programs_cmdline(model->programs, &process) ?: programs_find(model->programs, &process);
}

bool top_model_descriptors(const struct top_model *model, const struct ranking_row *row, uint64_t *open, uint64_t *limit)
{
	struct process process;

	return process_of(row, &process) && programs_descriptors(model->programs, &process, open, limit);
}

void top_model_resort(struct top_model *model)
{
	ranking_sort(&model->ranking, model->sort, model->reverse);
}

unsigned int top_model_wait_ms(const struct top_model *model, const struct tick *tick)
{
	uint64_t left_ms = model->next_ns > tick->time_ns ? (model->next_ns - tick->time_ns) / NSEC_PER_MSEC + 1 : 1;
	bool busy = model->last_event_ns + NSEC_PER_SEC > tick->time_ns;

	if (busy && left_ms > BUSY_WAIT_MS)
		return BUSY_WAIT_MS;
	return left_ms > 1000 ? 1000 : left_ms;
}
