/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The way to what is written, by descriptors: whatever is renamed or replaced meanwhile, what was looked at is what is opened. Of a
 * symbolic link on it its owner counts: he has chosen what it leads to. The kernel itself sees to that where fs.protected_symlinks is
 * set, but not everywhere it is. openat2() can't: it follows all links or none (and came with Linux 5.6).
 */
#ifndef UTIL_LINKS_H
#define UTIL_LINKS_H

#include <limits.h>
#include <stdbool.h>

/* Where a path ends. */
struct links_end {
	int folder; /* O_PATH; the caller's */
	char name[NAME_MAX + 1]; /* in that folder, whether it is there or not; ".": the folder itself */
	int flags; /* for openat() of the two: O_NOFOLLOW, but for a link of /proc, which the kernel alone can follow, and nobody replaces */
	bool has_slash; /* the path has one at its end, and nothing of that name is there: it can only be made as a folder */
	bool is_by_link; /* the path itself is a link, and was followed */
};

/*
 * `follows`: also where the path itself is a link. 0, then the caller closes end->folder. -ELOOP: the path itself is a link that belongs
 * to neither the superuser nor us, or one on the way is and lies in a folder in which everyone may make some, such as /tmp; the same of
 * where links lead. Or negative errno.
 */
int links_walk(struct links_end *end, const char *path, bool follows);

/* The folder that a path leads to, for looking up what is in it (O_PATH). A descriptor or negative errno. */
int links_open_folder(const char *path, bool follows);

#endif
