/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where a run on this machine gets its events from: the kernel side, or with --no-bpf from polling. */
#ifndef TCPDWELL_SOURCE_H
#define TCPDWELL_SOURCE_H

#include "run/run.h"

/* live_run() or polling_run(), as the options say. */
run_source source_run;

#endif
