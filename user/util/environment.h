/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the executable file has rights that its caller lacks (AT_SECURE), his environment is not trusted: libraries take names of
 * files, modules and sockets from it. The C library drops some names; of the rest only those stay that are listed here.
 */
#ifndef TCPDWELL_UTIL_ENVIRONMENT_H
#define TCPDWELL_UTIL_ENVIRONMENT_H

#include <stdbool.h>

/* Is this "NAME=value" harmless: a setting of ours, the terminal's name and size, a language, a time zone's name? */
bool environment_is_harmless(const char *setting);

/* First thing in main(). */
void environment_restrict(void);

#endif
