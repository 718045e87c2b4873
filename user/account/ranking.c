// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Measuring and sorting groups. */
#include "account/ranking.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/number.h"
#include "util/shortage.h"
#include "util/tcp_state.h"

struct sort_key {
	const char *name; /* NULL: not to sort by */
	const char *field; /* in -j */
};

static const struct sort_key sort_keys[SORT_KEYS] = {
	[MEASURE_NOW] = { "now", "now" },
	[MEASURE_TIME_WAIT_CAME] = { "tw-new", "time_wait_created" },
	[MEASURE_TIME_WAIT_RATE] = { "tw-rate", "time_wait_rate" },
	[MEASURE_TIME_WAIT_NOW] = { "tw-now", "time_wait_now" },
	[MEASURE_TIME_WAIT_P50] = { "tw-p50", "time_wait_p50_ns" },
	[MEASURE_TIME_WAIT_P99] = { "tw-p99", "time_wait_p99_ns" },
	[MEASURE_CLOSE_WAIT_CAME] = { "cw-new", "close_wait_created" },
	[MEASURE_CLOSE_WAIT_RATE] = { "cw-rate", "close_wait_rate" },
	[MEASURE_CLOSE_WAIT_NOW] = { "cw-now", "close_wait_now" },
	[MEASURE_CLOSE_WAIT_OLDEST] = { "cw-oldest", "close_wait_oldest_s" },
	[MEASURE_TROUBLE] = { "trouble", "trouble" },
	[MEASURE_SOCKETS] = { "sockets", "sockets" },
	[MEASURE_SYN_SENT_NOW] = { "syn-sent", "syn_sent_now" },
	[MEASURE_SYN_RECV_NOW] = { "syn-recv", "syn_recv_now" },
	[MEASURE_ESTABLISHED_NOW] = { "established", "established_now" },
	[MEASURE_FIN_WAIT2_NOW] = { "fin-wait-2", "fin_wait2_now" },
	[MEASURE_CLOSING_NOW] = { "closing", "last_ack_now" },
	[MEASURE_ACCEPT_QUEUE_NOW] = { "queue", "accept_queue_now" },
	[MEASURE_LISTEN_NOW] = { "listen", "listen_now" },
	[MEASURE_REMOTES] = { "remotes", "remotes" },
	[MEASURE_FAILURES] = { "failures", "connect_failure_rate" },
	[MEASURE_CLOSE_WAIT_P50] = { "cw-p50", "close_wait_p50_ns" },
	[MEASURE_CLOSE_WAIT_P99] = { "cw-p99", "close_wait_p99_ns" },
	[SORT_BY_LABEL] = { "name", "label" },
};

int sort_key_parse(const char *text)
{
	int key;

	for (key = 0; key < SORT_KEYS; key++)
		if (sort_keys[key].name && (!strcmp(sort_keys[key].name, text) || !strcmp(sort_keys[key].field, text)))
			return key;
	return -EINVAL;
}

const char *sort_key_name(unsigned int key)
{
	return key < SORT_KEYS ? sort_keys[key].name : NULL;
}

void sort_key_list(char *out, size_t size)
{
	size_t used = 0;
	int key;

	for (key = 0; key < SORT_KEYS && used < size; key++)
		if (sort_keys[key].name)
			used += snprintf(out + used, size - used, "%s%s", used ? ", " : "", sort_keys[key].name);
}

void ranking_init(struct ranking *ranking)
{
	memset(ranking, 0, sizeof(*ranking));
	survey_init(&ranking->survey);
}

void ranking_release(struct ranking *ranking)
{
	survey_release(&ranking->survey);
	free(ranking->rows);
	ranking_unfold(ranking);
	memset(ranking, 0, sizeof(*ranking));
}

