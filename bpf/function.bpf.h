/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What function hooks (fentry, kprobe) report directly. They mark the connection; the transition that follows finds the
 * mark and needs no look-up of its own.
 */
#ifndef TCPDWELL_FUNCTION_BPF_H
#define TCPDWELL_FUNCTION_BPF_H

#include "syscall.bpf.h"
#include "transition.bpf.h"

static __always_inline void time_wait_made(__u64 tw, const struct sock *sk)
{
	struct connection *connection = socket_find(sk).connection;

	if (connection)
		connection->object = tw;
}

static __always_inline void time_wait_rearmed(struct inet_timewait_sock *tw)
{
	struct endpoint endpoint = {};
	struct connection *connection;

	if (fin_wait2_timewait_sockets <= 0 || READ(tw, tw_substate) != TCP_TIME_WAIT)
		return;
	endpoint_of_timewait(&endpoint, tw);
	connection = time_wait_find(&endpoint).connection;
	/*
	 * The entry of one that was killed stays until it is known why. The next connection between the same ends may have its memory,
	 * and get the peer's FIN before its own event, which sees that then.
	 */
	if (connection && connection->object == (__u64)tw && !connection->ended_ns)
		time_wait_look(connection, &endpoint, tw, bpf_ktime_get_ns(), true);
}

/*
 * Accepted when it waits already: the reader takes it for the listener's. An established one tells of its owner itself when it
 * goes on, and looks at all descriptors find it else.
 */
static __always_inline void holder_accepted(struct connection *connection)
{
	struct happening accepted = { .type = RECORD_HOLDER, .old_state = connection->state, .new_state = connection->state };
	struct endpoint endpoint = connection->endpoint;

	if (connection->state == TCP_ESTABLISHED || !(holder_states & (1U << (connection->state & 31))))
		return;
	accepted.time_ns = bpf_ktime_get_ns();
	emit_event(&accepted, connection, &endpoint);
}

/* The end of accept(), in the task that called it. */
static __always_inline void connection_accepted(const struct sock *sk)
{
	struct connection *connection;
	struct process current = {};
	struct place place;

	if (READ(sk, sk_protocol) != IPPROTO_TCP)
		return;
	place = socket_find(sk);
	connection = place.connection;
	if (!connection || !current_process(&current))
		return;
	owner_is_current(connection, &current);
	if (measure_accepts)
		accept_ends(place);
	holder_accepted(connection);
}

/* The end of a system call: the same, a moment later. */
static __always_inline void accept_call_ended(struct pt_regs *regs, __u64 fd)
{
	struct sock *sk;

	if (!is_accept(regs))
		return;
	sk = sock_of_descriptor(fd);
	if (sk)
		connection_accepted(sk);
}

/* close(), also by exit, in the task that does it. Only the first call counts; shutdown() may have been before. */
static __always_inline void connection_closed(const struct sock *sk)
{
	struct connection *connection = socket_find(sk).connection;

	if (!connection || !was_synchronized(connection->state) || connection->closer.start_ns)
		return;
	if (current_process(&connection->closer) && !is_closer(connection, &connection->closer))
		__builtin_memset(&connection->closer, 0, sizeof(connection->closer));
}

/* The errors of a connect() that found no route, or one that forbids it. */
static __always_inline bool is_of_route(int error)
{
	return error == ENETUNREACH || error == EHOSTUNREACH || error == ENETDOWN || error == EACCES;
}

struct destination {
	__u16 family;
	__be16 port;
	__be32 ipv4; /* of IPv6: its flow label */
	__u8 ipv6[16];
};

/* Where the program wanted to connect to. False: an IPv4 address in IPv6's clothes, which the function for IPv4 tells of. */
static __always_inline bool destination_read(struct endpoint *endpoint, const void *address, bool ipv6)
{
	struct destination destination;

	if (bpf_probe_read_kernel(&destination, ipv6 ? sizeof(destination) : 8, address))
		return false;
	endpoint->remote_port = bpf_ntohs(destination.port);
	if (ipv6)
		__builtin_memcpy(endpoint->remote_addr, destination.ipv6, sizeof(destination.ipv6));
	else
		addr_from_ipv4(endpoint->remote_addr, destination.ipv4);
	return !ipv6 || !addr_is_ipv4(endpoint->remote_addr);
}

/* The end of connect() in the process that called it: without a route no state was entered. */
static __always_inline void connect_ended(const struct sock *sk, const void *address, int error, bool ipv6)
{
	struct connection connection = { .side = SIDE_ACTIVE };
	struct process current = {};
	struct endpoint endpoint = {};
	struct happening happening = {
		.type = RECORD_CONNECT_FAILED,
		.old_state = TCP_CLOSE,
		.new_state = TCP_CLOSE,
		.error = error,
	};

	if (!is_of_route(error))
		return;
	endpoint_of_socket(false, &endpoint, sk);
	if (!destination_read(&endpoint, address, ipv6) || !netns_selected(endpoint.netns) || !endpoint_selected(&endpoint) ||
	    !current_process(&current))
		return;
	happening.time_ns = bpf_ktime_get_ns();
	connection.id = connection_id(happening.time_ns);
	owner_is_current(&connection, &current);
	emit_event(&happening, &connection, &endpoint);
}

#endif
