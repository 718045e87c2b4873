/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is tested beside the lives, each with its own runs of tcpdwell. They report their own results. */
#ifndef SCENARIOS_SUITES_H
#define SCENARIOS_SUITES_H

#include "tool.h"

/* Each filter alone over the same small mix of traffic: all matching lines and no other. */
void suite_filter(const struct tool_config *config);
/* Wrong input, missing privileges, closed pipes, full disks. */
void suite_input(const struct tool_config *config);
/* How long connections wait for accept(). */
void suite_accept(const struct tool_config *config);
/* Events of softirqs that interrupt a task in an event of its own. */
void suite_nested(const struct tool_config *config);
/* How long a line waits before it can be read. */
void suite_latency(const struct tool_config *config);
/* `connections` as fast as one client can, counts exact. */
void suite_load(const struct tool_config *config, int connections);
/* More sockets at once than there are slots for. */
void suite_crowd(const struct tool_config *config);

#endif
