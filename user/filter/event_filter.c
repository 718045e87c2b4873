// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What bpf/endpoint.bpf.h and bpf/owner.bpf.h decide in the kernel, decided for an event of a recording. */
#include "filter/event_filter.h"

#include <string.h>
#include <sys/socket.h>


static bool is_u16_member(const uint16_t *set, unsigned int count, uint16_t value)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (set[i] == value)
			return true;
	return false;
}

static bool is_u32_member(const uint32_t *set, unsigned int count, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (set[i] == value)
			return true;
	return false;
}

/* The path as the filter's are given: from where our cgroups begin. NULL: it is not there, or that is not known yet. */
static const char *path_here(const struct filter *filter, const char *path)
{
	const struct cgroup_root *root = filter->cgroup_root;
	size_t size;

	if (!root || !path)
		return path;
	size = strlen(root->path);
	return !root->is_open && !strncmp(path, root->path, size) && (!path[size] || path[size] == '/') ? path + size : NULL;
}

/* The filter's path may be given without the first slash, and with others at its end. */
static bool is_in_cgroup(const char *path, const char *cgroup)
{
	size_t size;

	path += strspn(path, "/");
	cgroup += strspn(cgroup, "/");
	size = strlen(cgroup);
	while (size && cgroup[size - 1] == '/')
		size--;
	return !strncmp(path, cgroup, size) && (!size || !path[size] || path[size] == '/');
}

static bool cgroup_passes(const struct filter *filter, const char *path)
{
	unsigned int i;

	path = path_here(filter, path);
	for (i = 0; path && i < filter->n_cgroups; i++)
		if (filter->cgroup_paths[i] && is_in_cgroup(path, filter->cgroup_paths[i]))
			return true;
	return !filter->n_cgroups;
}

static bool process_passes(const struct filter *filter, const struct process *owner)
{
	if (!filter->n_pids && !filter->comm[0])
		return true;
	if (!owner->start_ns || (filter->comm[0] && strncmp(filter->comm, owner->comm, COMM_BYTES)))
		return false;
	return filter_wants_process(filter, owner);
}

static bool remote_passes(const struct filter *filter, const struct endpoint *endpoint)
{
	struct address remote = address_from_mapped(endpoint->remote_addr);

	if ((filter->ipv4_only && remote.family != AF_INET) || (filter->ipv6_only && remote.family != AF_INET6))
		return false;
	if (filter->n_remote_ports && !is_u16_member(filter->remote_ports, filter->n_remote_ports, endpoint->remote_port))
		return false;
	if (!filter->has_remote)
		return true;
	return endpoint->remote_port && prefix_contains(&filter->remote, &remote) &&
	       (!filter->remote_port || filter->remote_port == endpoint->remote_port);
}

bool event_ends_pass(const struct filter *filter, const struct event *event)
{
	const struct endpoint *endpoint = &event->record.endpoint;

	if (filter->n_netns && !is_u32_member(filter->netns, filter->n_netns, endpoint->netns))
		return false;
	if (filter->n_local_ports && !is_u16_member(filter->local_ports, filter->n_local_ports, endpoint->local_port))
		return false;
	return remote_passes(filter, endpoint);
}

bool event_passes(const struct filter *filter, const struct event *event)
{
	return event_ends_pass(filter, event) && process_passes(filter, &event->record.owner) &&
	       cgroup_passes(filter, event->cgroup) && names_decide(filter, event->cgroup, event->container) == NAMES_PASS;
}

static bool is_cgroup_of(const struct filter *filter, uint64_t id)
{
	unsigned int i;

	for (i = 0; id && i < filter->n_cgroups; i++)
		if (filter->cgroup_ids[i] == id)
			return true;
	return false;
}

static bool is_root_open(const struct filter *filter)
{
	return filter->cgroup_root && filter->cgroup_root->is_open;
}

enum name_verdict process_decide(const struct filter *filter, const struct process *process, const char *cgroup,
				 const struct container *container)
{
	if (!process_passes(filter, process))
		return NAMES_REJECT;
	if (!is_cgroup_of(filter, process->cgroup_id) && !cgroup_passes(filter, cgroup))
		return cgroup && !is_root_open(filter) ? NAMES_REJECT : NAMES_MISSING;
	return names_decide(filter, cgroup, container);
}

bool event_has_state(const struct event *event, uint32_t states)
{
	return event->record.type == RECORD_CONNECT_FAILED || event->record.type == RECORD_ACCEPTED || event_concerns(event, states);
}
