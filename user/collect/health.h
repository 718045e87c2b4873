/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads what the kernel side counted, and what the kernel counted about our programs. */
#ifndef TCPDWELL_COLLECT_HEALTH_H
#define TCPDWELL_COLLECT_HEALTH_H

struct health;
struct tracer;

/* Updates what the kernel side knows: all but healed and unknown. */
void health_read(struct health *health, const struct tracer *tracer);

#endif
