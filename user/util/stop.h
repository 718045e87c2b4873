/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a run is asked to end: SIGINT, SIGTERM. */
#ifndef TCPDWELL_UTIL_STOP_H
#define TCPDWELL_UTIL_STOP_H

#include <stdbool.h>

/* From now on these signals end a wait and are remembered; SIGPIPE does nothing. */
void stop_catch_signals(void);
bool stop_is_requested(void);

#endif
