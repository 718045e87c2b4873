// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Socket operations for actors, and what a fresh network namespace needs before them: `lo`, a route,
 * a sysctl. System calls and /proc only: the same binary runs inside a minimal virtual machine.
 */
#define _GNU_SOURCE 1
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNUSED(x) ((void)(x))

static long result(long value)
{
	return value < 0 ? -errno : value;
}

/* One netlink round trip; the kernel's answer is an acknowledgement with an errno. */
static long netlink_ask(int protocol, const void *request, size_t len)
{
	char reply[1024];
	const struct nlmsghdr *header = (const struct nlmsghdr *)reply;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	long err;

	if (fd < 0)
		return -errno;
	if (send(fd, request, len, 0) < 0 || recv(fd, reply, sizeof(reply), 0) < 0)
		err = -errno;
	else if (header->nlmsg_type != NLMSG_ERROR)
		err = -EPROTO;
	else
		err = ((const struct nlmsgerr *)NLMSG_DATA(header))->error;
	close(fd);
	return err;
}

static bool is_bad;

#define PERCENT(n) ((unsigned int)((n) * (0xffffffffULL / 100)))
#define ATTRIBUTE(type, size) { .rta_len = RTA_LENGTH(size), .rta_type = (type) }

struct disturbance {
	long long latency_us;
	unsigned int lost, doubled, ahead; /* PERCENT(n) */
};

/* The interface of index 1 is `lo`. Its queue would else be none. */
static int lo_disturb(const struct disturbance *how)
{
	struct {
		struct nlmsghdr header;
		struct tcmsg body;
		struct rtattr kind;
		char name[8];
		struct rtattr options;
		struct tc_netem_qopt netem;
		struct rtattr reorder;
		struct tc_netem_reorder ahead;
		struct rtattr latency;
		long long latency_ns __attribute__((packed));
	} request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_NEWQDISC,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE },
		.body = { .tcm_family = AF_UNSPEC, .tcm_ifindex = 1, .tcm_handle = 0x10000, .tcm_parent = TC_H_ROOT },
		.kind = ATTRIBUTE(TCA_KIND, sizeof("netem")),
		.name = "netem",
		.options.rta_type = TCA_OPTIONS,
		.netem = { .limit = 10000, .loss = how->lost, .duplicate = how->doubled, .gap = how->ahead ? 1 : 0 },
		.reorder = ATTRIBUTE(TCA_NETEM_REORDER, sizeof(struct tc_netem_reorder)),
		.ahead = { .probability = how->ahead },
		.latency = ATTRIBUTE(TCA_NETEM_LATENCY64, sizeof(long long)),
		.latency_ns = how->latency_us * 1000,
	};

	request.options.rta_len = (char *)(&request + 1) - (char *)&request.options;
	return netlink_ask(NETLINK_ROUTE, &request, sizeof(request));
}

static int lo_make_bad(void)
{
	return lo_disturb(&(struct disturbance){ .latency_us = 10000, .lost = PERCENT(2), .doubled = PERCENT(2), .ahead = PERCENT(10) });
}

int net_make_late(long us)
{
	return lo_disturb(&(struct disturbance){ .latency_us = us });
}

int net_make_bad(void)
{
	is_bad = true;
	return lo_make_bad();
}

bool net_is_bad(void)
{
	return is_bad;
}

int net_lo_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	err = ioctl(fd, SIOCSIFFLAGS, &request) ? -errno : 0;
	close(fd);
	if (!err && is_bad)
		err = lo_make_bad();
	return err;
}

static int alias_set(int fd, unsigned long what, unsigned int addr_be)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = addr_be };
	struct ifreq request = { .ifr_name = "lo:1" };

	memcpy(&request.ifr_addr, &in, sizeof(in));
	return ioctl(fd, what, &request) ? -errno : 0;
}

static int route_add(int fd, unsigned int addr_be)
{
	struct rtentry route = { .rt_flags = RTF_UP | RTF_HOST, .rt_dev = "lo" };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = addr_be };
	struct sockaddr_in mask = { .sin_family = AF_INET, .sin_addr.s_addr = 0xffffffff };

	memcpy(&route.rt_dst, &to, sizeof(to));
	memcpy(&route.rt_genmask, &mask, sizeof(mask));
	return ioctl(fd, SIOCADDRT, &route) ? -errno : 0;
}

