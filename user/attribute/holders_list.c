// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lists sockets: the netlink conversation of sock_diag, and the lines of /proc/net/tcp. */
#include "attribute/holders_list.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "event/present.h"
#include "util/address.h"
#include "util/tcp_state.h"

#define MAX_ERRNO 4095 /* the kernel's own bound */
#define NSEC_PER_MSEC 1000000ULL
#define REPLY_BYTES 65536
#define TIMER_TIMEWAIT 3 /* idiag_timer, see sock_diag(7) */

struct request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

static void address_copy(uint8_t out[16], unsigned int family, const void *bytes)
{
	struct address address = { .family = AF_INET };

	if (family == AF_INET6) {
		memcpy(out, bytes, 16);
		return;
	}
	memcpy(address.bytes, bytes, 4);
	address_to_mapped(&address, out);
}

/* The kernel counts the acknowledgement of a connecting socket's SYN; an accepted one begins to count after its own. */
static void acks_take(struct listed_socket *socket, const struct tcp_info *info, size_t size)
{
	if (size < offsetof(struct tcp_info, tcpi_bytes_retrans) + sizeof(info->tcpi_bytes_retrans) || info->tcpi_unacked)
		return;
	socket->acks_complete = true;
	socket->acks_beyond = info->tcpi_bytes_acked - (info->tcpi_bytes_sent - info->tcpi_bytes_retrans);
}

static void times_take(struct listed_socket *socket, const void *data, size_t size)
{
	struct tcp_info info = {};

	memcpy(&info, data, size < sizeof(info) ? size : sizeof(info));
	socket->times_known = true;
	socket->last_ack_ns = info.tcpi_last_ack_recv * NSEC_PER_MSEC;
	socket->last_data_ns = info.tcpi_last_data_recv * NSEC_PER_MSEC;
	socket->last_sent_ns = info.tcpi_last_data_sent * NSEC_PER_MSEC;
	socket->unsent = info.tcpi_notsent_bytes;
	acks_take(socket, &info, size);
}

static void drops_take(struct listed_socket *socket, const void *data, size_t size)
{
	uint32_t numbers[SK_MEMINFO_VARS] = {};

	if (size < (SK_MEMINFO_DROPS + 1) * sizeof(numbers[0]))
		return;
	memcpy(numbers, data, size < sizeof(numbers) ? size : sizeof(numbers));
	socket->drops_known = true;
	socket->drops = numbers[SK_MEMINFO_DROPS];
}

/* idiag_timer, and the same number in /proc/net/tcp. */
static unsigned int timer_of(unsigned int number)
{
	static const uint8_t timers[] = { PRESENT_TIMER_NONE, PRESENT_TIMER_RETRANSMIT, PRESENT_TIMER_KEEPALIVE, PRESENT_TIMER_NONE,
					  PRESENT_TIMER_PROBE };

	return number < sizeof(timers) ? timers[number] : PRESENT_TIMER_NOT_KNOWN;
}

static void attributes_take(struct listed_socket *socket, const struct nlmsghdr *header, const struct inet_diag_msg *message)
{
	const struct nlattr *attribute = (const void *)(message + 1);
	size_t left = header->nlmsg_len - NLMSG_LENGTH(sizeof(*message));

	while (left >= sizeof(*attribute) && attribute->nla_len >= sizeof(*attribute) && attribute->nla_len <= left) {
		size_t step = NLMSG_ALIGN(attribute->nla_len);

		if (attribute->nla_type == INET_DIAG_INFO)
			times_take(socket, attribute + 1, attribute->nla_len - sizeof(*attribute));
		if (attribute->nla_type == INET_DIAG_SKMEMINFO)
			drops_take(socket, attribute + 1, attribute->nla_len - sizeof(*attribute));
		if (step >= left)
			return;
		attribute = (const void *)((const char *)attribute + step);
		left -= step;
	}
}

static void message_take(const struct nlmsghdr *header, listed_socket_fn each, void *context)
{
	const struct inet_diag_msg *message = NLMSG_DATA(header);
	struct listed_socket socket = {};

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*message)))
		return;
	address_copy(socket.endpoint.local_addr, message->idiag_family, message->id.idiag_src);
	address_copy(socket.endpoint.remote_addr, message->idiag_family, message->id.idiag_dst);
	socket.endpoint.local_port = ntohs(message->id.idiag_sport);
	socket.endpoint.remote_port = ntohs(message->id.idiag_dport);
	socket.device = message->id.idiag_if;
	socket.state = message->idiag_state;
	socket.inode = message->idiag_inode;
	socket.cookie = (uint64_t)message->id.idiag_cookie[1] << 32 | message->id.idiag_cookie[0];
	socket.is_timewait = message->idiag_timer == TIMER_TIMEWAIT;
	if (socket.is_timewait)
		socket.expires_ns = message->idiag_expires * NSEC_PER_MSEC;
	socket.uid = message->idiag_uid;
	socket.rx_queue = message->idiag_rqueue;
	socket.tx_queue = message->idiag_wqueue;
	socket.timer = timer_of(message->idiag_timer);
	socket.retransmits = message->idiag_retrans;
	attributes_take(&socket, header, message);
	each(context, &socket);
}

static int error_of(const struct nlmsghdr *header)
{
	const struct nlmsgerr *message = NLMSG_DATA(header);
	bool is_whole = header->nlmsg_len >= NLMSG_LENGTH(sizeof(message->error));

	return is_whole && message->error < 0 && message->error >= -MAX_ERRNO ? message->error : -EPROTO;
}

