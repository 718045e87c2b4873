/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The filters once more, over events: a recording is filtered here as the kernel side filters a live run. */
#ifndef TCPDWELL_FILTER_EVENT_FILTER_H
#define TCPDWELL_FILTER_EVENT_FILTER_H

#include <stdbool.h>

#include "event/event.h"
#include "filter/filter.h"
#include "filter/name_filter.h"

/*
 * Does the event pass all filters but --state? Processes and names are the owner's; cgroups are compared as paths
 * (filter->cgroup_paths) with that of the event.
 */
bool event_passes(const struct filter *filter, const struct event *event);

/* The filters on a connection's ends alone: namespace, addresses, ports, family. */
bool event_ends_pass(const struct filter *filter, const struct event *event);

/*
 * The filters on processes alone: -p, --comm, -c, --container and its like. start_ns 0: no process is known, only perhaps its
 * cgroup. NAMES_MISSING: it may pass when path or names of the cgroup are known.
 */
enum name_verdict process_decide(const struct filter *filter, const struct process *process, const char *cgroup,
				 const struct container *container);

/* Is one of its states in the mask (bit (1 << state))? A failed connect always is. */
bool event_has_state(const struct event *event, uint32_t states);

#endif
