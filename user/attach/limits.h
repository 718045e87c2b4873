/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Limits of this process that keep a start from succeeding. The errors that they cause name something else: what is asked of the
 * kernel to learn what it can do fails as well.
 */
#ifndef TCPDWELL_ATTACH_LIMITS_H
#define TCPDWELL_ATTACH_LIMITS_H

#include <stddef.h>

/* As far as we may: locked memory, which maps count as before Linux 5.11, and open files. */
void limits_raise(void);

/* 0, or -EMFILE with a sentence: fewer files may be open than a start needs. */
int limits_check(char *error, size_t error_size);

/* Behind the sentence of a failure that a limit of memory can have caused: says so. */
void limits_explain(int err, char *error, size_t error_size);

/* "out of memory", and the limit that may be why. */
void limits_out_of_memory(char *error, size_t error_size);

#endif
