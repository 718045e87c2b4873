// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Many addresses of one network as one row. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account/ranking.h"
#include "util/number.h"
#include "util/tcp_state.h"

struct ranking_fold {
	struct group *group;
	struct survey_row survey;
	struct ranking_row row;
};

/* Of a network, by the hash of its name. */
struct place {
	uint32_t rows; /* that it could take */
	uint32_t fold; /* its number and one; 0 = none yet */
};

void ranking_unfold(struct ranking *ranking)
{
	size_t i;

	for (i = 0; i < ranking->n_folds; i++)
		group_free(ranking->folds[i].group);
	free(ranking->folds);
	ranking->folds = NULL;
	ranking->n_folds = 0;
}

bool ranking_network_of(struct group_name *name, const struct group_name *of)
{
	unsigned int i;

	*name = *of;
	for (i = 0; i < GROUP_PARTS && name->parts[0].kind != GROUP_OTHER; i++) {
		struct group_part *part = &name->parts[i];

		if (part->by != GROUP_REMOTE || part->kind != GROUP_KNOWN)
			continue;
		survey_network_of(part->addr, &part->bits, of->parts[i].addr);
		return true;
	}
	return false;
}

static uint64_t hash_of(const struct group_name *name)
{
	uint64_t words[sizeof(*name) / sizeof(uint64_t)], hash = 0;
	size_t i;

	memcpy(words, name, sizeof(words));
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	return hash ?: 1;
}

static bool is_open(const struct ranking_open *open, const struct group_name *name)
{
	unsigned int i;

	for (i = 0; open && i < open->count; i++)
		if (!memcmp(&open->names[i], name, sizeof(*name)))
			return true;
	return false;
}

/* How many networks have enough; -1: no memory. */
static ssize_t count_networks(const struct ranking *ranking, struct id_map *places)
{
	struct group_name name;
	struct place *place;
	ssize_t networks = 0;
	size_t i;

	for (i = 0; i < ranking->count; i++) {
		if (ranking_row_is_quiet(&ranking->rows[i]) || !ranking_network_of(&name, &ranking->rows[i].group->name))
			continue;
		place = id_map_put(places, hash_of(&name));
		if (!place)
			return -1;
		networks += ++place->rows == RANKING_FOLD_FROM;
	}
	return networks;
}

static void add_present(struct present_counts *to, const struct present_counts *more)
{
	unsigned int state;

	for (state = 0; state < sizeof(to->states) / sizeof(to->states[0]); state++)
		to->states[state] += more->states[state];
	to->accept_queue += more->accept_queue;
	to->accept_backlog += more->accept_backlog;
	to->accept_drops += more->accept_drops;
	to->held += more->held;
}

static void add_ages(struct group *group, const struct group *more)
{
	if (more->oldest_ns && (!group->oldest_ns || more->oldest_ns < group->oldest_ns)) {
		group->oldest_ns = more->oldest_ns;
		group->oldest_at_least = more->oldest_at_least;
	}
	group->last_ns = more->last_ns > group->last_ns ? more->last_ns : group->last_ns;
	group->drops_ns = more->drops_ns > group->drops_ns ? more->drops_ns : group->drops_ns;
}

/* Sums; of what was not measured in any there is none. */
static void add_values(double *to, const double *more)
{
	unsigned int i;

	for (i = 0; i < MEASURES; i++)
		if (isnan(to[i]))
			to[i] = more[i];
		else if (!isnan(more[i]))
			to[i] += more[i];
}

static void add_row(struct ranking_fold *fold, const struct ranking_row *row)
{
	if (fold->row.folded++)
		add_values(fold->row.value, row->value);
	else
		memcpy(fold->row.value, row->value, sizeof(row->value));
	group_add(fold->group, row->group);
	add_present(&fold->group->present, &row->group->present);
	add_ages(fold->group, row->group);
	survey_row_add(&fold->survey, row->survey);
}

static void measure_dwell(double *p50, const struct model *model, struct group *group, unsigned int state)
{
	const struct account *account = model_account(model, group, state);
	const struct histogram *dwell = account && account->dwell.count ? &account->dwell : NULL;

	p50[0] = dwell ? histogram_percentile(dwell, 50) : NAN;
	p50[1] = dwell ? histogram_percentile(dwell, 99) : NAN;
}