int sockets_list_answer(const void *answer, size_t size, listed_socket_fn each, void *context)
{
	const struct nlmsghdr *header = answer;
	int left = size; /* signed: the padding of the last message may be missing */

	for (; left > 0 && NLMSG_OK(header, (unsigned int)left); header = NLMSG_NEXT(header, left)) {
		if (header->nlmsg_type == NLMSG_DONE)
			return 1;
		if (header->nlmsg_type == NLMSG_ERROR)
			return error_of(header);
		message_take(header, each, context);
	}
	return 0;
}

static struct request request_of(unsigned int family, unsigned int flags)
{
	struct request request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = SOCK_DIAG_BY_FAMILY },
		.body = { .sdiag_family = family, .sdiag_protocol = IPPROTO_TCP, .idiag_ext = 1 << (INET_DIAG_INFO - 1) },
	};

	request.header.nlmsg_flags = NLM_F_REQUEST | flags;
	return request;
}

/* One datagram of an answer, as sockets_list_answer(). */
static int answer_take(int fd, listed_socket_fn each, void *context)
{
	_Alignas(struct nlmsghdr) char reply[REPLY_BYTES];
	ssize_t size;

	do
		size = recv(fd, reply, sizeof(reply), 0);
	while (size < 0 && errno == EINTR);
	if (size <= 0)
		return size ? -errno : -EPROTO;
	return sockets_list_answer(reply, size, each, context);
}

static int list_family(int fd, unsigned int family, uint32_t states, listed_socket_fn each, void *context)
{
	struct request request = request_of(family, NLM_F_DUMP);
	int err = 0;

	request.body.idiag_states = states;
	if (states == 1U << STATE_LISTEN)
		request.body.idiag_ext |= 1 << (INET_DIAG_SKMEMINFO - 1);
	if (send(fd, &request, sizeof(request), 0) < 0)
		return -errno;
	while (!err)
		err = answer_take(fd, each, context);
	return err < 0 ? err : 0;
}

static void id_address_set(__be32 out[4], unsigned int family, const uint8_t mapped[16])
{
	if (family == AF_INET)
		memcpy(out, mapped + 12, 4);
	else
		memcpy(out, mapped, 16);
}

int sockets_diag_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

int sockets_diag_find(int fd, const struct endpoint *endpoint, listed_socket_fn each, void *context)
{
	const unsigned int family = address_from_mapped(endpoint->remote_addr).family;
	struct request request = request_of(family, 0);

	request.body.id.idiag_sport = htons(endpoint->local_port);
	request.body.id.idiag_dport = htons(endpoint->remote_port);
	id_address_set(request.body.id.idiag_src, family, endpoint->local_addr);
	id_address_set(request.body.id.idiag_dst, family, endpoint->remote_addr);
	request.body.id.idiag_cookie[0] = request.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return send(fd, &request, sizeof(request), 0) < 0 ? -errno : answer_take(fd, each, context);
}

int sockets_list_diag(uint32_t states, listed_socket_fn each, void *context)
{
	int fd = sockets_diag_open(), err;

	if (fd < 0)
		return fd;
	err = list_family(fd, AF_INET, states, each, context);
	if (!err)
		err = list_family(fd, AF_INET6, states, each, context);
	close(fd);
	return err == -ENOENT ? -EOPNOTSUPP : err;
}

/* An address of /proc/net/tcp: words of 32 bits in the machine's order. */
static bool address_read(const char *text, uint8_t out[16])
{
	uint32_t words[4];
	int count = sscanf(text, "%8x%8x%8x%8x", &words[0], &words[1], &words[2], &words[3]);

	if (count != 1 && count != 4)
		return false;
	address_copy(out, count == 4 ? AF_INET6 : AF_INET, words);
	return true;
}

static bool line_read(const char *line, struct listed_socket *socket)
{
	char local[33], remote[33];
	unsigned int local_port, remote_port, state, timer, retransmits;
	unsigned long long inode;

	if (sscanf(line, " %*u: %32[0-9A-F]:%4X %32[0-9A-F]:%4X %2X %8X:%8X %2X:%*8X %8X %u %*u %llu", local, &local_port,
		   remote, &remote_port, &state, &socket->tx_queue, &socket->rx_queue, &timer, &retransmits, &socket->uid,
		   &inode) != 11)
		return false;
	socket->endpoint.local_port = local_port;
	socket->endpoint.remote_port = remote_port;
	socket->state = state;
	socket->inode = inode;
	socket->timer = timer_of(timer);
	socket->retransmits = retransmits;
	return address_read(local, socket->endpoint.local_addr) && address_read(remote, socket->endpoint.remote_addr);
}

int sockets_list_text(FILE *file, uint32_t states, listed_socket_fn each, void *context)
{
	char line[512];

	while (fgets(line, sizeof(line), file)) {
		struct listed_socket socket = {};

		if (line_read(line, &socket) && socket.state < 32 && states & 1U << socket.state)
			each(context, &socket);
	}
	return ferror(file) ? -EIO : 0;
}

static int list_file(const char *path, uint32_t states, listed_socket_fn each, void *context)
{
	FILE *file = fopen(path, "re");
	int err;

	if (!file)
		return -errno;
	err = sockets_list_text(file, states, each, context);
	fclose(file);
	return err;
}

int sockets_list(uint32_t states, listed_socket_fn each, void *context)
{
	int err = sockets_list_diag(states, each, context);

	if (err != -EOPNOTSUPP && err != -EPROTONOSUPPORT)
		return err;
	err = list_file("/proc/thread-self/net/tcp", states, each, context);
	if (!err)
		err = list_file("/proc/thread-self/net/tcp6", states, each, context);
	return err == -ENOENT ? 0 : err;
}
