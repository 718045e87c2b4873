// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/services.h"

#include <stdlib.h>
#include <string.h>

#include "util/shortage.h"

/* What processes have in common, and a cause of one of them. */
struct member {
	const struct cause *cause;
	const struct known_process *known;
	const char *program; /* "": not known */
	size_t at; /* in the list of causes, which has the most sockets first */
};

static const char *program_of(const struct scene *scene, const struct known_process *known)
{
	const struct process_facts *facts = scene_facts(scene, &known->process);

	return facts ? facts->program : "";
}

/* All but the program and the process itself. Nobody is like nobody else. */
static int compare_kinds(const struct member *a, const struct member *b)
{
	struct cause_key one = a->cause->key, other = b->cause->key;
	int order = strncmp(a->known->process.comm, b->known->process.comm, COMM_BYTES);

	one.process = one.process ? 1 : 0;
	other.process = other.process ? 1 : 0;
	if (order || a->known->process.cgroup_id == b->known->process.cgroup_id)
		return order ?: memcmp(&one, &other, sizeof(one));
	return a->known->process.cgroup_id < b->known->process.cgroup_id ? -1 : 1;
}

static int compare_members(const void *one, const void *other)
{
	const struct member *a = one, *b = other;
	int order = compare_kinds(a, b) ?: strcmp(a->program, b->program);

	return order ?: a->at < b->at ? -1 : a->at > b->at;
}

/* A process whose program is not known is like any of its name: there are too many to ask all of them. */
static bool are_alike(const struct member *a, const struct member *b)
{
	return !compare_kinds(a, b) && a->known->process.start_ns && (!a->program[0] || !strcmp(a->program, b->program));
}

static int most_first(const void *one, const void *other)
{
	const struct cause *a = one, *b = other;

	return a->count != b->count ? (a->count > b->count ? -1 : 1) : memcmp(&a->key, &b->key, sizeof(a->key));
}

static int member_cause_order(const void *one, const void *other)
{
	const struct cause *a = *(const struct cause *const *)one, *b = *(const struct cause *const *)other;

	return most_first(a, b);
}

static void add_windows(struct cause_window *into, const struct cause_window *more)
{
	int i;

	for (i = 0; i < CAUSE_WINDOWS; i++, into++, more++) {
		if (!more->came)
			continue;
		into->last_ns = into->came && into->last_ns < more->last_ns ? into->last_ns : more->last_ns;
		into->first_ns = into->came && into->first_ns > more->first_ns ? into->first_ns : more->first_ns;
		into->came += more->came;
	}
}

static void add(struct cause *into, const struct cause *more)
{
	into->count += more->count;
	into->aged += more->aged;
	into->looked += more->looked;
	into->unread += more->unread;
	into->unread_end += more->unread_end;
	into->read_to_end += more->read_to_end;
	into->keepalive += more->keepalive;
	into->probing += more->probing;
	into->tx_queue += more->tx_queue;
	into->from_before += more->from_before;
	into->one_remote &= more->one_remote && !memcmp(into->remote_addr, more->remote_addr, 16);
	into->maker = into->maker == more->maker ? into->maker : 0;
	if (more->retransmits > into->retransmits)
		into->retransmits = more->retransmits;
	if (more->youngest_ns < into->youngest_ns)
		into->youngest_ns = more->youngest_ns;
	if (more->oldest_ns > into->oldest_ns) {
		into->oldest_ns = more->oldest_ns;
		into->oldest_at_least = more->oldest_at_least;
		into->example = more->example;
	}
	add_windows(into->windows, more->windows);
}

static size_t collect(struct member *members, const struct scene *scene, bool (*wanted)(const struct cause *cause))
{
	size_t i, count = 0;

	for (i = 0; i < scene->causes->count; i++) {
		const struct cause *cause = scene->causes->sorted[i];
		const struct known_process *known;

		if (!wanted(cause))
			continue;
		known = scene_process(scene, cause->key.process);
		members[count++] = (struct member){ cause, known, program_of(scene, known), i };
	}
	return count;
}

/* One of members that are alike. */
static void sum_up(struct cause *service, const struct cause **parts, const struct member *members, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		parts[i] = members[i].cause;
	if (count > 1)
		qsort(parts, count, sizeof(*parts), member_cause_order);
	*service = *parts[0];
	service->parts = parts;
	service->n_parts = count;
	for (i = 1; i < count; i++)
		add(service, parts[i]);
}

void services_find(struct services *services, const struct scene *scene, bool (*wanted)(const struct cause *cause))
{
	struct member *members = shortage_noted(malloc((scene->causes->count + 1) * sizeof(*members)));
	size_t count = members ? collect(members, scene, wanted) : 0, begin, end;

	*services = (struct services){
		.list = shortage_noted(malloc((count + 1) * sizeof(*services->list))),
		.parts = shortage_noted(malloc((count + 1) * sizeof(*services->parts))),
	};
	if (!services->list || !services->parts)
		count = 0;
	if (count)
		qsort(members, count, sizeof(*members), compare_members);
	for (begin = 0; begin < count; begin = end) {
		for (end = begin + 1; end < count && are_alike(&members[end - 1], &members[end]); end++)
			;
		sum_up(&services->list[services->count++], services->parts + begin, members + begin, end - begin);
	}
	if (services->count)
		qsort(services->list, services->count, sizeof(*services->list), most_first);
	free(members);
}

void services_release(struct services *services)
{
	free(services->list);
	free(services->parts);
}
