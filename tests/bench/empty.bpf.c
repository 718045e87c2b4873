// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The bench's floor: an empty program on the tracepoint that every tracer here uses. What it costs
 * is what the kernel charges for being called at all; tcpdwell's goals count from there.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/inet_sock_set_state")
int empty(void *ctx)
{
	return 0;
}
