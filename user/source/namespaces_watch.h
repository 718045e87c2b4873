/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keeps the view informed of what network namespaces count and of their settings: each is entered for a moment and its /proc read,
 * once a second, or less often where that would take more than a hundredth of a processor. Only what changed is told; counters that
 * grow on every machine are told every few seconds.
 */
#ifndef TCPDWELL_SOURCE_NAMESPACES_WATCH_H
#define TCPDWELL_SOURCE_NAMESPACES_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"
#include "filter/filter.h"

struct namespaces_watch;

struct namespaces_watch_config {
	const struct filter *filter; /* stays the caller's */
	bool enters; /* other namespaces than our own too, as far as filters want them */
	bool settings; /* else they are NS_NOT_LOOKED */
	void (*tell)(void *context, struct event *event); /* gets events of RECORD_NAMESPACE; UTC is not filled in */
	void (*between)(void *context); /* called after each namespace, in our own: a look at many takes its time. NULL: not */
	void *context;
	unsigned int patience, calm_s; /* as in struct run_options; where calm_s is more than 1, what is no sign of trouble is told each minute */
};

/* NULL: no memory. */
struct namespaces_watch *namespaces_watch_new(const struct namespaces_watch_config *config);
void namespaces_watch_free(struct namespaces_watch *watch);

/* Looks where it is time to. `last`: the run ends, look everywhere. 0, or negative errno: we could not come back to our own. */
int namespaces_watch_look(struct namespaces_watch *watch, uint64_t now_ns, bool last);

#endif
