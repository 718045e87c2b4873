/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The filter as the kernel side has it: flags in bpf/config.bpf.h, members in the sets of bpf/maps.bpf.h. */
#ifndef TCPDWELL_ATTACH_FILTER_SETS_H
#define TCPDWELL_ATTACH_FILTER_SETS_H

#include "attach/tracer.h"
#include "filter/filter.h"

/* Constants and the sets' sizes, before loading. */
void filter_sets_tune(struct tcpdwell *skeleton, const struct filter *filter);

/* The sets' members, before anything is attached. 0 or negative errno. */
int filter_sets_fill(struct tracer *tracer, const struct filter *filter);

#endif
