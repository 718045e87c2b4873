/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel counts in the network namespace of the calling thread, and how it is set: from /proc, which shows each thread its
 * own namespace's.
 */
#ifndef TCPDWELL_ATTRIBUTE_NAMESPACE_READ_H
#define TCPDWELL_ATTRIBUTE_NAMESPACE_READ_H

#include "event/namespace_facts.h"

/* Each fills in its part of the facts, all of it: what can't be read has its reason. `proc` NULL: /proc. */
void namespace_read_counts(struct namespace_facts *facts, const char *proc);
void namespace_read_settings(struct namespace_facts *facts, const char *proc);

/* Of a namespace that can't be entered: everything has that reason (enum namespace_known). */
void namespace_not_read(struct namespace_facts *facts, unsigned int reason);

/* Settings that are the machine's: the kernel shows them in its first namespace alone. */
bool namespace_setting_is_of_machine(unsigned int setting);

#endif
