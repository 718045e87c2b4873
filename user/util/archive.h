/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A compressed tar archive (ustar) that is written once, from its begin to its end. */
#ifndef TCPDWELL_UTIL_ARCHIVE_H
#define TCPDWELL_UTIL_ARCHIVE_H

#include <stdint.h>

struct archive;

/*
 * Makes the file, which must not be there. It has its name once it is whole, so that whatever ends us leaves nothing; on disks without
 * such files from the begin. 0 or negative errno.
 */
int archive_new(struct archive **ret, const char *path);

/* All that is in the descriptor, from its begin, as a file of that name. 0 or negative errno, which stays. */
int archive_add(struct archive *archive, const char *name, int fd, uint64_t unix_ns);

/* Completes and closes it; where anything failed there is no file. 0 or negative errno. Accepts NULL: -EINVAL. */
int archive_finish(struct archive *archive);

/* Closes it, and there is no file. */
void archive_discard(struct archive *archive);

#endif
