// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sockets and settings of the experiments. System calls and /proc only: it runs in minimal virtual machines too. */
#define _GNU_SOURCE 1
#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/in.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif

void world_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("!");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
	_exit(1);
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

void world_sysctl(const char *name, const char *value)
{
	char path[128];
	int err;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	err = write_file(path, value);
	if (err)
		world_fail("%s can't be set to \"%s\": %s", path, value, strerror(-err));
}

static socklen_t address_fill(struct sockaddr_storage *out, const char *addr, uint16_t port, bool mapped)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
	char text[64];

	memset(out, 0, sizeof(*out));
	if (strchr(addr, ':') || mapped) {
		snprintf(text, sizeof(text), "%s%s", strchr(addr, ':') ? "" : "::ffff:", addr);
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		inet_pton(AF_INET6, text, &in6->sin6_addr);
		return sizeof(*in6);
	}
	in4->sin_family = AF_INET;
	in4->sin_port = htons(port);
	inet_pton(AF_INET, addr, &in4->sin_addr);
	return sizeof(*in4);
}

static bool is_link_local(const char *addr)
{
	return !strncmp(addr, "fe80:", 5);
}

static void add_ipv4(int fd, unsigned int alias, const char *addr)
{
	struct ifreq request = {};
	struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;

	snprintf(request.ifr_name, IFNAMSIZ, "lo:%u", alias);
	in->sin_family = AF_INET;
	inet_pton(AF_INET, addr, &in->sin_addr);
	if (ioctl(fd, SIOCSIFADDR, &request))
		world_fail("lo does not take %s: %s", addr, strerror(errno));
	in->sin_addr.s_addr = 0xffffffff;
	if (ioctl(fd, SIOCSIFNETMASK, &request))
		world_fail("lo does not take the mask of %s: %s", addr, strerror(errno));
}

/* The kernel makes it usable in its own time. */
static void add_ipv6(const char *addr)
{
	struct in6_ifreq request = { .ifr6_prefixlen = 128, .ifr6_ifindex = 1 };
	const struct timespec moment = { .tv_nsec = 1000000 };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), bound, tries = 0;

	inet_pton(AF_INET6, addr, &request.ifr6_addr);
	if (ioctl(fd, SIOCSIFADDR, &request))
		world_fail("lo does not take %s: %s", addr, strerror(errno));
	close(fd);
	while ((bound = world_bind(addr, 0, false, false)) < 0) {
		if (tries++ == 5000)
			world_fail("%s can't be bound to: %s", addr, strerror(-bound));
		nanosleep(&moment, NULL);
	}
	close(bound);
}

static void addresses_make(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (ioctl(fd, SIOCSIFFLAGS, &request))
		world_fail("lo can't be raised: %s", strerror(errno));
	add_ipv4(fd, 1, "10.1.1.1");
	add_ipv4(fd, 2, "10.1.1.2");
	add_ipv4(fd, 3, "10.2.2.2");
	close(fd);
	add_ipv6("fd00::1");
	add_ipv6("fd00::2");
}

static void reserve(struct world *world, const char *text)
{
	unsigned long low, high;
	char *end;

	world_sysctl("ipv4/ip_local_reserved_ports", text);
	while (*text) {
		low = high = strtoul(text, &end, 10);
		if (*end == '-')
			high = strtoul(end + 1, &end, 10);
		for (; low <= high; low++)
			port_set_add(&world->reserved, low);
		text = *end ? end + 1 : end;
	}
}

static int kernel_version(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	uname(&name);
	sscanf(name.release, "%d.%d", &major, &minor);
	return major * 100 + minor;
}

/* The ways of this kernel, from its number: what tcpdwell finds out by itself is compared with that elsewhere. */
static uint8_t kernel_flags(int kernel)
{
	return (kernel >= 608 ? PORTS_OWN_RANGE_WHOLE : 0) | (kernel < 614 ? PORTS_REUSE_BY_SECOND : 0) |
	       (kernel < 618 ? PORTS_BLOCKED_LONG : 0) | (kernel < 600 ? PORTS_REUSE_FIN_WAIT2 : 0);
}

