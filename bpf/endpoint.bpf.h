/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Endpoints: read from full and timewait sockets, and the filters that need nothing else. */
#ifndef TCPDWELL_ENDPOINT_BPF_H
#define TCPDWELL_ENDPOINT_BPF_H

#include "compat.bpf.h"
#include <bpf/bpf_endian.h>
#include "config.bpf.h"
#include "maps.bpf.h"

#define AF_INET 2
#define AF_INET6 10

static __always_inline void addr_from_ipv4(__u8 addr[16], __be32 ipv4)
{
	__u32 *words = (__u32 *)addr;

	words[0] = 0;
	words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = ipv4;
}

static __always_inline bool addr_is_ipv4(const __u8 addr[16])
{
	const __u32 *words = (const __u32 *)addr;

	return !words[0] && !words[1] && words[2] == bpf_htonl(0xffff);
}

static __always_inline bool addr_is_any(const __u8 addr[16])
{
	const __u32 *words = (const __u32 *)addr;

	return !words[0] && !words[1] && !words[3] && (!words[2] || words[2] == bpf_htonl(0xffff));
}

static __always_inline bool addr_is_loopback(const __u8 addr[16])
{
	const __u32 *words = (const __u32 *)addr;

	if (addr_is_ipv4(addr))
		return addr[12] == 127;
	return !words[0] && !words[1] && !words[2] && words[3] == bpf_htonl(1);
}

/* Of filter_netns_single. */
__u64 filter_netns_cookie = 0;

/*
 * Inode number of a namespace (struct net) if the filter means it, else 0. The kernel gives the lowest free one to the next namespace,
 * at once after one has ended; a cookie is used once. The first that is met is taken for the one that was asked for: seeding meets all
 * (bpf/table.bpf.h), before the number is another's as a rule. Kernels before 5.12 have no cookie that one can rely on.
 * Global: the verifier goes through it once.
 */
__noinline __u32 netns_meant(__u64 address)
{
	const struct net *net = (const struct net *)address;
	__u32 number = READ(net, ns.inum);
	__u64 *meant, cookie = 0;

	if (bpf_core_field_exists(net->net_cookie))
		cookie = READ(net, net_cookie);
	if (filter_netns_single)
		meant = number == filter_netns_single ? &filter_netns_cookie : NULL;
	else
		meant = bpf_map_lookup_elem(&filter_netns_set, &number);
	if (!meant)
		return 0;
	if (!*meant)
		*meant = cookie;
	return *meant == cookie ? number : 0;
}

static __always_inline __u32 netns_number(const struct net *net)
{
	return filter_netns ? netns_meant((__u64)net) : READ(net, ns.inum);
}

static __always_inline __u32 netns_of(bool trusted, const struct sock_common *skc)
{
	if (LOADS_POINTERS(trusted) && !filter_netns)
		return skc->skc_net.net->ns.inum;
	return netns_number(READ(skc, skc_net.net));
}

static __always_inline void addr_from_ipv6(bool trusted, __u8 addr[16], const struct in6_addr *from)
{
	__u32 *words = (__u32 *)addr;

	words[0] = FIELD(trusted, from, in6_u.u6_addr32[0]);
	words[1] = FIELD(trusted, from, in6_u.u6_addr32[1]);
	words[2] = FIELD(trusted, from, in6_u.u6_addr32[2]);
	words[3] = FIELD(trusted, from, in6_u.u6_addr32[3]);
}

static __always_inline void addrs_take(bool trusted, struct endpoint *endpoint, const struct sock_common *skc)
{
	if (FIELD(trusted, skc, skc_family) == AF_INET6) {
		addr_from_ipv6(trusted, endpoint->local_addr, &skc->skc_v6_rcv_saddr);
		addr_from_ipv6(trusted, endpoint->remote_addr, &skc->skc_v6_daddr);
	} else {
		addr_from_ipv4(endpoint->local_addr, FIELD(trusted, skc, skc_rcv_saddr));
		addr_from_ipv4(endpoint->remote_addr, FIELD(trusted, skc, skc_daddr));
	}
}

static __always_inline void addrs_read(bool trusted, struct endpoint *endpoint, const struct sock_common *skc)
{
	if (!trusted && HAS_CASTS)
		addrs_take(true, endpoint, CAST(skc));
	else
		addrs_take(trusted, endpoint, skc);
}

/*
 * The kernel takes skc_num back before it tells of -> CLOSE; inet_sport stays, but lies outside of struct sock, where
 * the verifier allows only a probe read.
 */
static __always_inline __u16 local_port_of(bool trusted, const struct sock *sk)
{
	__u16 port = FIELD(trusted, sk, __sk_common.skc_num);

	return port ?: bpf_ntohs(READ((const struct inet_sock *)sk, inet_sport));
}

static __always_inline void endpoint_of_socket(bool trusted, struct endpoint *endpoint, const struct sock *sk)
{
	addrs_read(trusted, endpoint, &sk->__sk_common);
	endpoint->local_port = local_port_of(trusted, sk);
	endpoint->remote_port = bpf_ntohs(FIELD(trusted, sk, __sk_common.skc_dport));
	endpoint->netns = netns_of(trusted, &sk->__sk_common);
}

static __always_inline void endpoint_of_timewait(struct endpoint *endpoint, const struct inet_timewait_sock *tw)
{
	const struct sock_common *skc = &tw->__tw_common;

	addrs_read(false, endpoint, skc);
	endpoint->local_port = bpf_ntohs(READ(tw, tw_sport));
	endpoint->remote_port = bpf_ntohs(READ(skc, skc_dport));
	endpoint->netns = netns_of(false, skc);
}

/* By netns_number(). */
static __always_inline bool netns_selected(__u32 netns)
{
	return !filter_netns || netns;
}

static __always_inline bool remote_addr_selected(const __u8 addr[16])
{
	int i;

	if (!filter_remote_addr)
		return true;
	for (i = 0; i < 16; i++)
		if ((addr[i] & filter_remote_mask[i]) != filter_remote_bytes[i])
			return false;
	return true;
}

/* A port that the kernel has not chosen or not told yet (0) passes: a later event decides. */
static __always_inline bool port_selected(void *set, bool used, __u16 port)
{
	__u32 key = port;

	return !used || !port || bpf_map_lookup_elem(set, &key) != NULL;
}

static __always_inline bool endpoint_selected(const struct endpoint *endpoint)
{
	bool ipv4;

	if (filter_ipv4 || filter_ipv6) {
		ipv4 = addr_is_ipv4(endpoint->remote_addr);
		if ((filter_ipv4 && !ipv4) || (filter_ipv6 && ipv4))
			return false;
	}
	return port_selected(&filter_local_port_set, filter_local_ports, endpoint->local_port) &&
	       port_selected(&filter_remote_port_set, filter_remote_ports, endpoint->remote_port) &&
	       (!endpoint->remote_port || remote_addr_selected(endpoint->remote_addr));
}

#endif
