/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The object between open and load: what a command, this kernel and this machine need of it. */
#ifndef TCPDWELL_ATTACH_TUNE_H
#define TCPDWELL_ATTACH_TUNE_H

#include "attach/tracer.h"

/* Chooses programs, sizes and constants. Tables have room for what is there now. */
void tune(struct tracer *tracer, const struct tracer_config *config);

/* After that: tables of the size that an idle machine's have. */
void tune_for_idle(struct tracer *tracer, const struct tracer_config *config);

#endif
