/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The memory that the cgroups of this process leave it. The kernel's tables count as ours there, and where a limit is reached the
 * kernel kills a process of the cgroup, without a word, which may be another than we: in a pod it is the service itself.
 */
#ifndef TCPDWELL_ATTACH_MEMORY_LIMIT_H
#define TCPDWELL_ATTACH_MEMORY_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bpf_object;

struct memory_limit {
	uint64_t limit, room; /* bytes: the least that is left, without what the kernel can reclaim, and the limit that leaves it */
	uint64_t swap; /* bytes: what they let it swap out at most, UINT64_MAX: there is no limit */
	char file[4096]; /* "/sys/fs/cgroup/…/memory.max" */
};

/* `proc` is /proc/self, or a folder of a test that stands for it. 0, or -ENOENT: there is no limit, or it is not known. */
int memory_limit_read(struct memory_limit *limit, const char *proc);

/* What the object's maps take from the moment on that they are made. */
uint64_t memory_of_maps(const struct bpf_object *object);

/* `cmdline`: what the kernel was started with. False: its cgroups don't count tables (cgroup.memory=nokmem). */
bool memory_of_maps_counts(const char *cmdline);

/*
 * Is there room to load the object, whose maps have their sizes? `maps_count`: they are the cgroup's (since Linux 5.11). 0, or -ENOMEM
 * with a sentence.
 */
int memory_limit_check(const struct bpf_object *object, bool maps_count, char *error, size_t error_size);

#endif
