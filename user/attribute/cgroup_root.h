/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where the cgroups that we see begin. In a cgroup namespace, or with only a part of the hierarchy mounted, paths below the mount
 * are not the kernel's whole ones. What is missing in front of them is found with the first cgroup whose whole path the
 * kernel side told and that is below the mount: the file system has the same id for it.
 */
#ifndef ATTRIBUTE_CGROUP_ROOT_H
#define ATTRIBUTE_CGROUP_ROOT_H

#include <stdbool.h>
#include <stdint.h>

struct cgroup_root {
	bool is_open;	 /* not known yet */
	char path[4096]; /* whole path of what is mounted, without a slash at its end: "" is the root itself */
};

/* Are paths below the mount whole? If not, the root is open from now on. */
void cgroup_root_begin(struct cgroup_root *root);

/* A cgroup's id and whole path. `mount` NULL: found by itself. Is the root known by it, and was not before? */
bool cgroup_root_learn(struct cgroup_root *root, const char *mount, uint64_t id, const char *path);

#endif
