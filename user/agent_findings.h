/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The agent's findings: the rules of diagnose beside its other views, and what they tell goes into the history. */
#ifndef TCPDWELL_AGENT_FINDINGS_H
#define TCPDWELL_AGENT_FINDINGS_H

#include "diagnose/diagnosis.h"
#include "filter/filter.h"
#include "source/run.h"

/*
 * `history` is a view of history/history.h, and the caller's as the filter is. `shared`: the rules that another view runs, which
 * gets each tick before this one and lives as long; NULL: the view runs its own. NULL: no memory.
 */
struct view *agent_findings_new(struct view *history, const struct filter *filter, const struct diagnosis *shared);

/* Accepts NULL. */
void agent_findings_free(struct view *view);

void agent_findings_needs(struct run_needs *needs, bool shared);

#endif
