/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * FIN_WAIT2 -> TIME_WAIT inside a timewait socket, told without function hooks: the kernel drops every segment that such a
 * socket receives (it has no queue), so the peer's FIN passes by kfree_skb, after the socket has changed.
 */
#ifndef TCPDWELL_SEGMENT_BPF_H
#define TCPDWELL_SEGMENT_BPF_H

#include "time_wait.bpf.h"

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define TCP_FLAG_FIN 1

/* Addresses and ports of a segment that we received, seen from our end. False: not a TCP segment with FIN. */
static __always_inline bool segment_ends(struct endpoint *endpoint, struct sk_buff *skb)
{
	unsigned char *network = skb->head + skb->network_header, *transport = skb->head + skb->transport_header;
	struct {
		__be16 source, dest;
		__be32 sequence, acknowledgement;
		__u8 offset, flags;
	} tcp;
	struct {
		__be32 words[10];
	} ip;
	__u16 protocol = bpf_ntohs(skb->protocol);
	int i;

	if (protocol != ETH_P_IP && protocol != ETH_P_IPV6)
		return false;
	if (bpf_probe_read_kernel(&tcp, sizeof(tcp), transport) || !(tcp.flags & TCP_FLAG_FIN))
		return false;
	if (bpf_probe_read_kernel(&ip, protocol == ETH_P_IP ? 20 : 40, network))
		return false;
	if (((protocol == ETH_P_IP ? bpf_ntohl(ip.words[2]) >> 16 : bpf_ntohl(ip.words[1]) >> 8) & 0xff) != IPPROTO_TCP)
		return false;
	if (protocol == ETH_P_IP) {
		addr_from_ipv4(endpoint->remote_addr, ip.words[3]);
		addr_from_ipv4(endpoint->local_addr, ip.words[4]);
	} else {
		for (i = 0; i < 4; i++) {
			((__u32 *)endpoint->remote_addr)[i] = ip.words[2 + i];
			((__u32 *)endpoint->local_addr)[i] = ip.words[6 + i];
		}
	}
	endpoint->remote_port = bpf_ntohs(tcp.source);
	endpoint->local_port = bpf_ntohs(tcp.dest);
	return true;
}

/* 0: it has no device, so it was not received; or the filter does not mean its namespace. */
static __always_inline __u32 netns_of_segment(struct sk_buff *skb)
{
	struct net_device *device;

	if (LOADS_POINTERS(true) && !filter_netns)
		return skb->dev ? skb->dev->nd_net.net->ns.inum : 0;
	device = READ(skb, dev);
	return device ? netns_number(READ(device, nd_net.net)) : 0;
}

/* A segment for a timewait socket is always dropped; when it carries a FIN it may have ended FIN_WAIT2. */
static __always_inline void segment_dropped(struct sk_buff *skb)
{
	struct endpoint endpoint = {};
	struct connection *connection;
	struct inet_timewait_sock *tw;
	__u32 netns = netns_of_segment(skb);

	if (!netns || !segment_ends(&endpoint, skb))
		return;
	endpoint.netns = netns;
	connection = time_wait_find(&endpoint).connection;
	/* Its memory may be the next connection's, as in time_wait_rearmed() (bpf/function.bpf.h). */
	if (!connection || connection->state != TCP_FIN_WAIT2 || connection->ended_ns)
		return;
	tw = (struct inet_timewait_sock *)connection->object;
	time_wait_look(connection, &endpoint, tw, bpf_ktime_get_ns(), true);
}

#endif
