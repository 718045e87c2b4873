// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What client and server of a bench load share: the clock, addresses, exact reads and writes. */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

uint64_t load_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

struct sockaddr_in load_address(const struct load *load, int worker, uint64_t n)
{
	uint32_t host = (uint32_t)(n % (uint64_t)load->addresses);
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)(BASE_PORT + worker)),
		.sin_addr.s_addr = htonl(0x7f020001u + host / 250 * 256 + host % 250),
	};

	return address;
}

int load_read(int fd, void *buffer, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = read(fd, (char *)buffer + done, size - done);

		if (n == 0)
			return 1;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

int load_write(int fd, const void *buffer, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = write(fd, (const char *)buffer + done, size - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}