void world_make(struct world *world, const char *range, const char *reserved)
{
	const struct rlimit files = { 1 << 18, 1 << 18 };
	unsigned int low, high;

	setrlimit(RLIMIT_NOFILE, &files);
	if (unshare(CLONE_NEWNET))
		world_fail("no network namespace: %s", strerror(errno));
	addresses_make();
	sscanf(range, "%u %u", &low, &high);
	world_sysctl("ipv4/ip_local_port_range", range);
	world_sysctl("core/somaxconn", "65535");
	world->settings.low = low;
	world->settings.high = high;
	world->settings.timestamps = 1;
	world->settings.tw_reuse = 2;
	world->settings.tw_reuse_delay_ms = 1000;
	world->kernel = kernel_version();
	world->settings.flags = kernel_flags(world->kernel);
	if (reserved)
		reserve(world, reserved);
	world->listener = world_listen(is_link_local(world->ends.remote) ? "::" : world->ends.remote, SERVICE);
	if (world->listener < 0)
		world_fail("listen: %s", strerror(-world->listener));
	/* Nobody else's: the kernel must not choose these. */
	if (low <= SERVICE && SERVICE <= high)
		world_fail("the range contains the service");
}

static void set_scope(struct sockaddr_storage *address, const char *device)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;

	if (device && in6->sin6_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr))
		in6->sin6_scope_id = if_nametoindex(device);
}

static int socket_of(const struct ends *ends, const char *addr)
{
	int fd = socket(strchr(addr, ':') || ends->mapped ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	uint32_t own = ends->own_low | (uint32_t)ends->own_high << 16;

	if (fd < 0)
		world_fail("socket: %s", strerror(errno));
	if (ends->reuse_addr)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (ends->reuse_port)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (ends->way == WAY_NO_PORT)
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	if (ends->device && !is_link_local(addr) && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ends->device, strlen(ends->device) + 1))
		world_fail("SO_BINDTODEVICE: %s", strerror(errno));
	if (own && setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &own, sizeof(own)))
		world_fail("IP_LOCAL_PORT_RANGE: %s", strerror(errno));
	return fd;
}

/* `ip`, quietly. */
static bool ip(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool ip(const char *format, ...)
{
	char words[256], command[320];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	snprintf(command, sizeof(command), "ip %s >/dev/null 2>&1", words);
	return !system(command);
}

static bool address_on(const char *device, const char *addr)
{
	return ip("link set %s addrgenmode none", device) && ip("link set %s up", device) && ip("address add %s/64 dev %s nodad", addr, device);
}

static bool other_machine_begins(struct world *world)
{
	close(world->listener);
	world->listener = world_listen("::", SERVICE);
	return world->listener >= 0 && ip("link set lo up") && address_on("b0", LINK_REMOTE) && address_on("b1", LINK_REMOTE);
}

bool world_two_links(struct world *world)
{
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), other;
	bool made;

	if (own < 0 || unshare(CLONE_NEWNET))
		world_fail("no network namespace: %s", strerror(errno));
	other = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	made = !setns(own, CLONE_NEWNET) && ip("link add a0 type veth peer name b0 netns /proc/%d/fd/%d", getpid(), other) &&
	       ip("link add a1 type veth peer name b1 netns /proc/%d/fd/%d", getpid(), other) && !setns(other, CLONE_NEWNET) &&
	       other_machine_begins(world);
	made = !setns(own, CLONE_NEWNET) && made && address_on("a0", LINK_LOCAL) && address_on("a1", LINK_LOCAL);
	close(own);
	close(other);
	if (!made)
		snprintf(world->skip, sizeof(world->skip), "no pair of interfaces: it takes `ip`, and a kernel with veth");
	return made;
}

