// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the filter means in the kernel: constants, and sets with their members. */
#include "attach/filter_sets.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "abi.h"
#include "filter/name_filter.h"
#include "tcpdwell.skel.h"

/* A set that is not used takes no room. --remote may bring one port more. */
static void tune_sizes(struct tcpdwell *skeleton, const struct filter *filter)
{
	bpf_map__set_max_entries(skeleton->maps.filter_netns_set, filter->n_netns ?: 1);
	bpf_map__set_max_entries(skeleton->maps.filter_pid_set, filter->n_pids ?: 1);
	bpf_map__set_max_entries(skeleton->maps.filter_cgroup_set, filter->n_cgroups ?: 1);
	bpf_map__set_max_entries(skeleton->maps.filter_local_port_set, filter->n_local_ports ?: 1);
	bpf_map__set_max_entries(skeleton->maps.filter_remote_port_set, filter->n_remote_ports + 1);
}

void filter_sets_tune(struct tcpdwell *skeleton, const struct filter *filter)
{
	uint8_t bytes[16], mask[16];

	tune_sizes(skeleton, filter);
	skeleton->rodata->filter_netns = filter->n_netns > 0;
	skeleton->rodata->filter_netns_single = filter->n_netns == 1 ? filter->netns[0] : 0;
	skeleton->rodata->filter_pids = filter->n_pids > 0;
	skeleton->rodata->filter_cgroups = filter->n_cgroups > 0;
	skeleton->rodata->filter_names = filter_has_names(filter);
	skeleton->rodata->filter_local_ports = filter->n_local_ports > 0;
	skeleton->rodata->filter_remote_ports = filter->n_remote_ports > 0 || filter->remote_port;
	skeleton->rodata->filter_ipv4 = filter->ipv4_only;
	skeleton->rodata->filter_ipv6 = filter->ipv6_only;
	skeleton->rodata->filter_comm = filter->comm[0] != '\0';
	memcpy((char *)skeleton->rodata->filter_comm_name, filter->comm, COMM_BYTES);
	if (!filter->has_remote || !filter->remote.address.family)
		return;
	prefix_to_mapped(&filter->remote, bytes, mask);
	skeleton->rodata->filter_remote_addr = true;
	memcpy((void *)skeleton->rodata->filter_remote_bytes, bytes, sizeof(bytes));
	memcpy((void *)skeleton->rodata->filter_remote_mask, mask, sizeof(mask));
}

static int set_add(const struct bpf_map *map, const void *key)
{
	const uint8_t present = 1;

	return bpf_map_update_elem(bpf_map__fd(map), key, &present, BPF_ANY) ? -errno : 0;
}

static int ports_add(const struct bpf_map *map, const uint16_t *ports, unsigned int count)
{
	unsigned int i;
	uint32_t key;
	int err = 0;

	for (i = 0; i < count && !err; i++) {
		key = ports[i];
		err = set_add(map, &key);
	}
	return err;
}

/* Where the kernel side does not see cookies, none is the right one. */
static int fill_namespaces(struct tracer *tracer, const struct filter *filter)
{
	int err = 0, fd = bpf_map__fd(tracer->skeleton->maps.filter_netns_set);
	unsigned int i;

	for (i = 0; i < filter->n_netns && !err; i++) {
		uint64_t cookie = tracer->kernel.has_netns_cookies ? filter->netns_cookies[i] : 0;

		err = bpf_map_update_elem(fd, &filter->netns[i], &cookie, BPF_ANY);
		if (filter->n_netns == 1)
			tracer->skeleton->bss->filter_netns_cookie = cookie;
	}
	return err;
}

int filter_sets_fill(struct tracer *tracer, const struct filter *filter)
{
	struct tcpdwell *skeleton = tracer->skeleton;
	unsigned int i;
	int err = fill_namespaces(tracer, filter);

	for (i = 0; i < filter->n_pids && !err; i++)
		err = bpf_map_update_elem(bpf_map__fd(skeleton->maps.filter_pid_set), &filter->pids[i], &filter->pid_starts[i],
					  BPF_ANY);
	for (i = 0; i < filter->n_cgroups && !err; i++)
		err = set_add(skeleton->maps.filter_cgroup_set, &filter->cgroup_ids[i]);
	if (!err)
		err = ports_add(skeleton->maps.filter_local_port_set, filter->local_ports, filter->n_local_ports);
	if (!err)
		err = ports_add(skeleton->maps.filter_remote_port_set, filter->remote_ports, filter->n_remote_ports);
	if (!err && filter->remote_port)
		err = ports_add(skeleton->maps.filter_remote_port_set, &filter->remote_port, 1);
	return err;
}
