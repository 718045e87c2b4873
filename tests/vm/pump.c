// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * pump CONNECTIONS: one process that is client and server, and makes so many short TCP connections over loopback,
 * each closed by the client first: so it leaves CONNECTIONS sockets in TIME_WAIT and none in CLOSE_WAIT.
 * It never sleeps, so under QEMU's -icount the ticks that it prints are the instructions that the whole machine ran.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PER_ADDRESS 10000 /* connections to one loopback address, well below the ephemeral port range */

static void fail(const char *what)
{
	fprintf(stderr, "pump: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Under -icount shift=0 one instruction is one nanosecond of the machine's counter. */
static uint64_t ticks(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t count, frequency;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(count));
	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
	return count * (1000000000 / frequency);
#else
#error "no counter known for this architecture"
#endif
}

static int listen_on(struct sockaddr_in *address)
{
	socklen_t size = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)address, size) || listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)address, &size))
		fail("listen");
	return fd;
}

/* One life: connect, a byte, close by the client, close by the server. */
static void connect_once(int listener, const struct sockaddr_in *to)
{
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;
	char byte = 'x';

	if (client < 0 || connect(client, (const struct sockaddr *)to, sizeof(*to)))
		fail("connect");
	server = accept(listener, NULL, NULL);
	if (server < 0)
		fail("accept");
	if (write(client, &byte, 1) != 1 || read(server, &byte, 1) != 1)
		fail("exchange");
	close(client);
	if (read(server, &byte, 1) != 0)
		fail("end of file");
	close(server);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	long connections = argc == 2 ? atol(argv[1]) : 0;
	uint64_t begin;
	int listener;

	if (connections <= 0) {
		fprintf(stderr, "usage: pump CONNECTIONS\n");
		return 64;
	}
	listener = listen_on(&address);
	begin = ticks();
	for (long i = 0; i < connections; i++) {
		address.sin_addr.s_addr = htonl(0x7f000001 + i / PER_ADDRESS);
		connect_once(listener, &address);
	}
	printf("connections=%ld ticks=%llu\n", connections, (unsigned long long)(ticks() - begin));
	return 0;
}
