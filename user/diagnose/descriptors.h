/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a process does that has no descriptor left looks like other things: it accepts nothing, resets, fails. Pure. */
#ifndef TCPDWELL_DIAGNOSE_DESCRIPTORS_H
#define TCPDWELL_DIAGNOSE_DESCRIPTORS_H

#include "diagnose/scene.h"

/* Has it no descriptor left, so that it gets "Too many open files"? False where it is not known. */
bool descriptors_have_run_out(const struct scene *scene, const struct process *process);

/* The first thing to change where they have run out; `process` NULL: not known, and nothing is said. With its evidence. */
void descriptors_change(struct finding *finding, const struct scene *scene, const struct process *process);

#endif