/* How much of all sockets it has: "from 10.9.0.0/24 to :8080 61%" */
static int label_share(struct group *group, double sockets, double all)
{
	char *label;

	if (!(all > 0) || sockets < 0)
		return 0;
	if (asprintf(&label, "%s %.0f%%", group->label, 100 * sockets / all) < 0)
		return -ENOMEM;
	free(group->label);
	group->label = label;
	return 0;
}

static double all_sockets(const struct ranking *ranking)
{
	double all = 0;
	size_t i;

	for (i = 0; i < ranking->count; i++)
		if (ranking->rows[i].value[MEASURE_SOCKETS] > 0)
			all += ranking->rows[i].value[MEASURE_SOCKETS];
	return all;
}

/* What is no sum. */
static void finish(struct ranking_fold *fold, const struct model *model, uint64_t now_ns)
{
	struct ranking_row *row = &fold->row;
	struct group *group = fold->group;
	double *value = row->value;

	row->group = group;
	row->survey = &fold->survey;
	measure_dwell(&value[MEASURE_TIME_WAIT_P50], model, group, STATE_TIME_WAIT);
	measure_dwell(&value[MEASURE_CLOSE_WAIT_P50], model, group, STATE_CLOSE_WAIT);
	value[MEASURE_CLOSE_WAIT_OLDEST] = NAN;
	if (group->oldest_ns)
		value[MEASURE_CLOSE_WAIT_OLDEST] = elapsed_ns(now_ns, group->oldest_ns);
	value[MEASURE_REMOTES] = row->folded;
	row->trouble = trouble_of(model, group, row->survey, now_ns);
	value[MEASURE_TROUBLE] = trouble_weight(&row->trouble);
}

/* NULL: it stays as it is. -ENOMEM in `err`. */
static struct ranking_fold *fold_of(struct ranking *ranking, const struct ranking_row *row, struct id_map *places,
				    const struct ranking_open *open, int *err)
{
	struct group_name name;
	struct ranking_fold *fold;
	struct place *place;

	if (ranking_row_is_quiet(row) || !ranking_network_of(&name, &row->group->name))
		return NULL;
	place = id_map_find(places, hash_of(&name));
	if (!place || place->rows < RANKING_FOLD_FROM || is_open(open, &name))
		return NULL;
	if (place->fold)
		return &ranking->folds[place->fold - 1];
	fold = &ranking->folds[ranking->n_folds];
	fold->group = group_new_network(row->group, &name);
	if (!fold->group) {
		*err = -ENOMEM;
		return NULL;
	}
	place->fold = ++ranking->n_folds;
	return fold;
}

static int fold_rows(struct ranking *ranking, struct id_map *places, const struct ranking_open *open)
{
	size_t i, kept = 0;
	int err = 0;

	for (i = 0; i < ranking->count && !err; i++) {
		struct ranking_fold *fold = fold_of(ranking, &ranking->rows[i], places, open, &err);

		if (fold)
			add_row(fold, &ranking->rows[i]);
		else
			ranking->rows[kept++] = ranking->rows[i];
	}
	ranking->count = err ? 0 : kept;
	return err;
}

int ranking_fold(struct ranking *ranking, const struct model *model, const struct ranking_open *open, uint64_t now_ns)
{
	double all = all_sockets(ranking);
	struct id_map places;
	ssize_t networks;
	size_t i;
	int err = 0;

	ranking_unfold(ranking);
	id_map_init(&places, sizeof(struct place));
	networks = count_networks(ranking, &places);
	if (networks > 0)
		ranking->folds = calloc(networks, sizeof(*ranking->folds));
	if (networks < 0 || (networks && !ranking->folds))
		err = -ENOMEM;
	if (!err && networks)
		err = fold_rows(ranking, &places, open);
	/* Each network takes the place of many rows: there is room. */
	for (i = 0; !err && i < ranking->n_folds; i++) {
		finish(&ranking->folds[i], model, now_ns);
		err = label_share(ranking->folds[i].group, ranking->folds[i].row.value[MEASURE_SOCKETS], all);
		ranking->rows[ranking->count++] = ranking->folds[i].row;
	}
	id_map_release(&places);
	return err;
}