/* What both states have, from MEASURE_…_CAME on. */
static void measure_state(double *value, const struct account *account, bool rates)
{
	const struct histogram *dwell = &account->dwell;
	const double values[] = {
		account->came,
		account->count.created,
		account->count.seeded,
		account->count.moved_in,
		account->count.moved_out,
		account->count.left,
		state_totals_now(&account->count),
		rates ? account->rate : NAN,
		dwell->count ? histogram_percentile(dwell, 50) : NAN,
		dwell->count ? histogram_percentile(dwell, 99) : NAN,
	};

	_Static_assert(sizeof(values) / sizeof(values[0]) == MEASURE_TIME_WAIT_P99 - MEASURE_TIME_WAIT_CAME + 1, "in their order");
	_Static_assert(sizeof(values) / sizeof(values[0]) == MEASURE_CLOSE_WAIT_P99 - MEASURE_CLOSE_WAIT_CAME + 1, "in their order");
	memcpy(value, values, sizeof(values));
}

/* What is there in states that nobody need follow; none where no look was told of. */
static void measure_present(struct ranking_row *row, const struct model *model, const struct group *group)
{
	static const struct {
		enum measure measure;
		uint32_t states;
	} sums[] = {
		{ MEASURE_SYN_SENT_NOW, 1U << STATE_SYN_SENT },
		{ MEASURE_SYN_RECV_NOW, 1U << STATE_SYN_RECV | 1U << STATE_NEW_SYN_RECV },
		{ MEASURE_ESTABLISHED_NOW, 1U << STATE_ESTABLISHED },
		{ MEASURE_FIN_WAIT2_NOW, 1U << STATE_FIN_WAIT2 },
		{ MEASURE_CLOSING_NOW, 1U << STATE_FIN_WAIT1 | 1U << STATE_LAST_ACK | 1U << STATE_CLOSING },
		{ MEASURE_LISTEN_NOW, 1U << STATE_LISTEN },
	};
	bool told = model_present_told(model), listeners_told = told || model_listeners_told(model);
	unsigned int i, state;

	row->value[MEASURE_SOCKETS] = row->value[MEASURE_NOW];
	for (i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		double *value = &row->value[sums[i].measure];
		bool known = sums[i].measure == MEASURE_LISTEN_NOW ? listeners_told : told;

		*value = known ? 0 : NAN;
		for (state = 0; known && state < STATE_COUNT; state++)
			if (sums[i].states & 1U << state)
				*value += model_state_now(model, group, state);
		if (known && sums[i].measure != MEASURE_LISTEN_NOW)
			row->value[MEASURE_SOCKETS] += *value;
	}
	row->value[MEASURE_ACCEPT_QUEUE_NOW] = told ? group->present.accept_queue : NAN;
}

static double failure_rate(const struct group *group)
{
	double rate = 0;
	unsigned int i;

	for (i = 0; group->failures && i < CONNECT_FAILURES; i++)
		rate += group->failures->of[i].rate;
	return rate;
}

static void measure_trouble(struct ranking_row *row, const struct ranking *ranking, const struct model *model,
			    struct group *group, uint64_t now_ns)
{
	row->survey = survey_row(&ranking->survey, group);
	row->trouble = trouble_of(model, group, row->survey, now_ns);
	row->value[MEASURE_TROUBLE] = trouble_weight(&row->trouble);
	row->value[MEASURE_REMOTES] = row->survey->sockets ? row->survey->addresses : NAN;
	row->value[MEASURE_FAILURES] = group->failures ? failure_rate(group) : NAN;
}

static void measure(struct ranking_row *row, const struct model *model, struct group *group, uint64_t now_ns,
		    bool rates)
{
	static const struct account nothing;

	row->group = group;
	row->folded = 0;
	measure_state(&row->value[MEASURE_TIME_WAIT_CAME],
		      model_account(model, group, STATE_TIME_WAIT) ?: &nothing, rates);
	measure_state(&row->value[MEASURE_CLOSE_WAIT_CAME],
		      model_account(model, group, STATE_CLOSE_WAIT) ?: &nothing, rates);
	row->value[MEASURE_NOW] = row->value[MEASURE_TIME_WAIT_NOW] + row->value[MEASURE_CLOSE_WAIT_NOW];
	row->value[MEASURE_MOVED_IN] = row->value[MEASURE_TIME_WAIT_MOVED_IN] + row->value[MEASURE_CLOSE_WAIT_MOVED_IN];
	row->value[MEASURE_MOVED_OUT] = row->value[MEASURE_TIME_WAIT_MOVED_OUT] + row->value[MEASURE_CLOSE_WAIT_MOVED_OUT];
	row->value[MEASURE_CLOSE_WAIT_OLDEST] = NAN;
	if (group->oldest_ns)
		row->value[MEASURE_CLOSE_WAIT_OLDEST] = elapsed_ns(now_ns, group->oldest_ns);
	measure_present(row, model, group);
}

