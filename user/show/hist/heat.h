/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Histograms over time: a line an interval, a column a power of two, the shade is the count. Pure. */
#ifndef TCPDWELL_SHOW_HIST_HEAT_H
#define TCPDWELL_SHOW_HIST_HEAT_H

#include "account/group.h"
#include "util/buffer.h"

#define HEAT_HEAD_EACH 20 /* lines between heads */

/* What the columns are, and what the shades. Two lines. */
void hist_heat_head(struct buffer *out);

/* Of the sockets that left in the interval that ended at `unix_ns`. */
void hist_heat_text(struct buffer *out, uint64_t unix_ns, const struct group *group, const char *what,
		    const struct account *account);

#endif
