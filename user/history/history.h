/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The history of a machine in a folder, within a budget of bytes:
 *
 *   intervals.db           counts and histograms of each process × remote service, each 10 s, minute, hour (history/schema.h)
 *   events/tcpdwell-….rec  the newest events, in the format of `record`, in files that can be read alone
 *                          those with mode 0400 are kept longer: something failed then
 *   intervals-….db         a database that was damaged, or made by another version, and was set aside
 *
 * Whatever happened to these files, a run goes on with what can be read, begins anew what can't, and says so.
 */
#ifndef TCPDWELL_HISTORY_HISTORY_H
#define TCPDWELL_HISTORY_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "event/event.h"
#include "source/run.h"

struct history_config {
	const char *folder; /* made if it is not there */
	uint64_t budget; /* bytes; at least BUDGET_MIN */
	uint32_t max_event_rate; /* a second; 0 = no limit */
	struct model *books; /* as in struct recording_config; NULL: it follows itself what is there */
};

/* Opens all that it will need. 0, or negative errno with a sentence: -EBUSY where another run writes there. */
int history_view_new(struct view **ret, const struct history_config *config, char *error, size_t error_size);

/* Accepts NULL. */
void history_view_free(struct view *view);

/* What it needs of its source: everything. */
void history_view_needs(struct run_needs *needs);

/* For metrics. */
struct history_state {
	uint64_t budget_bytes, used_bytes, events_bytes, intervals_bytes;
	uint64_t events_withheld; /* there was no room, or there were too many a second */
	uint64_t intervals_lost; /* could not be written */
	uint64_t set_aside; /* databases that could not be read */
	bool suspended; /* events can't be written at the moment */
};

struct history_state history_view_state(const struct view *view);

/* The events of now are kept longer than others, within a third of the share of events. For the next minutes too. */
void history_view_keep(struct view *view);

/* A finding came, goes on or ended. */
int64_t history_view_finding_begins(struct view *view, uint64_t unix_ns, const char *code, const char *severity, const char *text);
void history_view_finding_worsens(struct view *view, int64_t id, const char *severity, const char *text);
void history_view_finding_goes_on(struct view *view, int64_t id, uint64_t unix_ns, uint64_t count, bool ended);

#endif
