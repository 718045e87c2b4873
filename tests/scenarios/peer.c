// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The hand-made TCP peer: segments go out through a raw socket (local delivery to the kernel's own address)
 * and are seen through a packet socket on lo. No options, a fixed window, no retransmission.
 */
#define _GNU_SOURCE 1
#include "peer.h"

#include "life.h"
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 20000
#define MAX_DATA 64

void peer_open(struct peer *p)
{
	struct sockaddr_ll lo = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP),
				  .sll_ifindex = if_nametoindex("lo") };
	int err = net_route_peer(inet_addr(PEER_KERNEL_ADDR), inet_addr(PEER_ADDR));

	if (net_is_bad())
		life_skip("its peer sends once, and the network loses");
	memset(p, 0, sizeof(*p));
	p->port = PEER_PORT;
	p->next_send = 1000000;
	if (err)
		life_skip("no route for a hand-made peer: %s", strerror(-err));
	p->raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	p->tap = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP));
	if (p->raw < 0 || p->tap < 0 || bind(p->tap, (struct sockaddr *)&lo, sizeof(lo)))
		life_skip("no packet sockets for a hand-made peer: %s", strerror(errno));
}

struct segment {
	struct iphdr ip;
	struct tcphdr tcp;
	char data[MAX_DATA];
};

static uint32_t sum16(const void *data, size_t len, uint32_t sum)
{
	const unsigned char *b = data;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? b[i] : (uint32_t)b[i] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum & 0xffff);
}

static uint16_t tcp_checksum(const struct segment *s, size_t len)
{
	uint32_t sum = sum16(&s->ip.saddr, 8, IPPROTO_TCP + len);

	return fold(sum16(&s->tcp, len, sum));
}

void peer_send(struct peer *p, int flags, int bytes)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = p->kernel_addr };
	size_t len = sizeof(struct tcphdr) + bytes;
	struct segment s = {
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP,
			.tot_len = htons(sizeof(struct iphdr) + len),
			.saddr = inet_addr(PEER_ADDR), .daddr = p->kernel_addr },
		.tcp = { .source = htons(p->port), .dest = htons(p->kernel_port), .doff = 5,
			 .seq = htonl(p->next_send), .window = htons(32768),
			 .fin = !!(flags & FIN), .syn = !!(flags & SYN), .rst = !!(flags & RST),
			 .ack = !!(flags & ACK) },
	};

	if (flags & ACK)
		s.tcp.ack_seq = htonl(p->next_receive);
	s.tcp.check = tcp_checksum(&s, len);
	if (sendto(p->raw, &s, sizeof(struct iphdr) + len, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		life_fail("hand-made segment refused: %s", strerror(errno));
	p->next_send += bytes + !!(flags & FIN) + !!(flags & SYN);
}

static int segment_flags(const struct tcphdr *tcp)
{
	return (tcp->fin ? FIN : 0) | (tcp->syn ? SYN : 0) | (tcp->rst ? RST : 0) | (tcp->ack ? ACK : 0);
}

/* True for a segment to this peer that brings something new. */
static bool segment_take(struct peer *p, const struct segment *s, int flags)
{
	const struct tcphdr *tcp = &s->tcp;
	int data = ntohs(s->ip.tot_len) - s->ip.ihl * 4 - tcp->doff * 4;

	if (s->ip.protocol != IPPROTO_TCP || s->ip.daddr != inet_addr(PEER_ADDR) ||
	    ntohs(tcp->dest) != p->port || (segment_flags(tcp) & flags) != flags)
		return false;
	if (!(flags & SYN) && (int32_t)(ntohl(tcp->seq) - p->next_receive) < 0)
		return false;
	if (flags & SYN) {
		p->kernel_port = ntohs(tcp->source);
		p->kernel_addr = s->ip.saddr;
	}
	p->next_receive = ntohl(tcp->seq) + data + tcp->fin + tcp->syn;
	return true;
}

void peer_wait(struct peer *p, int flags)
{
	struct pollfd poller = { .fd = p->tap, .events = POLLIN };
	struct sockaddr_ll from;
	struct segment s;

	while (poll(&poller, 1, WAIT_MS) == 1) {
		socklen_t len = sizeof(from);

		/* Each segment is seen twice on lo; only its arrival counts. */
		if (recvfrom(p->tap, &s, sizeof(s), 0, (struct sockaddr *)&from, &len) > 0 &&
		    from.sll_pkttype != PACKET_OUTGOING && segment_take(p, &s, flags))
			return;
	}
	life_fail("the kernel sent no segment with flags %#x", flags);
}

/* The ICMP message carries the head of the segment that it is about. */
void peer_unreachable(struct peer *p, int code)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = p->kernel_addr };
	struct {
		struct iphdr ip;
		struct icmphdr icmp;
		struct iphdr about_ip;
		struct tcphdr about_tcp;
	} m = {
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_ICMP, .tot_len = htons(sizeof(m)),
			.saddr = inet_addr(PEER_ADDR), .daddr = p->kernel_addr },
		.icmp = { .type = ICMP_DEST_UNREACH, .code = code },
		.about_ip = { .version = 4, .ihl = 5, .ttl = 63, .protocol = IPPROTO_TCP,
			      .tot_len = htons(sizeof(m.about_ip) + sizeof(m.about_tcp)),
			      .saddr = p->kernel_addr, .daddr = inet_addr(PEER_ADDR) },
		.about_tcp = { .source = htons(p->kernel_port), .dest = htons(p->port), .doff = 5,
			       .seq = htonl(p->next_receive - 1), .syn = 1 },
	};

	m.icmp.checksum = fold(sum16(&m.icmp, sizeof(m) - sizeof(m.ip), 0));
	if (sendto(p->raw, &m, sizeof(m), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		life_fail("hand-made ICMP message refused: %s", strerror(errno));
}

void peer_shake(struct peer *p)
{
	peer_wait(p, SYN);
	peer_send(p, SYN | ACK, 0);
	peer_wait(p, ACK);
}
