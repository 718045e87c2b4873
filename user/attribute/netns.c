// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Finds network namespaces under /run/netns, in the mount table and in /proc; and the one that a user means. */
#include "attribute/netns.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/capabilities.h"
#include "util/failure.h"
#include "util/text.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* 5.14; headers of an older system may not have it */
#endif

#define PID_LIMIT 4194304	/* the kernel's PID_MAX_LIMIT on 64 bits */
#define LOST (-ENOTRECOVERABLE)
#define FIRST_INODE 4026531833U /* the namespaces of the machine's start are numbered from here */

static const char *proc_of(const struct netns_places *places)
{
	return places && places->proc ? places->proc : "/proc";
}

static const char *names_of(const struct netns_places *places)
{
	return places && places->names ? places->names : "/run/netns";
}

int netns_inode_of_fd(int fd, uint32_t *inode)
{
	struct stat status;
	int type = ioctl(fd, NS_GET_NSTYPE);

	if (type != CLONE_NEWNET)
		return -EINVAL;
	if (fstat(fd, &status))
		return -errno;
	*inode = status.st_ino;
	return 0;
}

int netns_inode_of(const char *path, uint32_t *inode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int result;

	if (fd < 0)
		return -errno;
	result = netns_inode_of_fd(fd, inode);
	close(fd);
	return result;
}

uint64_t netns_cookie(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE); /* there is no namespace without it */
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	if (fd < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size))
		cookie = 0;
	close(fd);
	return cookie;
}

/* That we may come back is tried before we go. 0 also where the cookie can't be known; LOST: we could not come back. */
static int enter_and_ask(int own, int fd, uint64_t *cookie)
{
	if (own < 0 || setns(own, CLONE_NEWNET) || setns(fd, CLONE_NEWNET))
		return 0;
	*cookie = netns_cookie();
	return setns(own, CLONE_NEWNET) ? LOST : 0;
}

/* Entering is no opening of what a user named: it is done with our own rights. */
static int cookie_of_fd(int fd, uint64_t *cookie)
{
	int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), err;

	capabilities_raise(CAPABILITY(CAP_SYS_ADMIN));
	err = enter_and_ask(own, fd, cookie);
	capabilities_suspend();
	if (own >= 0)
		close(own);
	return err;
}

static int identify(const char *path, struct netns_meant *meant)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;
	struct netns_meant found = {};

	if (fd < 0)
		return -errno;
	err = netns_inode_of_fd(fd, &found.inode) ?: cookie_of_fd(fd, &found.cookie);
	close(fd);
	if (!err)
		*meant = found;
	return err;
}

