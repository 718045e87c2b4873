// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/crowds.h"

#include <stdlib.h>
#include <string.h>

#include "util/shortage.h"

struct member {
	const struct flow *flow;
	const char *program; /* "": not known */
};

bool flow_is_busy(const struct flow *flow)
{
	int count;

	for (count = 0; count < FLOW_COUNTS; count++)
		if (flow->counts[count])
			return true;
	return false;
}

/* All but the program and the process itself. */
static int compare_kinds(const struct flow *a, const struct flow *b)
{
	struct flow_key one = a->key, other = b->key;
	int order = strncmp(a->process.comm, b->process.comm, COMM_BYTES);

	one.start_ns = other.start_ns = one.pid = other.pid = 0;
	if (order || a->process.cgroup_id == b->process.cgroup_id)
		return order ?: memcmp(&one, &other, sizeof(one));
	return a->process.cgroup_id < b->process.cgroup_id ? -1 : 1;
}

static int compare_members(const void *one, const void *other)
{
	const struct member *a = one, *b = other;

	return compare_kinds(a->flow, b->flow) ?: strcmp(a->program, b->program) ?: memcmp(&a->flow->key, &b->flow->key, sizeof(a->flow->key));
}

/* A process whose program is not known, as it ended before it was asked, is like any of its name. */
static bool are_alike(const struct member *a, const struct member *b)
{
	return !compare_kinds(a->flow, b->flow) && a->flow->process.start_ns && (!a->program[0] || !strcmp(a->program, b->program));
}

static int last_first(const void *one, const void *other)
{
	const struct flow *a = *(const struct flow *const *)one, *b = *(const struct flow *const *)other;

	return a->event_ns != b->event_ns ? (a->event_ns > b->event_ns ? -1 : 1) : memcmp(&a->key, &b->key, sizeof(a->key));
}

static void add_slots(struct flow *into, const struct flow *more)
{
	unsigned int slot, count;

	for (slot = 0; slot < FLOW_SLOTS; slot++)
		for (count = 0; count < FLOW_COUNTS; count++)
			into->slots[slot][count] += more->slots[slot][count];
	for (count = 0; count < FLOW_COUNTS; count++)
		into->counts[count] += more->counts[count];
}

static void add_unanswered(struct unanswered *into, const struct unanswered *more)
{
	if (!more->count)
		return;
	into->since_ns = into->count && into->since_ns < more->since_ns ? into->since_ns : more->since_ns;
	into->longest_ns = into->longest_ns > more->longest_ns ? into->longest_ns : more->longest_ns;
	into->error = into->error ?: more->error;
	into->unreachable += more->unreachable;
	into->count += more->count;
}

/* What flows_conclude() makes of one flow, of all of them. */
static void conclude(struct crowd *crowd)
{
	struct histogram lives = {};
	unsigned int slot;
	size_t i;

	for (i = 0; i < crowd->n_parts; i++) {
		histogram_merge(&lives, &crowd->parts[i]->lives[0]);
		histogram_merge(&lives, &crowd->parts[i]->lives[1]);
	}
	crowd->flow.life_s = histogram_percentile(&lives, 50) / 1e9;
	histogram_release(&lives);
	crowd->flow.busy_slots = 0;
	for (slot = 0; slot < FLOW_SLOTS; slot++)
		crowd->flow.busy_slots += crowd->flow.slots[slot][FLOW_STARTED] > 0;
}

static void sum_up(struct crowd *crowd, const struct flow **parts, const struct member *members, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		parts[i] = members[i].flow;
	if (count > 1)
		qsort(parts, count, sizeof(*parts), last_first);
	*crowd = (struct crowd){ .flow = *parts[0], .parts = parts, .n_parts = count };
	memset(crowd->flow.lives, 0, sizeof(crowd->flow.lives));
	for (i = 1; i < count; i++) {
		add_slots(&crowd->flow, parts[i]);
		add_unanswered(&crowd->flow.unanswered, &parts[i]->unanswered);
		if (parts[i]->begin_ns < crowd->flow.begin_ns)
			crowd->flow.begin_ns = parts[i]->begin_ns;
		if (parts[i]->seconds > crowd->flow.seconds)
			crowd->flow.seconds = parts[i]->seconds;
	}
	if (count > 1)
		conclude(crowd);
}

static size_t collect(struct member *members, const struct scene *scene, bool (*wanted)(const struct flow *flow, const void *context),
		      const void *context)
{
	const struct process_facts *facts;
	const struct flow *flow;
	size_t count = 0;

	for (flow = scene->flows->table; flow; flow = flow->hh.next) {
		if (flow->key.side != SIDE_ACTIVE || !wanted(flow, context))
			continue;
		facts = scene_facts(scene, &flow->process);
		members[count++] = (struct member){ flow, facts ? facts->program : "" };
	}
	return count;
}

void crowds_find(struct crowds *crowds, const struct scene *scene, bool (*wanted)(const struct flow *flow, const void *context),
		 const void *context)
{
	size_t most = HASH_COUNT(scene->flows->table) + 1, count, begin, end;
	struct member *members = shortage_noted(malloc(most * sizeof(*members)));

	count = members ? collect(members, scene, wanted, context) : 0;
	*crowds = (struct crowds){
		.list = shortage_noted(malloc((count + 1) * sizeof(*crowds->list))),
		.parts = shortage_noted(malloc((count + 1) * sizeof(*crowds->parts))),
	};
	if (!crowds->list || !crowds->parts)
		count = 0;
	if (count)
		qsort(members, count, sizeof(*members), compare_members);
	for (begin = 0; begin < count; begin = end) {
		for (end = begin + 1; end < count && are_alike(&members[end - 1], &members[end]); end++)
			;
		sum_up(&crowds->list[crowds->count++], crowds->parts + begin, members + begin, end - begin);
	}
	free(members);
}

void crowds_release(struct crowds *crowds)
{
	free(crowds->list);
	free(crowds->parts);
}

static struct many many_of(const struct scene *scene, const struct crowd *crowd)
{
	struct many many = { .process = &crowd->flow.process };
	size_t i;

	for (i = 0; i < crowd->n_parts; i++)
		many_add(&many, scene, &crowd->parts[i]->process);
	return many;
}

const char *words_crowd(words out, const struct scene *scene, const struct crowd *crowd)
{
	const struct many many = many_of(scene, crowd);

	return words_many(out, scene, &many);
}

bool crowd_ends(const struct scene *scene, const struct crowd *crowd)
{
	const struct many many = many_of(scene, crowd);

	return many_end(&many);
}

void crowd_subject(struct finding *finding, const struct scene *scene, const struct crowd *crowd)
{
	const struct flow *flow = &crowd->flow;
	size_t i;

	finding_about(finding, scene, &flow->process, NULL);
	finding_of_program(finding, &flow->process, crowd->n_parts);
	for (i = 0; i < crowd->n_parts; i++)
		finding_touches(finding, scene, &crowd->parts[i]->process);
	memcpy(finding->subject.remote_addr, flow->key.remote_addr, 16);
	finding->subject.remote_port = finding->subject.service_port = flow->key.service_port;
	finding->subject.netns = flow->key.netns;
}
