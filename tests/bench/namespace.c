// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Makes the bench's network namespace. All settings are per namespace; nothing of the machine's
 * own is changed, and no name is left in /run/netns.
 */
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int namespace_set(const char *sysctl, const char *value)
{
	char path[128];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/sys/%s", sysctl);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		err = -errno;
	close(fd);
	return err;
}

int namespace_enter_new(void)
{
	static const char *const settings[][2] = {
		{"net/ipv4/tcp_tw_reuse", "0"},
		{"net/ipv4/tcp_max_tw_buckets", "4000000"},
		{"net/ipv4/ip_local_port_range", "1024 65000"},
		{"net/core/somaxconn", "8192"},
	};
	int err;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	err = loopback_up();
	for (size_t i = 0; !err && i < sizeof(settings) / sizeof(settings[0]); i++)
		err = namespace_set(settings[i][0], settings[i][1]);
	return err;
}

unsigned long namespace_inode(void)
{
	struct stat info;

	return stat("/proc/self/ns/net", &info) < 0 ? 0 : info.st_ino;
}