int world_connect(const struct ends *ends)
{
	struct sockaddr_storage sa;
	int fd = socket_of(ends, ends->remote), err;
	socklen_t len;

	if (ends->local) {
		len = address_fill(&sa, ends->local, ends->local_port, ends->mapped);
		set_scope(&sa, ends->device);
		if (bind(fd, (struct sockaddr *)&sa, len)) {
			err = -errno;
			close(fd);
			return err;
		}
	}
	len = address_fill(&sa, ends->remote, ends->port, ends->mapped);
	set_scope(&sa, ends->device);
	if (!connect(fd, (struct sockaddr *)&sa, len))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int world_bind(const char *addr, uint16_t port, bool reuse_addr, bool reuse_port)
{
	const struct ends ends = { .reuse_addr = reuse_addr, .reuse_port = reuse_port };
	struct sockaddr_storage sa;
	socklen_t len = address_fill(&sa, addr, port, false);
	int fd = socket_of(&ends, addr), err;

	if (!bind(fd, (struct sockaddr *)&sa, len))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int world_listen(const char *addr, uint16_t port)
{
	int fd = world_bind(addr, port, true, false);

	if (fd >= 0 && listen(fd, 65535))
		world_fail("listen: %s", strerror(errno));
	return fd;
}

uint16_t world_local_port(int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len))
		world_fail("getsockname: %s", strerror(errno));
	return ntohs(sa.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&sa)->sin6_port : ((struct sockaddr_in *)&sa)->sin_port);
}

int world_accept(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		world_fail("accept: %s", strerror(errno));
	return fd;
}

/* Until the other end has seen our FIN, or theirs came back. */
static void wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (poll(&p, 1, 10000) != 1)
		world_fail("an end of stream did not come");
}

void world_wait_closed(int server)
{
	wait_for(server, POLLIN | POLLRDHUP);
	close(server);
}

void world_close(int client, int server, bool peer_closes)
{
	close(client);
	wait_for(server, POLLIN | POLLRDHUP);
	if (peer_closes)
		close(server);
}

#define TIMER_TIMEWAIT 3

void world_note_full_sockets(struct world *world)
{
	FILE *table = fopen("/proc/self/net/tcp", "r");
	struct port_set timewait = {};
	unsigned int port, timer;
	char line[512];
	uint32_t i;

	if (!table)
		world_fail("/proc/self/net/tcp: %s", strerror(errno));
	while (fgets(line, sizeof(line), table))
		if (sscanf(line, " %*u: %*x:%x %*x:%*x %*x %*x:%*x %x:", &port, &timer) == 2 && timer == TIMER_TIMEWAIT)
			port_set_add(&timewait, port);
	fclose(table);
	for (i = 0; i < world->n_used; i++)
		world->used[i].reusable &= port_set_has(&timewait, world->used[i].port);
}

/* Connections with these ports in this state; 0: any. */
static unsigned int connections(unsigned int local, unsigned int remote, unsigned int state)
{
	FILE *table = fopen("/proc/self/net/tcp", "r");
	unsigned int count = 0, found_local, found_remote, found_state;
	char line[512];

	while (table && fgets(line, sizeof(line), table))
		if (sscanf(line, " %*u: %*x:%x %*x:%x %x", &found_local, &found_remote, &found_state) == 3)
			count += (!local || found_local == local) && (!remote || found_remote == remote) &&
				 (!state || found_state == state);
	if (table)
		fclose(table);
	return count;
}

static void wait_connections(unsigned int local, unsigned int remote, unsigned int state, unsigned int wanted)
{
	const struct timespec moment = { .tv_nsec = 10000000 };
	int tries = 0;

	while (connections(local, remote, state) != wanted) {
		if (tries++ == 3000)
			world_fail("there are not %u connections of port %u, %u in state %u", wanted, local, remote, state);
		nanosleep(&moment, NULL);
	}
}

void world_wait_free(uint16_t port)
{
	wait_connections(port, 0, 0, 0);
}

void world_wait_time_wait(unsigned int count)
{
	wait_connections(0, SERVICE, 6, count);
}

void world_note_used(struct world *world, uint16_t port, bool reusable)
{
	world->used[world->n_used].port = port;
	world->used[world->n_used].reusable = reusable;
	world->n_used++;
}
