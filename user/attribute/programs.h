/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Remembers what processes run, so that each is asked once, and is known when it is gone; and how many descriptors they have, asked
 * once an interval. Bounded.
 */
#ifndef TCPDWELL_ATTRIBUTE_PROGRAMS_H
#define TCPDWELL_ATTRIBUTE_PROGRAMS_H

#include "attribute/program.h"

struct programs;

/* proc NULL: /proc. NULL: no memory. */
struct programs *programs_new(const char *proc);

/* Command lines too, which can hold secrets. */
struct programs *programs_with_cmdlines_new(const char *proc);

/* Asks nobody: it knows what it is told. Of a recording, whose processes may have ended long ago. */
struct programs *programs_told_new(void);
bool programs_are_told(const struct programs *programs);

/* As the recording has it, whoever wrote that; `program` NULL: it does not. Without memory less is known. */
void programs_learn(struct programs *programs, const struct process *process, const char *program);

/* One more who has it, and frees it. Returns it; accepts NULL. */
struct programs *programs_share(struct programs *programs);

void programs_free(struct programs *programs);

/*
 * As program_read() says; NULL where it told nothing: the process had gone before it was asked for first. Asks no more than so
 * many processes until programs_more(); others are NULL until then. Valid until the next call. Accepts `programs` NULL.
 */
#define PROGRAMS_ASKED 200
const char *programs_find(struct programs *programs, const struct process *process);
void programs_more(struct programs *programs);

/* As process_descriptors() says, no older than programs_more(). Bounded as above. */
bool programs_descriptors(struct programs *programs, const struct process *process, uint64_t *open, uint64_t *limit);

/* The command line, as cmdline_read() says, where it was asked for. NULL: not known. */
const char *programs_cmdline(struct programs *programs, const struct process *process);

#endif
