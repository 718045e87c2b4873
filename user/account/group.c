// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What sockets are grouped by: the key of a socket for each grouping, and the life of a group. */
#include "account/group.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attribute/pod_names.h"
#include "util/shortage.h"

#define START_UNIT_NS 10000000ULL /* /proc tells starts in ticks of 10 ms, the kernel side in ns */

static void by_process(struct group_part *part, const struct group_subject *subject)
{
	const struct process *process = &subject->process->process;

	if (!process->start_ns) {
		part->kind = GROUP_UNKNOWN;
		return;
	}
	part->process.start = process->start_ns / START_UNIT_NS;
	part->process.pid = process->pid;
	part->process.ns_pid = process->ns_pid;
}

static void by_comm(struct group_part *part, const struct group_subject *subject)
{
	const struct process *process = &subject->process->process;

	if (process->start_ns)
		memcpy(part->id, process->comm, strnlen(process->comm, COMM_BYTES - 1));
	else
		part->kind = GROUP_UNKNOWN;
}

static void by_cgroup(struct group_part *part, const struct group_subject *subject)
{
	part->cgroup_id = subject->process->cgroup->id;
	if (!part->cgroup_id)
		part->kind = GROUP_UNKNOWN;
}

static void by_id(struct group_part *part, const struct group_subject *subject, const char *id)
{
	if (!subject->process->cgroup->path)
		part->kind = GROUP_UNKNOWN;
	else if (!id[0])
		part->kind = GROUP_NONE;
	else
		snprintf(part->id, sizeof(part->id), "%s", id);
}

static void by_unit(struct group_part *part, const struct group_subject *subject)
{
	by_id(part, subject, subject->process->cgroup->container.unit);
}

static void by_container(struct group_part *part, const struct group_subject *subject)
{
	by_id(part, subject, subject->process->cgroup->container.id);
}

static void by_pod(struct group_part *part, const struct group_subject *subject)
{
	by_id(part, subject, subject->process->cgroup->container.pod_uid);
}

static void by_workload(struct group_part *part, const struct group_subject *subject)
{
	const struct container *container = &subject->process->cgroup->container;

	part->side = container->id[0] != 0;
	by_id(part, subject, container->id[0] ? container->id : container->unit);
}

static void by_remote(struct group_part *part, const struct group_subject *subject)
{
	part->side = subject->side;
	part->port = endpoint_service_port(subject->endpoint, subject->side);
	memcpy(part->addr, subject->endpoint->remote_addr, sizeof(part->addr));
}

static void by_port(struct group_part *part, const struct group_subject *subject)
{
	part->port = endpoint_service_port(subject->endpoint, subject->side);
	if (subject->side == SIDE_UNKNOWN)
		part->kind = GROUP_UNKNOWN;
}

static void by_service(struct group_part *part, const struct group_subject *subject)
{
	part->port = endpoint_service_port(subject->endpoint, subject->side);
	part->side = subject->side;
}

static void (*const fill[GROUP_ALL_KEYS])(struct group_part *, const struct group_subject *) = {
	[GROUP_PROCESS] = by_process, [GROUP_CGROUP] = by_cgroup, [GROUP_CONTAINER] = by_container,
	[GROUP_POD] = by_pod,	      [GROUP_REMOTE] = by_remote, [GROUP_PORT] = by_port,
	[GROUP_COMM] = by_comm,	      [GROUP_UNIT] = by_unit,	  [GROUP_SERVICE] = by_service,
	[GROUP_WORKLOAD] = by_workload,
};

/* Most keys are short, and there is an event for each connection. */
static const uint8_t key_bytes[GROUP_ALL_KEYS] = {
	[GROUP_PROCESS] = 24, [GROUP_CGROUP] = 16, [GROUP_CONTAINER] = sizeof(struct group_part),
	[GROUP_REMOTE] = 24,  [GROUP_PORT] = 8,	   [GROUP_POD] = sizeof(struct group_part),
	[GROUP_COMM] = 24,    [GROUP_SERVICE] = 8, [GROUP_UNIT] = sizeof(struct group_part),
	[GROUP_WORKLOAD] = sizeof(struct group_part),
};

