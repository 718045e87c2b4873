/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the path of a cgroup tells: container, pod, its class, runtime, systemd unit. Pure: looks at nothing but the
 * text. The innermost container counts; a leading "/.." and components below the container don't matter.
 */
#ifndef ATTRIBUTE_CONTAINER_H
#define ATTRIBUTE_CONTAINER_H

#include <stdbool.h>

#include "event/container.h"

/* Fills all of `out`, without names. True when the path names a container or a pod. path NULL: none. */
bool container_from_cgroup(const char *path, struct container *out);

/*
 * The same from the text of /proc/PID/cgroup: the cgroup2 line first, else any line of cgroup v1 that names a
 * container (hybrid hosts keep containers only there).
 */
bool container_from_proc_cgroup(const char *text, struct container *out);

#endif
