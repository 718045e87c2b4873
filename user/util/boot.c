// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "util/boot.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define ID_BYTES 36 /* a UUID */

const char *boot_id(void)
{
	static char id[ID_BYTES + 1];
	int fd;

	if (id[0])
		return id;
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (read(fd, id, ID_BYTES) != ID_BYTES)
		id[0] = '\0';
	close(fd);
	return id[0] ? id : NULL;
}
