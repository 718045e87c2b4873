/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which events a view with such needs is told: the one rule, of a live run whose source tells more since another view asks for it, of a
 * recording that has more in it, and of a part of one.
 */
#ifndef TCPDWELL_SOURCE_WANTED_H
#define TCPDWELL_SOURCE_WANTED_H

#include "source/run.h"

struct wanted {
	uint32_t types; /* bit (1 << type): whatever their states */
	uint32_t states; /* of the others */
};

/* Everything: of who hands it on to views that are not known yet. */
struct run_needs wanted_all(void);

struct wanted wanted_by(const struct run_needs *needs);
bool wanted_has(const struct wanted *wanted, const struct event *event);

#endif
