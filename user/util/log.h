/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages for the user, one line each on standard error, prefixed "tcpdwell: ". Modules return errors,
 * commands log them. A message is one write, so that lines of several processes don't mix.
 */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include <stdarg.h>

/* How many -v were given. 0: errors and warnings; 1: log_info too; 2: log_debug too; -1: errors only. */
void log_set_verbosity(int verbosity);
int log_verbosity(void);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* `level` is 0 error, 1 warning, 2 info, 3 debug: for messages that come from a library. */
void log_message(int level, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

#endif
