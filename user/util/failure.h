/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The sentence that goes with an error code, handed up to the command that shows it. */
#ifndef UTIL_FAILURE_H
#define UTIL_FAILURE_H

#include <stddef.h>

/* Write the sentence, cut to `size`, and return -EINVAL. error may be NULL when size is 0. */
int fail(char *error, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Put the option's name before what is already in `error`: "-p: …". Returns `result`. */
int fail_prefix(char *error, size_t size, const char *option, int result);

#endif
