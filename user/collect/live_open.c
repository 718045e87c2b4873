// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a run needs is made and given back. */
#include "collect/live_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attach/limits.h"
#include "attach/privileges.h"
#include "attach/tracer.h"
#include "attribute/cgroup.h"
#include "attribute/pod_names.h"
#include "collect/holders.h"
#include "collect/owner.h"
#include "collect/ports.h"
#include "collect/present.h"
#include "collect/ring.h"
#include "collect/selection.h"
#include "collect/snapshot.h"
#include "source/holders_check.h"
#include "source/namespaces_watch.h"
#include "util/log.h"

/* Namespaces that were asked for are of interest before anything happens in them. */
static int watch_ports(struct live *live, const struct filter *filter)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < filter->n_netns && !err; i++)
		err = port_watch_note(live->ports, filter->netns[i]);
	return err;
}

static void drain_between(void *context)
{
	struct live *live = context;

	ring_drain(live->ring);
}

static int ring_open(struct live *live, int wake_fd, char *error, size_t error_size)
{
	int err;

	live->ring = ring_new(tracer_ring_fd(live->tracer), wake_fd, live_on_record, live);
	if (live->ring)
		return 0;
	err = -errno;
	snprintf(error, error_size, "the ring buffer can't be mapped: %s", strerror(-err));
	limits_explain(err, error, error_size);
	return err;
}

/* A run that looks at our own network namespace alone need not enter others. */
static bool enters_namespaces(const struct filter *filter)
{
	uint32_t own = 0;

	netns_inode_of("/proc/self/ns/net", &own);
	return filter->n_netns != 1 || filter->netns[0] != own;
}

static struct namespaces_watch *namespaces_new(struct live *live, bool settings)
{
	struct namespaces_watch_config config = {
		.filter = &live->options->filter,
		.enters = enters_namespaces(&live->options->filter),
		.settings = settings,
		.tell = live_deliver_namespace,
		.between = drain_between,
		.context = live,
		.patience = live->options->patience,
		.calm_s = live->options->calm_s,
	};

	return namespaces_watch_new(&config);
}

/* `all`: of all sockets; else of listening ones. */
static struct present_watch *present_new(struct live *live, bool all)
{
	const struct present_watch_config config = {
		.tracer = live->tracer,
		.owners = live->owners,
		.listeners_only = !all,
		.tell = live_deliver_present,
		.context = live,
		.patience = live->options->patience,
		.calm_s = live->options->calm_s,
	};

	return present_watch_new(&config);
}

int live_open(struct live *live, const struct run_needs *needs, char *error, size_t error_size)
{
	const struct run_options *options = live->options;
	const bool looks = needs->present || needs->listeners;
	struct filter filter = options->filter;
	struct tracer_config config = {
		.filter = &filter,
		.emit_states = needs->emit_states,
		.track_all = needs->track_all,
		.local_ports = needs->local_ports,
		.holder_states = holders_check_states(needs->present ? ~0U : needs->holder_states),
		.port_search = needs->port_search,
		.accepts = needs->accepts,
		.bind_failures = needs->bind_failures,
		.ports = needs->ports,
		.present = needs->present,
		.listeners = needs->listeners,
		.hooks = options->hooks,
		.max_sockets = options->max_sockets,
		.ring_bytes = options->ring_bytes,
	};
	int err;

	if (needs->filters_processes)
		filter_drop_processes(&filter);
	err = tracer_new(&live->tracer, &config, error, error_size);
	if (err)
		return err;
	if (options->filter.netns_by_default && !options->for_programs)
		log_warn("only our own network namespace is shown, since we are in a container; -n all shows every one");
	live->snapshot = snapshot_new(live->tracer, drain_between, live);
	if (live->snapshot && options->patience > 1)
		snapshot_be_patient(live->snapshot, options->patience);
	live->owners = owner_finder_new(live->tracer, live->snapshot);
	live->holders = holders_new(live->tracer, live->snapshot, needs->holder_states, looks, live_deliver_holder, live, options->patience);
	live->pods = pod_names_new(live_log_directory(options));
	live->cgroups = cgroup_names_new(NULL, live->pods);
	if (options->filter.cgroup_root)
		cgroup_root_begin(options->filter.cgroup_root);
	live->selection = selection_new(&options->filter, live->cgroups, live->pods, live->tracer);
	live->present = looks ? present_new(live, needs->present) : NULL;
	live->selects = filter_has_processes(&options->filter) && !needs->filters_processes;
	live->namespaces = needs->namespaces ? namespaces_new(live, needs->namespace_settings) : NULL;
	if ((looks && !live->present) || (needs->namespaces && !live->namespaces))
		return -ENOMEM;
	live->ports = needs->ports ? port_watch_new(live->tracer, live_deliver_ports, live, options->patience) : NULL;
	if (needs->ports && (!live->ports || watch_ports(live, &options->filter)))
		return -ENOMEM;
	if (!live->snapshot || !live->owners || !live->holders || !live->pods || !live->cgroups || !live->selection)
		return -ENOMEM;
	return ring_open(live, needs->wake_fd, error, error_size);
}

void live_drop_privileges(const struct live *live, const struct run_needs *needs)
{
	privileges_drop(PRIVILEGE_BPF | (needs->writes_files ? PRIVILEGE_FILES : 0) | (needs->renames_files ? PRIVILEGE_RENAME : 0) |
			(live->options->log_directory ? PRIVILEGE_PATHS : 0) |
			(enters_namespaces(&live->options->filter) ? PRIVILEGE_NAMESPACES : 0),
			needs->removes_in);
}

void live_close(struct live *live)
{
	ring_free(live->ring);
	selection_free(live->selection);
	cgroup_names_free(live->cgroups);
	pod_names_free(live->pods);
	port_watch_free(live->ports);
	present_watch_free(live->present);
	namespaces_watch_free(live->namespaces);
	holders_free(live->holders);
	owner_finder_free(live->owners);
	snapshot_free(live->snapshot);
	tracer_free(live->tracer);
}
