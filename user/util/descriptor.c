// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Loops around write(2), and descriptors of a kind. */
#include "util/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/stop.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* What a failed write means: 0 to try again, or the error. */
static int wait_writable(int fd, int error)
{
	struct pollfd poller = { .fd = fd, .events = POLLOUT };

	if (error != EINTR && error != EAGAIN)
		return -error;
	if (error == EINTR || stop_is_overdue())
		return 0;
	return poll(&poller, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

int descriptor_write(int fd, const void *data, size_t size, size_t *written)
{
	const char *at = data;
	int err = 0;

	*written = 0;
	while (*written < size && !err) {
		ssize_t taken = write(fd, at + *written, size - *written);

		if (taken < 0)
			err = wait_writable(fd, errno);
		else
			*written += taken;
		/* The beat of util/stop.h has woken us: it would have gone on waiting. */
		if (!err && *written < size && stop_is_overdue())
			err = -ECANCELED;
	}
	return err;
}

/* Since 6.3 the kernel logs it where nobody says whether it will be executed, and may refuse it; older ones don't know the flag. */
int descriptor_in_memory(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* O_PATH: reading and writing fail with EBADF, as they would without. The lowest free number is taken. */
void descriptors_occupy_standard(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/", O_PATH);
}
