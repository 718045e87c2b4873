// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Workloads by their labels, and what groups of the books add to them. Who gets series: budget.c. */
#include "export/metrics/workloads.h"

#include <errno.h>
#include <stdlib.h>

#include "export/metrics/budget.h"
#include "export/metrics/labels.h"

#define NSEC_PER_SEC 1000000000ULL
#define FORGET_NS (900 * NSEC_PER_SEC) /* a workload that is gone for so long loses its series */
#define FORGET_CROWDED_NS (60 * NSEC_PER_SEC)

/* What a group is a part of, and what of it was taken over. */
struct workload_link {
	struct workload *workload;
	uint64_t close_wait;
	bool named; /* its labels will not change */
};

static void workload_free(struct workload *workload)
{
	unsigned int i;

	if (!workload)
		return;
	for (i = 0; i < WORKLOAD_HISTOGRAMS; i++)
		free(workload->histograms[i]);
	free(workload->labels);
	free(workload);
}

/* Takes over the text. NULL: no memory. */
static struct workload *workload_new(struct buffer *labels, uint64_t now_ns)
{
	struct workload *workload = calloc(1, sizeof(*workload));

	buffer_append_char(labels, '\0');
	if (!workload || labels->error) {
		buffer_release(labels);
		free(workload);
		return NULL;
	}
	workload->labels = labels->data;
	workload->first_ns = workload->last_ns = now_ns;
	buffer_init(labels);
	return workload;
}

int workloads_init(struct workloads *workloads, const struct workloads_config *config)
{
	struct buffer labels;

	memset(workloads, 0, sizeof(*workloads));
	workloads->config = *config;
	id_map_init(&workloads->links, sizeof(struct workload_link));
	id_map_init(&workloads->listeners, sizeof(uint64_t));
	buffer_init(&labels);
	label_append(&labels, "namespace", NULL);
	label_append(&labels, "pod", NULL);
	label_append(&labels, "container", NULL);
	label_append(&labels, "unit", NULL);
	label_append(&labels, "comm", LABEL_OTHER);
	workloads->other = workload_new(&labels, 0);
	if (!workloads->other)
		return -ENOMEM;
	budget_reserve(workloads);
	return 0;
}

static void remove_workload(struct workloads *workloads, struct workload *workload)
{
	HASH_DEL(workloads->table, workload);
	budget_return(workloads, workload);
	workload_free(workload);
}

void workloads_release(struct workloads *workloads)
{
	struct workload *workload, *next;

	HASH_ITER(hh, workloads->table, workload, next)
		remove_workload(workloads, workload);
	workload_free(workloads->other);
	free(workloads->sorted);
	id_map_release(&workloads->links);
	id_map_release(&workloads->listeners);
	memset(workloads, 0, sizeof(*workloads));
}

/* By the labels, which are released; ~other where there is no room. */
static struct workload *find_or_add(struct workloads *workloads, struct buffer *labels, uint64_t now_ns)
{
	struct workload *workload = NULL;

	if (!labels->error)
		HASH_FIND(hh, workloads->table, labels->data, labels->size, workload);
	if (!workload && HASH_COUNT(workloads->table) < workloads->config.max) {
		workload = workload_new(labels, now_ns);
		if (workload)
			HASH_ADD_KEYPTR(hh, workloads->table, workload->labels, strlen(workload->labels), workload);
		if (workload && !workload->hh.tbl) {
			workload_free(workload);
			workload = NULL;
		}
	}
	buffer_release(labels);
	return workload ?: workloads->other;
}

/* Names of containers come late; once there they stay. */
static bool is_named(const struct group *group)
{
	const struct group_part *part = &group->name.parts[0];

	return part->kind != GROUP_KNOWN || !part->side || (group->words[0].pod && group->words[0].container);
}

static struct workload *workload_by_labels(struct workloads *workloads, const struct group *group, uint64_t now_ns)
{
	struct buffer labels;

