/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What tcpdwell says would help, carried out: as many ports come of it as it said. */
#ifndef TESTS_PORTS_REMEDIES_H
#define TESTS_PORTS_REMEDIES_H

#include "tool.h"
#include "world.h"

void remedy_reserved(struct world *world, const struct tool_options *tcpdwell);
void remedy_range(struct world *world, const struct tool_options *tcpdwell);
void remedy_range_to_the_end(struct world *world, const struct tool_options *tcpdwell); /* takes all of 55,283: for minutes */
void remedy_second_address(struct world *world, const struct tool_options *tcpdwell);
void remedy_no_port(struct world *world, const struct tool_options *tcpdwell);
void remedy_reuse(struct world *world, const struct tool_options *tcpdwell);

#endif