static size_t position_of(const struct netns_list *list, uint32_t inode)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (list->entries[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct netns *netns_list_find(const struct netns_list *list, uint32_t inode)
{
	size_t position = position_of(list, inode);

	if (position < list->count && list->entries[position].inode == inode)
		return &list->entries[position];
	return NULL;
}

static int make_room(struct netns_list *list)
{
	size_t capacity = list->capacity ? list->capacity * 2 : 16;
	struct netns *grown;

	if (list->count < list->capacity)
		return 0;
	grown = realloc(list->entries, capacity * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->entries = grown;
	list->capacity = capacity;
	return 0;
}

/* The first path that is found stays, and the first process. */
static int add(struct netns_list *list, uint32_t inode, const char *path, uint32_t pid)
{
	size_t position = position_of(list, inode);
	char *copy;

	if (netns_list_find(list, inode)) {
		list->entries[position].pid = list->entries[position].pid ?: pid;
		return 0;
	}
	copy = strdup(path);
	if (!copy || make_room(list)) {
		free(copy);
		return -ENOMEM;
	}
	memmove(&list->entries[position + 1], &list->entries[position],
		(list->count - position) * sizeof(*list->entries));
	list->entries[position] = (struct netns){inode, pid, copy};
	list->count++;
	return 0;
}

static int add_named(struct netns_list *list, const char *names)
{
	DIR *directory = opendir(names);
	struct dirent *entry;
	char path[4096];
	uint32_t inode = 0;
	int result = 0;

	if (!directory)
		return 0;
	while (!result && (entry = readdir(directory))) {
		snprintf(path, sizeof(path), "%s/%s", names, entry->d_name);
		if (entry->d_name[0] != '.' && !netns_inode_of(path, &inode))
			result = add(list, inode, path, 0);
	}
	closedir(directory);
	return result;
}

/* A mounted namespace is a line "id parent major:minor net:[4026532000] mount-point …". */
static int add_mounted(struct netns_list *list, const char *proc)
{
	char path[4096], *line = NULL;
	size_t capacity = 0;
	uint32_t inode = 0;
	int result = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/self/mountinfo", proc);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (!result && getline(&line, &capacity, file) >= 0)
		if (sscanf(line, "%*u %*u %*s net:[%*u] %4095s", path) == 1 && !netns_inode_of(path, &inode))
			result = add(list, inode, path, 0);
	free(line);
	fclose(file);
	return result;
}

static int add_process(struct netns_list *list, const char *proc, uint32_t pid)
{
	char path[4096];
	struct stat status;

	snprintf(path, sizeof(path), "%s/%u/ns/net", proc, pid);
	if (!stat(path, &status))
		return add(list, status.st_ino, path, pid);
	if (errno == EACCES || errno == EPERM)
		list->denied++;
	return 0;
}

static int add_processes(struct netns_list *list, const char *proc)
{
	DIR *directory = opendir(proc);
	struct dirent *entry;
	uint64_t pid;
	int result = 0;

	if (!directory)
		return -errno;
	while (!result && (entry = readdir(directory)))
		if (!text_parse_u64(entry->d_name, PID_LIMIT, &pid))
			result = add_process(list, proc, pid);
	closedir(directory);
	return result;
}

int netns_list_read(struct netns_list *list, const struct netns_places *places)
{
	int result;

	memset(list, 0, sizeof(*list));
	result = add_named(list, names_of(places));
	if (!result)
		result = add_mounted(list, proc_of(places));
	if (!result)
		result = add_processes(list, proc_of(places));
	return result;
}

void netns_list_release(struct netns_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->entries[i].path);
	free(list->entries);
	memset(list, 0, sizeof(*list));
}

static int resolve_path(const char *path, struct netns_meant *meant, char *error, size_t error_size)
{
	int result = identify(path, meant);

	if (result == -EINVAL)
		return fail(error, error_size, "%s is not a network namespace; give one such as /proc/PID/ns/net",
			    path);
	if (result)
		return fail(error, error_size, "can't open the network namespace %s: %s", path, strerror(-result));
	return 0;
}

static int resolve_pid(uint64_t pid, const char *proc, struct netns_meant *meant, char *error, size_t error_size)
{
	char path[4096];
	int result;

	snprintf(path, sizeof(path), "%s/%u", proc, (unsigned int)pid);
	if (access(path, F_OK))
		return fail(error, error_size,
			    "there is no process %u (a number up to %u is a pid, an inode number is "
			    "%u or more)",
			    (unsigned int)pid, PID_LIMIT, FIRST_INODE);
	snprintf(path, sizeof(path), "%s/%u/ns/net", proc, (unsigned int)pid);
	capabilities_raise(CAPABILITY(CAP_SYS_PTRACE)); /* another user's process */
	result = resolve_path(path, meant, error, error_size);
	capabilities_suspend();
	return result;
}

/* One that is not in the list is refused only if we could look everywhere. */
static int resolve_inode(uint64_t number, const struct netns_places *places, struct netns_meant *meant, char *error,
			 size_t error_size)
{
	bool possible = number >= FIRST_INODE;
	const struct netns *listed;
	struct netns_list list;
	struct netns_meant found = {};
	int result;

	result = netns_list_read(&list, places);
	listed = netns_list_find(&list, number);
	if (!result && !list.denied)
		possible = listed;
	if (listed)
		result = identify(listed->path, &found);
	netns_list_release(&list);
	if (result == LOST)
		return fail(error, error_size, "can't come back from the network namespace %llu", (unsigned long long)number);
	if (!possible)
		return fail(error, error_size,
			    "there is no network namespace with inode number %llu; `lsns -t net` lists them",
			    (unsigned long long)number);
	*meant = (struct netns_meant){ number, found.inode == number ? found.cookie : 0 };
	return 0;
}

int netns_resolve(const char *text, const struct netns_places *places, struct netns_meant *meant, char *error, size_t error_size)
{
	char path[4096];
	uint64_t number;

	if (strchr(text, '/'))
		return resolve_path(text, meant, error, error_size);
	snprintf(path, sizeof(path), "%s/%s", names_of(places), text);
	if (*text && strcmp(text, ".") && strcmp(text, "..") && !access(path, F_OK))
		return resolve_path(path, meant, error, error_size);
	snprintf(path, sizeof(path), "%s/self/ns/net", proc_of(places));
	if (!strcmp(text, "self"))
		return resolve_path(path, meant, error, error_size);
	if (text_parse_u64(text, UINT32_MAX, &number))
		return fail(error, error_size,
			    "there is no network namespace \"%s\" in %s; give a name, an inode number, a "
			    "path, a pid, self, or all",
			    text, names_of(places));
	if (number > PID_LIMIT)
		return resolve_inode(number, places, meant, error, error_size);
	return resolve_pid(number, proc_of(places), meant, error, error_size);
}