	if (!group->index)
		return workloads->other;
	buffer_init(&labels);
	labels_of_workload(&labels, group);
	return find_or_add(workloads, &labels, now_ns);
}

static struct workload_link *link_of(struct workloads *workloads, const struct group *group, uint64_t now_ns)
{
	struct workload_link *link = id_map_put(&workloads->links, group->index + 1ULL);

	if (!link)
		return NULL;
	if (!link->workload) {
		link->workload = workload_by_labels(workloads, group, now_ns);
		link->workload->groups++;
		link->named = is_named(group);
	}
	return link;
}

struct workload *workloads_of(struct workloads *workloads, const struct group *group, uint64_t now_ns)
{
	struct workload_link *link = link_of(workloads, group, now_ns);

	return link ? link->workload : workloads->other;
}

void workload_count(struct workload *workload, unsigned int counter, uint64_t now_ns)
{
	workload->counters[counter]++;
	workload->last_ns = now_ns;
}

void workload_time(struct workload *workload, unsigned int histogram, uint64_t ns, uint64_t now_ns)
{
	struct bounded_histogram **place = &workload->histograms[histogram];

	if (!*place)
		*place = calloc(1, sizeof(**place));
	if (*place)
		bounded_histogram_add(*place, histogram == HISTOGRAM_SEARCH ? search_bounds : dwell_bounds, ns);
	workload->last_ns = now_ns;
}

static uint64_t close_wait_of(const struct model *model, const struct group *group)
{
	const struct account *account = model_account(model, (struct group *)group, STATE_CLOSE_WAIT);

	return account ? account->count.created : 0;
}

/* The books' ~other also has what groups counted that went there: that was taken over before. */
static void take_counts(struct workloads *workloads, struct workload_link *link, const struct model *model,
			const struct group *group)
{
	uint64_t count = close_wait_of(model, group);

	if (!group->index)
		count -= workloads->other_forgotten;
	if (count == link->close_wait)
		return;
	link->workload->counters[COUNTER_CLOSE_WAIT] += count - link->close_wait;
	link->workload->last_ns = workloads->now_ns;
	link->close_wait = count;
}

void workloads_forget(struct workloads *workloads, const struct model *model, const struct group *group)
{
	struct workload_link *link = link_of(workloads, group, workloads->now_ns);

	workloads->other_forgotten += close_wait_of(model, group);
	if (!link)
		return;
	take_counts(workloads, link, model, group);
	link->workload->groups--;
	id_map_remove(&workloads->links, group->index + 1ULL);
}

/* All that it counted goes to another one. */
static void merge(struct workload *to, struct workload *from)
{
	unsigned int i;

	for (i = 0; i < WORKLOAD_COUNTERS; i++) {
		to->counters[i] += from->counters[i];
		from->counters[i] = 0;
	}
	for (i = 0; i < WORKLOAD_HISTOGRAMS; i++)
		budget_move_histogram(to, from, i);
}

/* Nobody has seen the series of the one that it was for want of names: what it counted goes along. */
static void rename_link(struct workloads *workloads, struct workload_link *link, const struct group *group)
{
	struct workload *before = link->workload, *after = workload_by_labels(workloads, group, workloads->now_ns);

	link->named = is_named(group);
	if (after == before)
		return;
	link->workload = after;
	after->groups++;
	if (!--before->groups && before != workloads->other && !budget_has_series(before)) {
		merge(after, before);
		if (before->first_ns < after->first_ns)
			after->first_ns = before->first_ns;
		remove_workload(workloads, before);
	}
}

static void take_gauges(struct workload *workload, const struct model *model, struct group *group, uint64_t now_ns)
{
	unsigned int state;

	for (state = 1; state < STATE_COUNT; state++) {
		const struct account *account = model_account(model, group, state);

		if (account)
			workload->gauges[GAUGE_SOCKETS + state] += state_totals_now(&account->count);
	}
	if (group->oldest_ns && now_ns > group->oldest_ns && (int64_t)(now_ns - group->oldest_ns) > workload->gauges[GAUGE_OLDEST])
		workload->gauges[GAUGE_OLDEST] = now_ns - group->oldest_ns;
}

