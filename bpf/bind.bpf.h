/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bind() and listen() that fail since the address is in use (EADDRINUSE): a port that somebody else has, or, with port 0, no port that
 * is free for this address. No state is entered, so it takes a hook of its own: on the function that looks for the port, or, where the
 * kernel lets us hook none, on the end of system calls, which costs each of them something and is there only on demand.
 */
#ifndef TCPDWELL_BIND_BPF_H
#define TCPDWELL_BIND_BPF_H

#include "function.bpf.h"
#include "snapshot.bpf.h"
#include "syscall.bpf.h"

#define EADDRINUSE 98

/* In the task that called it. */
static __always_inline void bind_emit(struct endpoint *endpoint)
{
	struct connection connection = {};
	struct process current = {};
	struct happening happening = {
		.type = RECORD_BIND_FAILED,
		.old_state = TCP_CLOSE,
		.new_state = TCP_CLOSE,
		.error = EADDRINUSE,
	};

	endpoint->remote_port = 0;
	if (!netns_selected(endpoint->netns) || !endpoint_selected(endpoint) || !current_process(&current))
		return;
	happening.time_ns = bpf_ktime_get_ns();
	connection.id = connection_id(happening.time_ns);
	owner_is_current(&connection, &current);
	emit_event(&happening, &connection, endpoint);
}

/* The kernel looked for `port`: 0 is any. The socket has its address already. */
static __always_inline void bind_failed(const struct sock *sk, __u16 port)
{
	struct endpoint endpoint = {};

	if (READ(sk, sk_protocol) != IPPROTO_TCP)
		return;
	endpoint_of_socket(false, &endpoint, sk);
	endpoint.local_port = port;
	bind_emit(&endpoint);
}

/* A kretprobe is told the result and nothing else. */
static __always_inline void bind_called(const struct sock *sk, __u16 port)
{
	const struct bind_call call = { .sk = sk, .port = port };
	__u64 thread = bpf_get_current_pid_tgid();

	bpf_map_update_elem(&bind_call_by_thread, &thread, &call, BPF_ANY);
}

static __always_inline void bind_returned(int result)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct bind_call *call = bpf_map_lookup_elem(&bind_call_by_thread, &thread);

	if (!call)
		return;
	if (result)
		bind_failed(call->sk, call->port);
	bpf_map_delete_elem(&bind_call_by_thread, &thread);
}

/* The socket has lost the address that it did not get; the program's memory still has it. */
static __always_inline bool bind_address_read(struct endpoint *endpoint, const struct sock *sk, const void *address)
{
	bool ipv6 = READ(sk, __sk_common.skc_family) == AF_INET6;
	struct destination wanted = {};

	if (bpf_probe_read_user(&wanted, ipv6 ? sizeof(wanted) : 8, address))
		return false;
	endpoint->local_port = bpf_ntohs(wanted.port);
	if (ipv6)
		__builtin_memcpy(endpoint->local_addr, wanted.ipv6, sizeof(wanted.ipv6));
	else
		addr_from_ipv4(endpoint->local_addr, wanted.ipv4);
	return true;
}

/* The end of a system call that gave EADDRINUSE. */
static __always_inline void bind_call_failed(struct pt_regs *regs)
{
	__u64 number = syscall_number(regs);
	struct endpoint endpoint = {};
	struct sock *sk;

	if ((number != SYSCALL_BIND && number != SYSCALL_LISTEN) || syscall_is_32_bit(regs))
		return;
	sk = sock_of_descriptor((__u32)syscall_first(regs));
	if (!sk)
		return;
	endpoint_of_socket(false, &endpoint, sk);
	if (number == SYSCALL_LISTEN || bind_address_read(&endpoint, sk, (const void *)syscall_second(regs)))
		bind_emit(&endpoint);
}

#endif
