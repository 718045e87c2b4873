/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The times of --since, --until and --at, as report and bundle take them. */
#ifndef TCPDWELL_OPTION_TIME_H
#define TCPDWELL_OPTION_TIME_H

#include <stdint.h>

/* `text` NULL: not given, *unix_ns stays. 0, or -EINVAL, which was told. Of which day a time is that is still to come today is told too. */
int option_time(const char *option, const char *text, uint64_t now_unix_ns, uint64_t *unix_ns);

#endif