static int take_group(struct workloads *workloads, const struct model *model, struct group *group)
{
	struct workload_link *link = link_of(workloads, group, workloads->now_ns);

	if (!link)
		return -ENOMEM;
	if (!link->named)
		rename_link(workloads, link, group);
	take_counts(workloads, link, model, group);
	take_gauges(link->workload, model, group, workloads->now_ns);
	return 0;
}

/* What it dropped since the run began goes on as long as it is there. */
static int take_drops(struct workloads *workloads, struct workload *workload, uint64_t id, uint64_t drops)
{
	uint64_t *taken = drops ? id_map_put(&workloads->listeners, id) : NULL;

	if (!drops)
		return 0;
	if (!taken)
		return -ENOMEM;
	if (drops > *taken) {
		workload->counters[COUNTER_ACCEPT_DROPS] += drops - *taken;
		workload->last_ns = workloads->now_ns;
		*taken = drops;
	}
	return 0;
}

static int take_listener(struct workloads *workloads, const struct model *model, uint64_t id, const struct listening_socket *listener)
{
	const struct group *group = model_listener_group(model, listener, WORKLOADS_BY);
	struct workload *workload = group ? workloads_of(workloads, group, workloads->now_ns) : NULL;
	uint64_t drops = listener->now.new_drops;

	if (!workload)
		return 0;
	budget_fuller_queue(workload, listener->now.depth, listener->now.backlog + 1LL);
	return take_drops(workloads, workload, id, drops == LISTENER_NOT_KNOWN ? 0 : drops);
}

static int take_listeners(struct workloads *workloads, const struct model *model)
{
	const struct listening_socket *listener;
	size_t cursor = 0;
	uint64_t id;
	int err = 0;

	while (!err && (listener = model_listener_next(model, &cursor, &id)))
		err = take_listener(workloads, model, id, listener);
	return err;
}

void workloads_end_listener(struct workloads *workloads, const struct model *model, uint64_t id)
{
	const struct listening_socket *listener = model_listener_find(model, id);

	if (listener)
		take_listener(workloads, model, id, listener);
	id_map_remove(&workloads->listeners, id);
}

static void clear_gauges(struct workloads *workloads)
{
	struct workload *workload;

	memset(workloads->other->gauges, 0, sizeof(workloads->other->gauges));
	for (workload = workloads->table; workload; workload = workload->hh.next)
		memset(workload->gauges, 0, sizeof(workload->gauges));
}

static bool has_sockets(const struct workload *workload)
{
	unsigned int state;

	for (state = 1; state < STATE_COUNT; state++)
		if (workload->gauges[GAUGE_SOCKETS + state])
			return true;
	return false;
}

/* Those of which nothing came for long. */
static void forget(struct workloads *workloads)
{
	bool crowded = HASH_COUNT(workloads->table) >= workloads->config.max || workloads->folded;
	uint64_t idle_ns = crowded ? FORGET_CROWDED_NS : FORGET_NS;
	struct workload *workload, *next;

	HASH_ITER(hh, workloads->table, workload, next)
		if (!workload->groups && !has_sockets(workload) && workloads->now_ns > workload->last_ns + idle_ns) {
			/* What was never exported by itself is not lost. */
			budget_fold(workloads, workload);
			remove_workload(workloads, workload);
		}
}

int workloads_collect(struct workloads *workloads, struct model *model, uint64_t now_ns)
{
	struct groups *groups = model_groups(model, WORKLOADS_BY);
	struct group *group;
	int err;

	workloads->now_ns = now_ns;
	model_age(model, WORKLOADS_BY, now_ns, false);
	clear_gauges(workloads);
	err = take_group(workloads, model, groups->other);
	for (group = groups->table; group && !err; group = group->hh.next)
		err = take_group(workloads, model, group);
	err = err ?: take_listeners(workloads, model);
	forget(workloads);
	return err ?: budget_give(workloads);
}
