/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The result lines: ok NAME, not ok NAME: reason, skip NAME: reason. */
#ifndef SCENARIOS_REPORT_H
#define SCENARIOS_REPORT_H

#include <stdbool.h>

void report_ok(const char *name);
void report_not_ok(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
void report_skip(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* ok when there is no reason against it. */
void report_result(const char *name, bool good, const char *reason);
/* ok SUITE/NAME when both are the same. */
void report_equal(const char *suite, const char *name, long have, long want);
/* How many were not ok. */
int report_failures(void);

#endif
