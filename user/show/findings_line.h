/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A view that says nothing but, at the end, which findings apply: beside another view, as its last line. */
#ifndef TCPDWELL_SHOW_FINDINGS_LINE_H
#define TCPDWELL_SHOW_FINDINGS_LINE_H

#include "diagnose/diagnosis.h"
#include "util/output.h"

/* NULL: no memory. The output is the caller's. `partial`: of events only a part is told, see struct diagnosis_config. */
struct view *findings_line_new(const struct filter *filter, uint32_t max_sockets, bool partial, struct output *output);
void findings_line_free(struct view *view);

#endif
