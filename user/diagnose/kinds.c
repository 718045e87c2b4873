// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/kinds.h"

#include <stdlib.h>
#include <string.h>

#include "util/shortage.h"

static int by_number(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

	return a < b ? -1 : a > b;
}

static size_t count_listeners(const struct scene *scene)
{
	size_t cursor = 0, count = 0;

	while (model_listener_next(scene_model(scene), &cursor, NULL))
		count++;
	return count;
}

/* Their numbers, each once. */
static size_t collect(uint32_t *numbers, const struct scene *scene)
{
	const struct listening_socket *listener;
	size_t i, cursor = 0, count = 0, kept = 0;

	for (i = 0; i < scene->causes->count; i++)
		numbers[count++] = scene->causes->sorted[i]->key.process;
	while ((listener = model_listener_next(scene_model(scene), &cursor, NULL)))
		numbers[count++] = present_charged(&listener->base);
	if (count)
		qsort(numbers, count, sizeof(*numbers), by_number);
	for (i = 0; i < count; i++)
		if (numbers[i] && (!kept || numbers[i] != numbers[kept - 1]))
			numbers[kept++] = numbers[i];
	return kept;
}

static int compare_names(const struct kind_member *a, const struct kind_member *b)
{
	const struct process *one = &a->known->process, *other = &b->known->process;
	int order = strncmp(one->comm, other->comm, COMM_BYTES);

	if (order || one->cgroup_id == other->cgroup_id)
		return order;
	return one->cgroup_id < other->cgroup_id ? -1 : 1;
}

static int compare_members(const void *one, const void *other)
{
	const struct kind_member *a = one, *b = other;
	int order = compare_names(a, b) ?: strcmp(a->program, b->program);

	return order ?: a->process < b->process ? -1 : a->process > b->process;
}

/* A process whose program is not known is like any of its name: there are too many to ask all of them. */
static bool are_alike(const struct kind_member *a, const struct kind_member *b)
{
	return !compare_names(a, b) && a->known->process.start_ns && (!a->program[0] || !strcmp(a->program, b->program));
}

static void range(struct kinds *kinds)
{
	size_t first, end;

	for (first = 0; first < kinds->n_members; first = end) {
		for (end = first + 1; end < kinds->n_members && are_alike(&kinds->members[end - 1], &kinds->members[end]); end++)
			;
		kinds->list[kinds->count++] = (struct kind){ first, end };
	}
}

static int by_process(const void *one, const void *other)
{
	const struct kind_place *a = one, *b = other;

	return a->process < b->process ? -1 : a->process > b->process;
}

static void place(struct kinds *kinds)
{
	size_t i;

	for (i = 0; i < kinds->n_members; i++)
		kinds->places[i] = (struct kind_place){ kinds->members[i].process, i };
	if (kinds->n_members)
		qsort(kinds->places, kinds->n_members, sizeof(*kinds->places), by_process);
}

void kinds_find(struct kinds *kinds, const struct scene *scene)
{
	uint32_t *numbers = shortage_noted(malloc((scene->causes->count + count_listeners(scene) + 1) * sizeof(*numbers)));
	size_t i, count = numbers ? collect(numbers, scene) : 0;

	*kinds = (struct kinds){
		.members = shortage_noted(malloc((count + 1) * sizeof(*kinds->members))),
		.list = shortage_noted(malloc((count + 1) * sizeof(*kinds->list))),
		.places = shortage_noted(malloc((count + 1) * sizeof(*kinds->places))),
	};
	if (!kinds->members || !kinds->list || !kinds->places)
		count = 0;
	for (i = 0; i < count; i++) {
		const struct known_process *known = scene_process(scene, numbers[i]);
		const struct process_facts *facts = scene_facts(scene, &known->process);

		kinds->members[i] = (struct kind_member){ known, facts ? facts->program : "", numbers[i] };
	}
	kinds->n_members = count;
	if (count)
		qsort(kinds->members, count, sizeof(*kinds->members), compare_members);
	free(numbers);
	range(kinds);
	place(kinds);
}

void kinds_release(struct kinds *kinds)
{
	free(kinds->members);
	free(kinds->list);
	free(kinds->places);
}

size_t kinds_member(const struct kinds *kinds, uint32_t process)
{
	const struct kind_place wanted = { .process = process }, *place = NULL;

	if (kinds->n_members)
		place = bsearch(&wanted, kinds->places, kinds->n_members, sizeof(*kinds->places), by_process);
	return place ? place->member : kinds->n_members;
}

void many_subject(struct finding *finding, const struct scene *scene, const struct many *many)
{
	finding_about_known(finding, scene, many->known);
	finding_of_program(finding, many->process, many->processes);
}
