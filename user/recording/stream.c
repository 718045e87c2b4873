// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What another user has put in a folder that he may write to, such as /tmp, must not get what we write. */
#include "recording/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/capabilities.h"
#include "util/links.h"

#define LOOK_NS 50000000
#define LOOKS_A_SECOND (1000000000 / LOOK_NS)

static bool is_stream(const struct stat *status)
{
	return S_ISFIFO(status->st_mode) || S_ISCHR(status->st_mode);
}

/* Of a link its own owner counts, who has chosen what it leads to: links_walk() has asked for him. */
static bool is_trusted(const struct links_end *end, const struct stat *status)
{
	return end->is_by_link || status->st_uid == geteuid() || !status->st_uid;
}

/* Opening some devices does something: it is looked at what it is before, and whether it is still that afterwards. */
static int open_end(const struct links_end *end)
{
	struct stat before, status;
	int fd;

	if (fstatat(end->folder, end->name, &before, end->flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0))
		return end->is_by_link ? -ELOOP : -ENODEV;
	if (!is_stream(&before))
		return end->is_by_link && !S_ISDIR(before.st_mode) ? -ELOOP : -ENODEV;
	if (!is_trusted(end, &before))
		return -ELOOP;
	fd = openat(end->folder, end->name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | end->flags);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &status) && status.st_dev == before.st_dev && status.st_ino == before.st_ino)
		return fd;
	close(fd);
	return -ELOOP;
}

static void wait_a_little(void)
{
	const struct timespec little = { .tv_nsec = LOOK_NS };

	nanosleep(&little, NULL);
}

static int open_with_own_rights(const char *path, long looks)
{
	struct links_end end;
	int fd = links_walk(&end, path, true);

	if (fd) /* what can't be reached is told by who would make a file there */
		return fd == -ELOOP ? fd : -ENODEV;
	while ((fd = open_end(&end)) == -ENXIO && looks--)
		wait_a_little();
	close(end.folder);
	return fd;
}

int recording_stream_open(const char *path, double wait_seconds)
{
	uint64_t suspended = capabilities_suspend();
	int fd = open_with_own_rights(path, wait_seconds < 0 ? -1 : wait_seconds * LOOKS_A_SECOND);

	capabilities_resume(suspended);
	return fd;
}
