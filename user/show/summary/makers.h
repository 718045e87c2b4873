/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who entered a state how often: a program of which each process lives for one request would have a line for each, and the one that
 * made most would not be seen. Also of processes that were forgotten while it went on.
 */
#ifndef TCPDWELL_SHOW_SUMMARY_MAKERS_H
#define TCPDWELL_SHOW_SUMMARY_MAKERS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/output.h"

struct maker;

/* Of one state. */
struct makers {
	struct maker *by_name;
	int64_t unnamed; /* found no room */
};

/* `label`: "psql[4711]", or a name alone. One that is told of twice is two processes. `stay`: how many of its sockets are there at the end. */
void makers_add(struct makers *makers, const char *label, int64_t came, int64_t stay);

/* How often a state was entered is not how many are in it; `stay`: that is told too. */
void makers_write(const struct makers *makers, const char *state, bool stay, struct output *output);
void makers_release(struct makers *makers);

#endif
