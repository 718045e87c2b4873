/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What of a single socket concerns local ports: how long its connect() looked for one, the range that it may choose from, and the
 * interface that it is bound to, which keeps its ports apart from those of others. Only where measure_ports says so.
 */
#ifndef TCPDWELL_SEARCH_BPF_H
#define TCPDWELL_SEARCH_BPF_H

#include "compat.bpf.h"
#include "emit.bpf.h"

/*
 * connect() enters SYN_SENT, looks for a port, sends its SYN. The kernel keeps when it sent last, by the same clock as ours: so until
 * anything else is sent, that is when the search was over (the route and the first segment's making are in it: 2 us). Not where the
 * SYN was sent again, nor where it waits for the first data (TCP_FASTOPEN_CONNECT).
 */
static __always_inline __u32 search_time(const struct sock *sk, __u64 since_ns)
{
	const struct tcp_sock *tp = (const struct tcp_sock *)sk;
	__u64 sent_ns = BPF_CORE_READ(tp, tcp_wstamp_ns);

	if (!since_ns || sent_ns <= since_ns || BPF_CORE_READ(tp, total_retrans) ||
	    BPF_CORE_READ_BITFIELD_PROBED(tp, fastopen_connect))
		return 0;
	sent_ns -= since_ns;
	return sent_ns > 0xffffffff ? 0xffffffff : sent_ns;
}

static __always_inline void search_note(const struct sock *sk, const struct connection *connection, struct happening *happening)
{
	if (happening->new_state == TCP_SYN_SENT || happening->old_state == TCP_SYN_SENT) {
		happening->own_range = compat_own_range(sk);
		happening->device = BPF_CORE_READ(sk, __sk_common.skc_bound_dev_if);
	}
	if (happening->old_state == TCP_SYN_SENT && happening->new_state == TCP_ESTABLISHED && connection->state == TCP_SYN_SENT)
		happening->search_ns = search_time(sk, connection->since_ns);
}

#endif
