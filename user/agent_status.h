/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcpdwell agent status: what a history holds, in sentences. */
#ifndef TCPDWELL_AGENT_STATUS_H
#define TCPDWELL_AGENT_STATUS_H

/* Returns the exit code. */
int agent_status_show(const char *folder);

#endif
