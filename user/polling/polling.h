/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The source that needs no privilege (--no-bpf): once a second the kernel's list of our own network namespace is read, and
 * what changed since the last look is told as events. A connection that comes and goes between two looks is never seen, a
 * state that was passed through neither. Times are those of the look; ages count from it. The owner is a process that holds
 * the descriptor, where we may look into it, and stays; nobody knows the closer, and of who closed first only what the
 * state itself tells. A connection whose local port was listened on at any look counts as accepted, another as made by
 * connect(). See run->polled.
 */
#ifndef TCPDWELL_POLLING_POLLING_H
#define TCPDWELL_POLLING_POLLING_H

#include "source/run.h"

run_source polling_run;

#endif
