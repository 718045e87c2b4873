/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From the cgroup ids in the kernel's records to paths and containers. Ids are the inode numbers of the
 * cgroup2 hierarchy. The kernel side tells the names of most (RECORD_CGROUP); others are asked for. A name once learnt stays
 * when the cgroup is gone, until nobody has asked for it for 16 minutes since that was seen.
 */
#ifndef ATTRIBUTE_CGROUP_H
#define ATTRIBUTE_CGROUP_H

#include <stddef.h>
#include <stdint.h>

#include "attribute/container.h"

struct cgroup_names;
struct pod_names;

struct cgroup_name {
	const char *path;	    /* in the hierarchy, "/" for the root; NULL = not known */
	uint64_t version; /* another one whenever path or container are others, of whichever cgroup; 0: not known */
	struct container container; /* empty while path is NULL; with the names that are known by now */
};

/*
 * Of the first mount of a hierarchy what part of it is mounted, or where: of cgroup2, or of the version 1 that has this controller.
 * 0, -ENOENT when it is not mounted, or another error of reading.
 */
enum cgroup_mount_field { CGROUP_MOUNT_ROOT = 3, CGROUP_MOUNT_POINT = 4 };
int cgroup_mount_read(const char *mountinfo, const char *controller, enum cgroup_mount_field which, char *out, size_t size);

/*
 * Where cgroup2 is mounted, from a mountinfo file (NULL: /proc/self/mountinfo): /sys/fs/cgroup, or
 * /sys/fs/cgroup/unified on hybrid hosts. 0, -ENOENT when it is not mounted, or another error of reading.
 */
int cgroup_mount_find(const char *mountinfo, char *out, size_t size);

/* Is the whole hierarchy mounted, and are we outside of a cgroup namespace? If not, paths below the mount lack their begin. */
bool cgroup_paths_are_whole(void);

/* The id of the cgroup that is a directory. 0 or a negative errno. */
int cgroup_id_of(const char *directory, uint64_t *id);

/*
 * `mount` NULL: found by itself; not mounted, or where paths below it are not whole: lookups then only know what was
 * learnt. `pods`, NULL or the caller's, has Kubernetes' names. NULL: no memory.
 */
struct cgroup_names *cgroup_names_new(const char *mount, struct pod_names *pods);
void cgroup_names_free(struct cgroup_names *names);

/*
 * Never NULL; valid until the next call with the same `names`. Asks the kernel for an id it has not met; that it
 * was not found is remembered for a second. `now_ns` is any monotonic clock. id 0 is not known.
 */
const struct cgroup_name *cgroup_names_lookup(struct cgroup_names *names, uint64_t id, uint64_t now_ns);

/* A path learnt elsewhere. 0 or -ENOMEM; keeps what is known already. */
int cgroup_names_learn(struct cgroup_names *names, uint64_t id, const char *path);

/*
 * The same from the kernel's words: the names of the cgroup, its parent, … up to below the root, each with its NUL, `size`
 * bytes in all. -EINVAL: they are not whole.
 */
int cgroup_names_learn_upwards(struct cgroup_names *names, uint64_t id, const char *components, size_t size);

/* Is it the other, or below it, as far as their names are known? */
bool cgroup_names_is_below(struct cgroup_names *names, uint64_t id, uint64_t other, uint64_t now_ns);

/* Each name that is known, in the order of learning, while no other is learnt: *cursor NULL begins; NULL after the last. */
const struct cgroup_name *cgroup_names_next(struct cgroup_names *names, const void **cursor);

#endif
