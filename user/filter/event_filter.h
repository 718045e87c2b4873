/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The filters once more, over events: a recording is filtered here as the kernel side filters a live run. */
#ifndef TCPDWELL_FILTER_EVENT_FILTER_H
#define TCPDWELL_FILTER_EVENT_FILTER_H

#include <stdbool.h>

#include "event/event.h"
#include "filter/filter.h"

/*
 * Does the event pass all filters but --state? Processes and names are the owner's; cgroups are compared as paths
 * (filter->cgroup_paths) with that of the event.
 */
bool event_passes(const struct filter *filter, const struct event *event);

/* Is one of its states in the mask (bit (1 << state))? A failed connect always is. */
bool event_has_state(const struct event *event, uint32_t states);

#endif
