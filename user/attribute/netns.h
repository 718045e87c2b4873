/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The network namespaces of the machine: their inode numbers, and a path for each that setns() takes. Found
 * through processes, `ip netns` names and mounts; those that only a descriptor keeps alive are not seen.
 */
#ifndef ATTRIBUTE_NETNS_H
#define ATTRIBUTE_NETNS_H

#include <stddef.h>
#include <stdint.h>

/* Where to look; a NULL is the usual place. */
struct netns_places {
	const char *proc;  /* "/proc" */
	const char *names; /* "/run/netns" */
};

struct netns {
	uint32_t inode;
	uint32_t pid; /* of a process in it; 0 = none was found */
	char *path; /* "/proc/4711/ns/net", "/run/netns/blue" */
};

struct netns_list {
	struct netns *entries; /* ascending by inode, each once */
	size_t count, capacity;
	size_t denied; /* processes whose namespace we may not see: the list may be incomplete */
};

/* 0 or a negative errno. Release also after a failure. places NULL: all usual. */
int netns_list_read(struct netns_list *list, const struct netns_places *places);
void netns_list_release(struct netns_list *list);

/* NULL when it is not there. */
const struct netns *netns_list_find(const struct netns_list *list, uint32_t inode);

/* The inode of the namespace that `path` (or an open descriptor) is. -EINVAL: it is no network namespace; or another
 * errno. */
int netns_inode_of(const char *path, uint32_t *inode);
int netns_inode_of_fd(int fd, uint32_t *inode);

/*
 * What a user wrote: "self", a path (has a '/'), a name of `ip netns`, or a number. A number up to 4194304 (the
 * most that the kernel gives to a process) is a pid; a larger one is an inode number, which begin at
 * 4026531833. A number that is also a name is the name. 0, or -EINVAL with a sentence in `error`.
 */
int netns_resolve(const char *text, const struct netns_places *places, uint32_t *inode, char *error, size_t error_size);

#endif
