/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A live run: kernel records -> completed, healed, counted events -> a view. */
#ifndef TCPDWELL_COLLECT_LIVE_H
#define TCPDWELL_COLLECT_LIVE_H

#include "source/run.h"

/* The source that traces this machine. -EINTR, without a reason: asked to end before it began. */
run_source live_run;

#endif
