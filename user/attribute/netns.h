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
 * Of the network namespace of the calling thread: no other one ever has it, as another one may get the inode number later. 0: not known,
 * as before Linux 5.14. It takes a descriptor for a moment.
 */
uint64_t netns_cookie(void);

/* Which one a user means. */
struct netns_meant {
	uint32_t inode;
	uint64_t cookie; /* 0: not known */
};

/*
 * What a user wrote: "self", a path (has a '/'), a name of `ip netns`, or a number. A number up to 4194304 (the
 * most that the kernel gives to a process) is a pid; a larger one is an inode number, which begin at
 * 4026531833. A number that is also a name is the name. 0, or -EINVAL with a sentence in `error`. For its
 * cookie the namespace is entered for a moment, where that is permitted.
 */
int netns_resolve(const char *text, const struct netns_places *places, struct netns_meant *meant, char *error, size_t error_size);

#endif
