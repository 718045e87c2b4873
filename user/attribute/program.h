/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a process runs, from its command line: ten processes called python3 are ten programs. And how many descriptors it has
 * and may have.
 */
#ifndef TCPDWELL_ATTRIBUTE_PROGRAM_H
#define TCPDWELL_ATTRIBUTE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi.h"

#define PROGRAM_BYTES 128
#define CMDLINE_BYTES 256 /* 200 columns, in which a character takes more than one byte at times */

/*
 * The name of the executable, and of its script where it is an interpreter: "nginx", "python3 webapp.py", "java app.jar". Holds
 * no other argument, so that it can be stored. `arguments` are as in /proc/PID/cmdline, each with its NUL. "" where they tell
 * nothing. Safe for a terminal.
 */
void program_from_arguments(char out[PROGRAM_BYTES], const char *arguments, size_t size);

/* All arguments in one line of at most 200 columns, safe for a terminal. They can hold secrets. */
void cmdline_from_arguments(char out[CMDLINE_BYTES], const char *arguments, size_t size);

/* The same of a process that lives; "" for others, and for another process that has this pid now. proc NULL: /proc. */
void program_read(char out[PROGRAM_BYTES], const char *proc, const struct process *process);
void cmdline_read(char out[CMDLINE_BYTES], const char *proc, const struct process *process);

/*
 * Is it known to be there no more, or only for its parent to learn how it ended? False where that is not known: it is in no namespace that
 * is seen from here, or /proc hides the processes of others.
 */
bool process_has_ended(const char *proc, const struct process *process);

/* Descriptors that a process has open, and how many it may have: RLIM_INFINITY is UINT64_MAX. False where not known. */
bool process_descriptors(const char *proc, const struct process *process, uint64_t *open, uint64_t *limit);

#define DESCRIPTORS_RESERVE 2 /* as many as one accept() or connect() and a file can need at once */

/* UINT64_MAX: there is no limit. */
static inline uint64_t descriptors_left(uint64_t open, uint64_t limit)
{
	return limit == UINT64_MAX ? limit : open < limit ? limit - open : 0;
}

/* It gets "Too many open files", or will with what it opens next: everyone who says that descriptors are used up means this. */
static inline bool descriptors_are_full(uint64_t open, uint64_t limit)
{
	return descriptors_left(open, limit) <= DESCRIPTORS_RESERVE;
}

#endif