static bool has_counted(const struct ranking_row *row)
{
	return row->value[MEASURE_TIME_WAIT_CREATED] || row->value[MEASURE_TIME_WAIT_SEEDED] ||
	       row->value[MEASURE_TIME_WAIT_LEFT] || row->value[MEASURE_CLOSE_WAIT_CREATED] ||
	       row->value[MEASURE_CLOSE_WAIT_SEEDED] || row->value[MEASURE_CLOSE_WAIT_LEFT] ||
	       row->value[MEASURE_MOVED_IN] || row->value[MEASURE_MOVED_OUT] || row->value[MEASURE_SOCKETS] ||
	       row->value[MEASURE_LISTEN_NOW] > 0 || row->group->failures;
}

bool ranking_row_is_quiet(const struct ranking_row *row)
{
	return !row->value[MEASURE_SOCKETS] && !(row->value[MEASURE_LISTEN_NOW] > 0) && !row->group->failures && !row->value[MEASURE_TIME_WAIT_CAME] && !row->value[MEASURE_CLOSE_WAIT_CAME] &&
	       isnan(row->value[MEASURE_TIME_WAIT_P50]) && isnan(row->value[MEASURE_CLOSE_WAIT_P50]);
}

static int reserve(struct ranking *ranking, size_t rows)
{
	struct ranking_row *grown;

	if (rows <= ranking->capacity)
		return 0;
	grown = shortage_noted(realloc(ranking->rows, (rows + rows / 2) * sizeof(*grown)));
	if (!grown)
		return -ENOMEM;
	ranking->rows = grown;
	ranking->capacity = rows + rows / 2;
	return 0;
}

int ranking_measure(struct ranking *ranking, struct model *model, unsigned int by, uint64_t now_ns, bool rates)
{
	struct groups *groups = model_groups(model, by);
	struct group *group;

	size_t i;

	ranking->count = 0;
	ranking_unfold(ranking);
	if (!groups || reserve(ranking, groups_count(groups) + 1) || survey_take(&ranking->survey, model, by, now_ns))
		return -ENOMEM;
	model_age(model, by, now_ns, false);
	for (group = groups->table; group; group = group->hh.next)
		measure(&ranking->rows[ranking->count++], model, group, now_ns, rates);
	measure(&ranking->rows[ranking->count], model, groups->other, now_ns, rates);
	ranking->count += has_counted(&ranking->rows[ranking->count]);
	for (i = 0; i < ranking->count; i++)
		measure_trouble(&ranking->rows[i], ranking, model, (struct group *)ranking->rows[i].group, now_ns);
	return 0;
}

struct order {
	unsigned int key;
	bool reverse;
};

/* Large before small, a number before none. */
static int compare_values(double x, double y)
{
	if (isnan(x) || isnan(y))
		return isnan(x) - isnan(y);
	return x > y ? -1 : x < y;
}

static int compare_rows(const void *a, const void *b, void *context)
{
	const struct ranking_row *x = a, *y = b;
	const struct order *order = context;
	int result, other;

	other = (x->group->name.parts[0].kind == GROUP_OTHER) - (y->group->name.parts[0].kind == GROUP_OTHER);
	if (other)
		return other;
	if (order->key < MEASURES) {
		result = compare_values(x->value[order->key], y->value[order->key]);
		if (!result && order->key != MEASURE_NOW)
			result = compare_values(x->value[MEASURE_NOW], y->value[MEASURE_NOW]);
		if (!result)
			result = compare_values(x->value[MEASURE_SOCKETS], y->value[MEASURE_SOCKETS]);
		if (result)
			return order->reverse ? -result : result;
		return group_compare(x->group, y->group);
	}
	result = group_compare(x->group, y->group);
	return order->reverse ? -result : result;
}

void ranking_sort(struct ranking *ranking, unsigned int key, bool reverse)
{
	struct order order = { key, reverse };

	qsort_r(ranking->rows, ranking->count, sizeof(ranking->rows[0]), compare_rows, &order);
}
