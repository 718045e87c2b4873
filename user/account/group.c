// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What sockets are grouped by: the key of an event for each grouping, and the life of a group. */
#include "account/group.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attribute/pod_names.h"

/* Paths and containers are told of the event's own state only; another state's process may be in another cgroup. */
static uint64_t cgroup_id_of_state(const struct event *event, unsigned int state)
{
	const struct process *charged = event_charged(event, state);

	return charged->start_ns ? charged->cgroup_id : event->record.socket_cgroup_id;
}

static bool is_told(const struct event *event, unsigned int state)
{
	return event->cgroup && (state == event_state(event) || cgroup_id_of_state(event, state) == event->cgroup_id);
}

static void by_process(struct group_name *name, const struct event *event, unsigned int state)
{
	const struct process *charged = event_charged(event, state);

	if (!charged->start_ns) {
		name->kind = GROUP_UNKNOWN;
		return;
	}
	name->process.start_ns = charged->start_ns;
	name->process.pid = charged->pid;
	name->process.ns_pid = charged->ns_pid;
}

static void by_cgroup(struct group_name *name, const struct event *event, unsigned int state)
{
	uint64_t id = state == event_state(event) ? event->cgroup_id : cgroup_id_of_state(event, state);

	if (!id)
		name->kind = GROUP_UNKNOWN;
	name->cgroup_id = id;
}

static void by_id(struct group_name *name, const struct event *event, unsigned int state, const char *id)
{
	if (!is_told(event, state))
		name->kind = GROUP_UNKNOWN;
	else if (!id[0])
		name->kind = GROUP_NONE;
	else
		snprintf(name->id, sizeof(name->id), "%s", id);
}

static void by_container(struct group_name *name, const struct event *event, unsigned int state)
{
	by_id(name, event, state, event->container->id);
}

static void by_pod(struct group_name *name, const struct event *event, unsigned int state)
{
	by_id(name, event, state, event->container->pod_uid);
}

static void by_remote(struct group_name *name, const struct event *event, unsigned int state)
{
	(void)state;
	name->side = event->record.side;
	name->port = event_service_port(event);
	memcpy(name->addr, event->record.endpoint.remote_addr, sizeof(name->addr));
}

static void by_port(struct group_name *name, const struct event *event, unsigned int state)
{
	(void)state;
	name->port = event_service_port(event);
	if (event->record.side == SIDE_UNKNOWN)
		name->kind = GROUP_UNKNOWN;
}

static void (*const fill[GROUP_KEYS])(struct group_name *, const struct event *, unsigned int) = {
	by_process, by_cgroup, by_container, by_pod, by_remote, by_port,
};

void group_name_of(struct group_name *name, unsigned int by, const struct event *event, unsigned int state)
{
	memset(name, 0, sizeof(*name));
	name->by = by;
	fill[by](name, event, state);
}

/* What is shown beside the key. NULL is fine. */
static char *detail_of(const struct group_name *name, const struct event *event)
{
	if (!event || name->kind != GROUP_KNOWN)
		return NULL;
	if (name->by == GROUP_PROCESS && event->record.closer.start_ns == name->process.start_ns &&
	    event->record.closer.pid == name->process.pid)
		return strndup(event->record.closer.comm, COMM_BYTES);
	if (name->by == GROUP_PROCESS)
		return strndup(event->record.owner.comm, COMM_BYTES);
	if (name->by == GROUP_CGROUP && event->cgroup && event->cgroup_id == name->cgroup_id)
		return strdup(event->cgroup);
	if (name->by == GROUP_CONTAINER && event->container->runtime[0])
		return strndup(event->container->runtime, sizeof(event->container->runtime));
	return NULL;
}

/* Is it of things that Kubernetes names? */
static bool is_named(const struct group *group)
{
	return group->name.by == GROUP_CONTAINER || group->name.by == GROUP_POD;
}

static bool take_text(char **to, const char *from)
{
	if (*to || !from)
		return false;
	*to = strdup(from);
	return *to;
}

/* Was any new? */
static bool take_names(struct group *group, const struct container *container)
{
	bool new = take_text(&group->pod, container->pod) | take_text(&group->namespace, container->namespace);

	if (group->name.by == GROUP_POD)
		return new;
	snprintf(group->pod_uid, sizeof(group->pod_uid), "%s", container->pod_uid);
	return new | take_text(&group->container, container->name);
}

/* 0, or -ENOMEM: the label stays. */
static int relabel(struct group *group)
{
	char text[GROUP_LABEL], *label;

	group_label_text(text, sizeof(text), group);
	label = strdup(text);
	if (!label)
		return -ENOMEM;
	free(group->label);
	group->label = label;
	return 0;
}

struct group *group_new(const struct group_name *name, unsigned int n_accounts, const struct event *event)
{
	struct group *group = calloc(1, sizeof(*group) + n_accounts * sizeof(group->accounts[0]));

	if (!group)
		return NULL;
	group->name = *name;
	group->n_accounts = n_accounts;
	group->detail = detail_of(name, event);
	if (event && name->kind == GROUP_KNOWN && is_named(group))
		take_names(group, event->container);
	if (!relabel(group))
		return group;
	group_free(group);
	return NULL;
}

void group_complete(struct group *group, struct pod_names *names)
{
	struct container container = {};

	if (group->name.kind != GROUP_KNOWN || !is_named(group) || (group->pod && group->container))
		return;
	if (group->name.by == GROUP_CONTAINER)
		snprintf(container.id, sizeof(container.id), "%.64s", group->name.id);
	snprintf(container.pod_uid, sizeof(container.pod_uid), "%.36s",
		 group->name.by == GROUP_POD ? group->name.id : group->pod_uid);
	pod_names_complete(names, &container);
	if (take_names(group, &container))
		relabel(group);
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
	free(group->detail);
	free(group->namespace);
	free(group->pod);
	free(group->container);
	free(group->label);
	free(group);
}

void group_add(struct group *group, const struct group *from)
{
	unsigned int i;

	for (i = 0; i < group->n_accounts; i++) {
		struct account *to = &group->accounts[i];
		const struct account *more = &from->accounts[i];

		to->count.created += more->count.created;
		to->count.seeded += more->count.seeded;
		to->count.left += more->count.left;
		to->created_before += more->created_before;
		histogram_merge(&to->dwell, &more->dwell);
	}
}

bool group_is_closed(const struct group *group)
{
	unsigned int i;

	if (group->held)
		return false;
	for (i = 0; i < group->n_accounts; i++)
		if (state_totals_now(&group->accounts[i].count))
			return false;
	return true;
}
