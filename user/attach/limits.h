/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Limits of this process that keep a start from succeeding. The errors that they cause name something else: what is asked of the
 * kernel to learn what it can do fails as well.
 */
#ifndef TCPDWELL_ATTACH_LIMITS_H
#define TCPDWELL_ATTACH_LIMITS_H

#include <stddef.h>

/* tests/faults/start_test.sh counts them. */
enum limits_files {
	FILES_OF_ANY_COMMAND = 24, /* what it writes, a history, the server of metrics, and what is open for a moment */
	FILES_OF_TRACING = 64, /* on top of what a command has open by then: programs, maps, links */
};

/* As far as we may: locked memory, which maps count as before Linux 5.11. Before anything is loaded. */
void limits_raise_memory(void);

/* As far as we may. First thing of each command. */
void limits_raise_files(void);
void limits_raise_stack(void);

/* 0, or -ENOMEM with a sentence: who has less is killed somewhere within a library, without a word. */
int limits_check_stack(char *error, size_t error_size);

/*
 * 0, or -EMFILE with a sentence: fewer than `needed` files more may be open. It is asked before there is need: many of the files that
 * can't be opened then are there or not as the machine is, and one that failed would be taken for one that is not there.
 */
int limits_check_files(unsigned int needed, char *error, size_t error_size);

/* Behind the sentence of a failure that a limit of memory can have caused: says so. */
void limits_explain(int err, char *error, size_t error_size);

/* "out of memory", and the limit that may be why. */
void limits_out_of_memory(char *error, size_t error_size);

#endif
