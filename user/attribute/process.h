/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What /proc says of a process that lives, beside attribute/holders.h: its cgroup. */
#ifndef TCPDWELL_ATTRIBUTE_PROCESS_H
#define TCPDWELL_ATTRIBUTE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

/* /proc tells starts in ticks of 10 ms, the kernel side in ns. */
#define PROCESS_START_UNIT_NS 10000000ULL

/* The same process, told perhaps by /proc and by the kernel side? False where either is not known. */
bool process_is_same(const struct process *a, const struct process *b);

/* Have they the same name and cgroup, as those of one program have? False where either is not known. */
bool processes_are_alike(const struct process *a, const struct process *b);

/*
 * The path of its cgroup2, and the id where the hierarchy is mounted, else 0. proc and mount NULL: the usual places.
 * False when it is not known, as where our own cgroup namespace hides the begin of the path.
 */
bool process_cgroup_read(const char *proc, const char *mount, uint32_t pid, char *path, size_t size, uint64_t *id);

#endif
