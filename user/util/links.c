// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Component by component, each looked up in the descriptor of the one before. */
#include "util/links.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LINKS_MOST 40 /* as the kernel has it */

struct walk {
	struct links_end *end;
	char rest[PATH_MAX]; /* of the path, from the next component on */
	unsigned int links;
	bool follows;
};

/* /tmp is: those of others can't be removed there, but everyone makes what he likes. */
static bool is_everyones(int folder)
{
	struct stat status;

	return fstat(folder, &status) || (status.st_mode & (S_ISVTX | S_IWOTH)) == (S_ISVTX | S_IWOTH);
}

static bool is_of_proc(int fd)
{
	struct statfs status;

	return !fstatfs(fd, &status) && status.f_type == PROC_SUPER_MAGIC;
}

/* The descriptor takes the folder's place. */
static int enter(struct walk *walk, int fd)
{
	if (fd < 0)
		return -errno;
	if (walk->end->folder >= 0)
		close(walk->end->folder);
	walk->end->folder = fd;
	return 0;
}

/* With O_DIRECTORY, so that what is mounted when somebody goes there is. */
static int open_folder(const struct walk *walk, const char *name, int flags)
{
	return openat(walk->end->folder, name, O_PATH | O_DIRECTORY | O_CLOEXEC | flags);
}

/* Where a path, or what a link says, begins. */
static int begin(struct walk *walk)
{
	if (*walk->rest == '/')
		return enter(walk, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
	return walk->end->folder >= 0 ? 0 : enter(walk, open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/* The path ends with this name. */
static int end_with(struct walk *walk, const char *name, int flags)
{
	snprintf(walk->end->name, sizeof(walk->end->name), "%s", name);
	walk->end->flags = flags;
	walk->rest[0] = '\0';
	return 0;
}

/* What it says goes before what is left of the path; it is read from the link that was looked at. */
static int follow(struct walk *walk, int link, const char *after)
{
	char text[PATH_MAX];
	ssize_t size = readlinkat(link, "", text, sizeof(text));

	if (size <= 0)
		return size ? -errno : -ENOENT;
	if (++walk->links > LINKS_MOST)
		return -ELOOP;
	if (size + strlen(after) >= sizeof(walk->rest))
		return -ENAMETOOLONG;
	memmove(walk->rest + size, after, strlen(after) + 1);
	memcpy(walk->rest, text, size);
	return begin(walk);
}

static int take_link(struct walk *walk, int link, const struct stat *status, const char *name, const char *after)
{
	bool is_last = !after[strspn(after, "/")];

	if (status->st_uid && status->st_uid != geteuid() && (is_last || is_everyones(walk->end->folder)))
		return -ELOOP;
	if (is_last && !walk->follows)
		return end_with(walk, name, O_NOFOLLOW);
	walk->end->is_by_link |= is_last;
	if (!is_of_proc(link))
		return follow(walk, link, after);
	if (is_last)
		return end_with(walk, name, 0);
	memmove(walk->rest, after, strlen(after) + 1);
	return enter(walk, open_folder(walk, name, 0));
}

/* What is no folder: a link, the end of the path, or nothing that has anything in it. */
static int take_other(struct walk *walk, const char *name, const char *after)
{
	int fd = openat(walk->end->folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), err;
	bool is_last = !after[strspn(after, "/")];
	struct stat status;

	if (fd < 0 && errno == ENOENT && is_last) {
		walk->end->has_slash = *after;
		return end_with(walk, name, O_NOFOLLOW);
	}
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status))
		err = -errno;
	else if (S_ISLNK(status.st_mode))
		err = take_link(walk, fd, &status, name, after);
	else
		err = *after ? -ENOTDIR : end_with(walk, name, O_NOFOLLOW);
	close(fd);
	return err;
}

static int take_component(struct walk *walk)
{
	char name[NAME_MAX + 1], *at = walk->rest + strspn(walk->rest, "/"), *after = at + strcspn(at, "/");
	int fd;

	if (at == after)
		return end_with(walk, ".", 0);
	if ((size_t)(after - at) >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, at, after - at);
	name[after - at] = '\0';
	fd = open_folder(walk, name, O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOTDIR || errno == ELOOP || errno == ENOENT ? take_other(walk, name, after) : -errno;
	memmove(walk->rest, after, strlen(after) + 1);
	return enter(walk, fd) ?: *walk->rest ? 0 : end_with(walk, ".", 0);
}

int links_walk(struct links_end *end, const char *path, bool follows)
{
	struct walk walk = { .end = end, .follows = follows };
	int err;

	*end = (struct links_end){ .folder = -1 };
	if (!*path)
		return -ENOENT;
	if (strlen(path) >= sizeof(walk.rest))
		return -ENAMETOOLONG;
	strcpy(walk.rest, path);
	err = begin(&walk);
	while (!err && !*end->name)
		err = take_component(&walk);
	if (err && end->folder >= 0)
		close(end->folder);
	return err;
}

int links_open_folder(const char *path, bool follows)
{
	struct links_end end;
	int err = links_walk(&end, path, follows), fd;

	if (err)
		return err;
	fd = openat(end.folder, end.name, O_PATH | O_DIRECTORY | O_CLOEXEC | end.flags);
	err = fd < 0 ? -errno : 0;
	close(end.folder);
	return err ?: fd;
}
