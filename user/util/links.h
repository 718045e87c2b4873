/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Symbolic links on the way to what is written. Of a link its owner counts: he has chosen what it leads to. The kernel itself sees to
 * that where fs.protected_symlinks is set, but not everywhere it is.
 */
#ifndef UTIL_LINKS_H
#define UTIL_LINKS_H

#include <stdbool.h>

/*
 * False: the path itself is a link that belongs to neither the superuser nor us, or one on the way to it is and lies in a folder in
 * which everyone may make some, such as /tmp.
 */
bool links_are_trusted(const char *path);

#endif
