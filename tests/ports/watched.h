/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Experiments that tcpdwell watches: what it says afterwards is compared with what was done. */
#ifndef TESTS_PORTS_WATCHED_H
#define TESTS_PORTS_WATCHED_H

#include "tool.h"
#include "world.h"

/* bind() fails for each of the reasons for which it may. */
void watched_binds(struct world *world, const struct tool_options *tcpdwell);

/* Others have all ports, some since before tcpdwell began, some not any more; connect() fails. */
void watched_holders(struct world *world, const struct tool_options *tcpdwell);

/* An administrator changes the namespace's ports meanwhile, and programs bind some. */
void watched_changes(struct world *world, const struct tool_options *tcpdwell);

#endif