int net_route_peer(unsigned int own_be, unsigned int peer_be)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	err = alias_set(fd, SIOCSIFADDR, own_be);
	/* A wider mask would make the peer an address of ours. */
	if (!err)
		err = alias_set(fd, SIOCSIFNETMASK, 0xffffffff);
	if (!err)
		err = route_add(fd, peer_be);
	close(fd);
	return err;
}

int net_sysctl(const char *name, const char *value)
{
	char path[128];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		err = -errno;
	close(fd);
	return err;
}

int net_sysctl_read(const char *name, char *value, size_t size)
{
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, value, size - 1);
	close(fd);
	if (n < 0)
		return -EIO;
	value[n] = 0;
	value[strcspn(value, "\n")] = 0;
	return 0;
}

unsigned long net_inode(int pid)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	return stat(path, &st) ? 0 : (unsigned long)st.st_ino;
}

static socklen_t address_fill(struct sockaddr_storage *out, const char *addr, int port)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (strchr(addr, ':')) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		inet_pton(AF_INET6, addr, &in6->sin6_addr);
		return sizeof(*in6);
	}
	in4->sin_family = AF_INET;
	in4->sin_port = htons(port);
	inet_pton(AF_INET, addr, &in4->sin_addr);
	return sizeof(*in4);
}

static int socket_bound_with(const char *addr, int port, bool nonblock, int option)
{
	struct sockaddr_storage sa;
	socklen_t len = address_fill(&sa, addr, port);
	int one = 1, fd, err;

	fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | (nonblock ? SOCK_NONBLOCK : 0), 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, option, &one, sizeof(one));
	if (!port || !bind(fd, (struct sockaddr *)&sa, len))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int socket_bound(const char *addr, int port, bool nonblock)
{
	return socket_bound_with(addr, port, nonblock, SO_REUSEADDR);
}

long op_listen_shared(long addr, long port, long backlog)
{
	int fd = socket_bound_with((const char *)addr, port, false, SO_REUSEPORT);

	if (fd < 0)
		return fd;
	return listen(fd, backlog) ? -errno : fd;
}

long op_listen(long addr, long port, long backlog)
{
	int fd = socket_bound((const char *)addr, port, false);

	if (fd < 0)
		return fd;
	return listen(fd, backlog) ? -errno : fd;
}

