// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The protocol is one datagram a message; libsystemd would bring far more than these lines. */
#include "util/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NSEC_PER_USEC 1000ULL

/* A path, or with @ a name in the abstract space. */
static int open_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t size = path ? strlen(path) : 0;
	int fd;

	if (size < 2 || size >= sizeof(address.sun_path) || (*path != '/' && *path != '@'))
		return -1;
	memcpy(address.sun_path, path, size);
	if (*path == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + size)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* The variable may be of a parent that watches itself. */
static uint64_t watchdog_ns(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!usec || (pid && strtol(pid, NULL, 10) != getpid()))
		return 0;
	return strtoull(usec, NULL, 10) * NSEC_PER_USEC;
}

void notify_open(struct notify *notify)
{
	notify->fd = open_socket(getenv("NOTIFY_SOCKET"));
	notify->watchdog_ns = notify->fd < 0 ? 0 : watchdog_ns();
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

void notify_send(const struct notify *notify, const char *text)
{
	ssize_t ignored;

	if (notify->fd < 0)
		return;
	ignored = write(notify->fd, text, strlen(text));
	(void)ignored;
}
