/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Processes that the rules may speak of, and what the machine said of them when it was asked. */
#ifndef TCPDWELL_DIAGNOSE_ASKED_H
#define TCPDWELL_DIAGNOSE_ASKED_H

#include "diagnose/diagnosis.h"

#define ASKED_MAX 200 /* processes a run of the rules */

const struct process_facts *asked_find(const struct diagnosis *diagnosis, const struct process *process);

/* One that is going to be named: it is asked if it was not yet. NULL: there are too many. */
const struct process_facts *asked_now(struct diagnosis *diagnosis, const struct process *process);

/* Asks for all that have many sockets, or do much; what is known already is asked again after a while. */
void asked_ask(struct diagnosis *diagnosis);
void asked_release(struct diagnosis *diagnosis);

#endif
