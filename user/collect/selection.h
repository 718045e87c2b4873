/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The process filters, where the kernel side left them open: the owner was not known there, or the names of its cgroup. Names
 * may come a moment after a container's first connection, so its records are kept until they do.
 */
#ifndef TCPDWELL_COLLECT_SELECTION_H
#define TCPDWELL_COLLECT_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

struct cgroup_names;
struct filter;
struct pod_names;
struct selection;
struct tracer;

/* NULL: no memory. All stay the caller's. */
struct selection *selection_new(const struct filter *filter, struct cgroup_names *cgroups, struct pod_names *pods,
				const struct tracer *tracer);
void selection_free(struct selection *selection);

/* Does a record with FLAG_SELECTION_OPEN pass? False also where that is not known yet: selection_next() gives it back then. */
bool selection_passes(struct selection *selection, const struct transition *record);

/*
 * The next record that was kept and passes by now; false when there is none. `last`: the run is over, what is not decided
 * does not pass.
 */
bool selection_next(struct selection *selection, uint64_t now_ns, bool last, struct transition *record);

/* How many cgroups passed only after records of theirs were dropped: what is there of theirs is to be told anew. */
uint64_t selection_revised(const struct selection *selection);

/* Are there records that wait? */
bool selection_waits(const struct selection *selection);

/*
 * Once the processes of the machine were listed. Warns of values that mean nothing yet; -EINVAL, with a sentence, for the
 * begin of several containers' ids.
 */
int selection_check(struct selection *selection, char *error, size_t error_size);

#endif