size_t group_name_bytes(unsigned int by)
{
	int second = group_by_key(by, 1);

	return second < 0 ? key_bytes[by] : sizeof(struct group_part) + key_bytes[second];
}

void group_name_of(struct group_name *name, unsigned int by, const struct group_subject *subject)
{
	unsigned int i;
	int key;

	memset(name, 0, group_name_bytes(by));
	for (i = 0; (key = group_by_key(by, i)) >= 0; i++) {
		name->parts[i].by = key;
		fill[key](&name->parts[i], subject);
	}
}

enum group_kind group_kind(const struct group *group)
{
	enum group_kind kind = group->name.parts[0].kind, second = group->name.parts[1].kind;

	return group->n_parts > 1 && second > kind ? second : kind;
}

static const char *detail_of(const struct group_part *part, const struct known_process *process)
{
	switch (part->by) {
	case GROUP_CGROUP:
		return process->cgroup->path;
	case GROUP_CONTAINER:
		return process->cgroup->container.runtime[0] ? process->cgroup->container.runtime : NULL;
	default:
		return NULL;
	}
}

/* Is it of things that Kubernetes names? */
static bool is_named(const struct group_part *part)
{
	return part->by == GROUP_CONTAINER || part->by == GROUP_POD || (part->by == GROUP_WORKLOAD && part->side);
}

static bool take_text(char **to, const char *from)
{
	if (*to || !from)
		return false;
	*to = shortage_noted(strdup(from));
	return *to;
}

/* Was any new? */
static bool take_names(struct group_words *words, const struct group_part *part, const struct container *container)
{
	bool new = take_text(&words->pod, container->pod);

	new |= take_text(&words->namespace, container->namespace);
	if (part->by == GROUP_POD)
		return new;
	snprintf(words->pod_uid, sizeof(words->pod_uid), "%s", container->pod_uid);
	new |= take_text(&words->container, container->name);
	return new;
}

static void take_words(struct group_words *words, const struct group_part *part, const struct known_process *process)
{
	if (part->kind != GROUP_KNOWN)
		return;
	if (part->by == GROUP_PROCESS)
		words->detail = shortage_noted(strndup(process->process.comm, COMM_BYTES));
	else
		take_text(&words->detail, detail_of(part, process));
	if (is_named(part))
		take_names(words, part, &process->cgroup->container);
}

/* 0, or -ENOMEM: the label stays. */
static int relabel(struct group *group)
{
	char text[GROUP_LABEL], *label;

	group_label_text(text, sizeof(text), group);
	label = shortage_noted(strdup(text));
	if (!label)
		return -ENOMEM;
	free(group->label);
	group->label = label;
	return 0;
}

struct group *group_new(const struct group_name *name, unsigned int by, unsigned int n_accounts,
			const struct group_subject *subject)
{
	struct group *group = shortage_noted(calloc(1, sizeof(*group) + n_accounts * sizeof(group->accounts[0])));
	unsigned int i;

	if (!group)
		return NULL;
	memcpy(&group->name, name, group_name_bytes(by));
	group->n_parts = group_by_key(by, 1) < 0 ? 1 : 2;
	group->n_accounts = n_accounts;
	for (i = 0; subject && i < group->n_parts; i++)
		take_words(&group->words[i], &group->name.parts[i], subject->process);
	if (!relabel(group))
		return group;
	group_free(group);
	return shortage_noted(NULL);
}

struct group *group_new_network(const struct group *member, const struct group_name *name)
{
	struct group *group = shortage_noted(calloc(1, sizeof(*group) + member->n_accounts * sizeof(group->accounts[0])));
	unsigned int i;

