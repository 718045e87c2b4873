/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the findings about connects that get no connection have in common. Pure. */
#ifndef TCPDWELL_DIAGNOSE_CONNECTS_H
#define TCPDWELL_DIAGNOSE_CONNECTS_H

#include "diagnose/crowds.h"

/* Does the process connect to so many ends that it is told of as a scan (TD152)? */
bool flow_is_of_scan(const struct scene *scene, const struct flow *flow);

#endif
