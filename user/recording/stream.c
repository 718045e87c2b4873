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

static bool is_trusted(const struct stat *status)
{
	return status->st_uid == geteuid() || !status->st_uid;
}

/* Of a link its own owner counts: he has chosen what it leads to. */
static int check(const char *path)
{
	struct stat own, target;

	if (!links_are_trusted(path))
		return -ELOOP;
	if (lstat(path, &own))
		return -ENODEV;
	if (stat(path, &target) || !(is_stream(&target) || S_ISDIR(target.st_mode)))
		return S_ISLNK(own.st_mode) ? -ELOOP : -ENODEV;
	if (!is_trusted(&own))
		return is_stream(&own) || S_ISLNK(own.st_mode) ? -ELOOP : -ENODEV;
	return S_ISDIR(target.st_mode) ? -ENODEV : 0;
}

static void wait_a_little(void)
{
	const struct timespec little = { .tv_nsec = LOOK_NS };

	nanosleep(&little, NULL);
}

static int open_with_own_rights(const char *path, long looks)
{
	int err = check(path), fd;

	if (err)
		return err;
	while ((fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) < 0 && errno == ENXIO && looks--)
		wait_a_little();
	return fd < 0 ? -errno : fd;
}

int recording_stream_open(const char *path, double wait_seconds)
{
	uint64_t suspended = capabilities_suspend();
	int fd = open_with_own_rights(path, wait_seconds < 0 ? -1 : wait_seconds * LOOKS_A_SECOND);

	capabilities_resume(suspended);
	return fd;
}
