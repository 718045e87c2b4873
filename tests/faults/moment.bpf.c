// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Makes a moment long: when a timewait socket takes a connection's place the kernel enters it into its table, and then tells of the
 * change. In between it calls this program, for connections made in one cgroup, which stays for HOLD_NS.
 */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

#define HOLD_NS 150000000ULL
#define LOOPS_MAX (1 << 23) /* the kernel's own limit */

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* For who reads them: how many were held, and the longest. */
__u64 held = 0, longest_ns = 0;

static int is_over(__u32 i, const __u64 *begin_ns)
{
	return bpf_ktime_get_ns() - *begin_ns >= HOLD_NS;
}

SEC("sockops")
int hold(struct bpf_sock_ops *ops)
{
	__u64 begin_ns = bpf_ktime_get_ns(), ns;

	if (ops->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
		bpf_sock_ops_cb_flags_set(ops, BPF_SOCK_OPS_STATE_CB_FLAG);
	if (ops->op != BPF_SOCK_OPS_STATE_CB || ops->args[0] != BPF_TCP_FIN_WAIT2 || ops->args[1] != BPF_TCP_CLOSE)
		return 1;
	bpf_loop(LOOPS_MAX, is_over, &begin_ns, 0);
	ns = bpf_ktime_get_ns() - begin_ns;
	__sync_fetch_and_add(&held, 1);
	if (ns > longest_ns)
		longest_ns = ns;
	return 1;
}