/* Binds to the wildcard only where a source port is asked for: the address is left to the route. */
static long connect_from(const char *addr, int port, int source_port, bool nonblock)
{
	struct sockaddr_storage sa;
	socklen_t len = address_fill(&sa, addr, port);
	int fd, err;

	fd = socket_bound(strchr(addr, ':') ? "::" : "0.0.0.0", source_port, nonblock);
	if (fd < 0)
		return fd;
	if (!connect(fd, (struct sockaddr *)&sa, len) || (nonblock && errno == EINPROGRESS))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

long op_connect(long addr, long port, long source_port)
{
	return connect_from((const char *)addr, port, source_port, false);
}

long op_connect_start(long addr, long port, long source_port)
{
	return connect_from((const char *)addr, port, source_port, true);
}

long op_socket(long unused1, long unused2, long unused3)
{
	UNUSED(unused1), UNUSED(unused2), UNUSED(unused3);
	return result(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

long op_connect_again(long fd, long addr, long port)
{
	struct sockaddr_storage sa;
	socklen_t len = address_fill(&sa, (const char *)addr, port);

	return result(connect(fd, (struct sockaddr *)&sa, len));
}

long op_accept(long fd, long unused1, long unused2)
{
	UNUSED(unused1), UNUSED(unused2);
	return result(accept4(fd, NULL, NULL, SOCK_CLOEXEC));
}

long op_send(long fd, long bytes, long unused)
{
	static const char zeros[4096];
	long done = 0;

	UNUSED(unused);
	while (done < bytes) {
		size_t part = bytes - done < (long)sizeof(zeros) ? (size_t)(bytes - done) : sizeof(zeros);
		ssize_t n = send(fd, zeros, part, MSG_NOSIGNAL);

		if (n < 0)
			return -errno;
		done += n;
	}
	return done;
}

long op_recv(long fd, long bytes, long unused)
{
	char buf[4096];
	long done = 0;

	UNUSED(unused);
	while (!bytes || done < bytes) {
		size_t part = bytes && bytes - done < (long)sizeof(buf) ? (size_t)(bytes - done) : sizeof(buf);
		ssize_t n = recv(fd, buf, part, 0);

		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += n;
	}
	return done;
}

long op_wait_readable(long fd, long unused1, long unused2)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	UNUSED(unused1), UNUSED(unused2);
	return poll(&p, 1, 10000) == 1 ? 0 : -ETIMEDOUT;
}

long op_is_readable(long fd, long unused1, long unused2)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	UNUSED(unused1), UNUSED(unused2);
	return result(poll(&p, 1, 0));
}

long op_dup(long fd, long unused1, long unused2)
{
	UNUSED(unused1), UNUSED(unused2);
	return result(fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

long op_keep_on_exec(long fd, long unused1, long unused2)
{
	UNUSED(unused1), UNUSED(unused2);
	return result(fcntl(fd, F_SETFD, 0));
}

long op_shutdown_write(long fd, long unused1, long unused2)
{
	UNUSED(unused1), UNUSED(unused2);
	return result(shutdown(fd, SHUT_WR));
}

long op_close(long fd, long unused1, long unused2)
{
	UNUSED(unused1), UNUSED(unused2);
	return result(close(fd));
}

long op_disconnect(long fd, long unused1, long unused2)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	UNUSED(unused1), UNUSED(unused2);
	return result(connect(fd, &none, sizeof(none)));
}

long op_linger_zero(long fd, long unused1, long unused2)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	UNUSED(unused1), UNUSED(unused2);
	return result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
}

long op_tcp_option(long fd, long option, long value)
{
	int v = value;

	return result(setsockopt(fd, IPPROTO_TCP, option, &v, sizeof(v)));
}

long op_port(long fd, long unused1, long unused2)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);

	UNUSED(unused1), UNUSED(unused2);
	if (getsockname(fd, (struct sockaddr *)&sa, &len))
		return -errno;
	return ntohs(sa.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&sa)->sin6_port
					      : ((struct sockaddr_in *)&sa)->sin_port);
}

long op_tcp_state(long fd, long unused1, long unused2)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	UNUSED(unused1), UNUSED(unused2);
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) ? -errno : info.tcpi_state;
}

long op_sock_destroy(long local_port, long remote_port, long state)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 body;
	} request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = SOCK_DESTROY,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.body = { .sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP,
			  .idiag_states = 1u << state },
	};
	struct inet_diag_sockid *id = &request.body.id;

	id->idiag_sport = htons(local_port);
	id->idiag_dport = htons(remote_port);
	id->idiag_src[0] = id->idiag_dst[0] = htonl(INADDR_LOOPBACK);
	id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return netlink_ask(NETLINK_SOCK_DIAG, &request, sizeof(request));
}

long op_socketpair(long unused1, long unused2, long unused3)
{
	int ends[2];

	(void)unused1, (void)unused2, (void)unused3;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	return ends[0] | (long)ends[1] << 16;
}

union control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static struct msghdr message(struct iovec *io, union control *control)
{
	return (struct msghdr){ .msg_iov = io, .msg_iovlen = 1, .msg_control = control,
				.msg_controllen = sizeof(*control) };
}

long op_send_fd(long channel, long fd, long unused)
{
	char byte = 0;
	struct iovec io = { &byte, 1 };
	union control control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
					      .cmsg_type = SCM_RIGHTS } };
	struct msghdr msg = message(&io, &control);
	int value = fd;

	(void)unused;
	memcpy(CMSG_DATA(&control.header), &value, sizeof(value));
	return sendmsg(channel, &msg, 0) < 0 ? -errno : 0;
}

long op_receive_fd(long channel, long unused1, long unused2)
{
	char byte;
	struct iovec io = { &byte, 1 };
	union control control;
	struct msghdr msg = message(&io, &control);
	int value;

	(void)unused1, (void)unused2;
	if (recvmsg(channel, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -errno;
	memcpy(&value, CMSG_DATA(&control.header), sizeof(value));
	return value;
}
