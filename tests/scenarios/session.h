/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A session: many lives at once under one tcpdwell, so that their 60 s of TIME_WAIT pass together; then the
 * assertions life by life, and on the summary.
 */
#ifndef SCENARIOS_SESSION_H
#define SCENARIOS_SESSION_H

#include "life.h"
#include "tool.h"

/*
 * Runs and reports, what the summary line says under NAME; returns how many were not ok. config NULL: a dry
 * run, which asserts the kernel's own account only. tcpdwell takes 64 namespaces, so more lives become
 * several sessions side by side, each in a process of its own.
 */
int session_run(const char *name, const struct life *const *lives, int count,
		const struct tool_config *config);

#endif
