/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writing to a descriptor to the end, whatever it is: a file, a pipe whose reader is slow, a terminal that was stopped. */
#ifndef TCPDWELL_UTIL_DESCRIPTOR_H
#define TCPDWELL_UTIL_DESCRIPTOR_H

#include <stddef.h>

/*
 * Writes all of it, waiting as long as it takes; *written counts what went out, in any case. 0 or negative errno: -EPIPE the
 * reader has gone, -ECANCELED the run was asked to end meanwhile and nobody took more in the time that was left for it.
 */
int descriptor_write(int fd, const void *data, size_t size, size_t *written);

/* A file in memory, which nobody executes. A descriptor that exec() closes, or negative errno. */
int descriptor_in_memory(const char *name);

/*
 * Standard input, output and error that were closed by whoever started us become descriptors that refuse everything, so that no
 * file that we open takes their number. First thing in main().
 */
void descriptors_occupy_standard(void);

#endif