	if (!group)
		return NULL;
	group->name = *name;
	group->n_parts = member->n_parts;
	group->n_accounts = member->n_accounts;
	for (i = 0; i < group->n_parts; i++)
		take_text(&group->words[i].detail, member->words[i].detail);
	if (!relabel(group))
		return group;
	group_free(group);
	return shortage_noted(NULL);
}

bool group_process(const struct group *group, unsigned int part, struct process *process)
{
	const struct group_part *name = &group->name.parts[part];

	if (part >= group->n_parts || name->by != GROUP_PROCESS || name->kind != GROUP_KNOWN ||
	    group->name.parts[0].kind == GROUP_OTHER)
		return false;
	*process = (struct process){
		.start_ns = name->process.start ? name->process.start * START_UNIT_NS : 1,
		.pid = name->process.pid,
		.ns_pid = name->process.ns_pid,
	};
	if (group->words[part].detail)
		snprintf(process->comm, sizeof(process->comm), "%s", group->words[part].detail);
	return true;
}

static void rename_part(struct group *group, struct group_words *words, const struct process *process)
{
	char *comm;

	if (words->detail && !strncmp(words->detail, process->comm, COMM_BYTES))
		return;
	comm = shortage_noted(strndup(process->comm, COMM_BYTES));
	if (!comm)
		return;
	free(words->detail);
	words->detail = comm;
	relabel(group);
}

void group_rename(struct group *group, const struct known_process *process)
{
	unsigned int i;

	for (i = 0; i < group->n_parts; i++)
		if (group->name.parts[i].by == GROUP_PROCESS && group->name.parts[i].kind == GROUP_KNOWN)
			rename_part(group, &group->words[i], &process->process);
}

/* Was anything new? */
static bool complete_part(struct group_words *words, const struct group_part *part, struct pod_names *names)
{
	struct container container = {};

	if (part->kind != GROUP_KNOWN || !is_named(part) || (words->pod && words->container))
		return false;
	if (part->by != GROUP_POD)
		snprintf(container.id, sizeof(container.id), "%.64s", part->id);
	snprintf(container.pod_uid, sizeof(container.pod_uid), "%.36s",
		 part->by == GROUP_POD ? part->id : words->pod_uid);
	pod_names_complete(names, &container);
	return take_names(words, part, &container);
}

void group_complete(struct group *group, struct pod_names *names)
{
	unsigned int i;
	bool new = false;

	for (i = 0; i < group->n_parts; i++)
		new |= complete_part(&group->words[i], &group->name.parts[i], names);
	if (new)
		relabel(group);
}

static void words_release(struct group_words *words)
{
	free(words->detail);
	free(words->namespace);
	free(words->pod);
	free(words->container);
}

void group_free(struct group *group)
{
	unsigned int i;

	if (!group)
		return;
	for (i = 0; i < group->n_accounts; i++) {
		histogram_release(&group->accounts[i].dwell);
		histogram_release(&group->accounts[i].open);
	}
	for (i = 0; i < GROUP_PARTS; i++)
		words_release(&group->words[i]);
	free(group->label);
	free(group->failures);
	free(group);
}

void group_add(struct group *group, const struct group *from)
{
	unsigned int i;

	for (i = 0; i < group->n_accounts; i++) {
		struct account *to = &group->accounts[i];
		const struct account *more = &from->accounts[i];

		state_totals_add(&to->count, &more->count);
		to->came += more->came;
		to->grown += more->grown;
		to->came_before += more->came_before;
		histogram_merge(&to->dwell, &more->dwell);
	}
	group->time_wait_overflows += from->time_wait_overflows;
	for (i = 0; i < CONNECT_FAILURES; i++)
		group->connect_failures[i] += from->connect_failures[i];
	failures_add(&group->failures, from->failures);
}

bool group_is_closed(const struct group *group)
{
	unsigned int i;

	if (group->held || group->present.held)
		return false;
	for (i = 0; i < group->n_accounts; i++)
		if (state_totals_now(&group->accounts[i].count))
			return false;
	return true;
}
