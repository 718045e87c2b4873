/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What iterators tell of a socket that is there: a record like those of events, so the reader needs no second way; once in each
 * listing (bpf/emit.bpf.h).
 */
#ifndef TCPDWELL_PRESENCE_BPF_H
#define TCPDWELL_PRESENCE_BPF_H

#include "listener.bpf.h"
#include "transition.bpf.h"

/* Sockets that the ring buffer had no room to tell of. Nothing is lost: the next sweep tells of them. */
__u64 presences_refused = 0;

/* connect() entered SYN_SENT and that was not told, as a filter needs its port: it is told now. */
static __always_inline bool began_untold(const struct connection *connection)
{
	return awaits_ports && connection->state == TCP_SYN_SENT && !connection->told && connection->since_ns;
}

/*
 * False: the ring buffer was full. An event of the socket may come meanwhile. One that comes before it is marked has told more, and ended the
 * connection `id`, changed its state or marked it: then the record is not submitted. One that comes after it knows that it is told, and its own
 * record is behind this one.
 */
static __always_inline bool emit_presence(const struct happening *presence, struct connection *connection,
					  const struct endpoint *endpoint, __u64 id)
{
	struct transition *record = record_of(presence, connection, endpoint);
	volatile struct connection *now = connection;

	if (!record)
		return false;
	if (record->id == id && now->id == id && now->state == presence->new_state && now->told != record->listing) {
		now->told = record->listing;
		bpf_ringbuf_submit(record, wake_up_flags());
	} else {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
	}
	return true;
}

/* Tells that connection `id` is there, unless that was told in this listing. */
static __always_inline void tell_presence(struct connection *connection, const struct endpoint *endpoint, __u64 id,
					  struct happening presence)
{
	presence.type = RECORD_SOCKET;
	presence.old_state = presence.new_state = connection->state;
	if (began_untold(connection)) {
		presence.type = RECORD_TRANSITION;
		presence.old_state = TCP_CLOSE;
		presence.time_ns = connection->since_ns;
	}
	if (connection->told == listing || !is_connected_state(connection->state) || !states_selected(&presence) ||
	    !is_wanted(connection, endpoint))
		return;
	if (!emit_presence(&presence, connection, endpoint, id))
		atomic_add(&presences_refused, 1);
}

/* Has connect() chosen the socket's port meanwhile? */
static __always_inline bool port_learn(struct connection *connection, const struct sock *sk)
{
	__u16 port = READ(sk, __sk_common.skc_num);

	if (!port || READ(sk, __sk_common.skc_state) != TCP_SYN_SENT) {
		ports_awaited = awaits_ports;
		return false;
	}
	connection->endpoint.local_port = port;
	connection->hash = READ(sk, __sk_common.skc_hash);
	return true;
}

/* ... of a socket that was told of without it. */
static __always_inline void tell_local_port(struct connection *connection, const struct endpoint *endpoint, __u64 now_ns)
{
	struct happening chosen = {
		.type = RECORD_LOCAL_PORT,
		.old_state = TCP_SYN_SENT,
		.new_state = TCP_SYN_SENT,
		.time_ns = now_ns,
	};

	if (awaits_ports && connection->told == listing)
		emit_event(&chosen, connection, endpoint);
}

static __always_inline void tell_socket(struct connection *connection, __u64 id, const struct sock *sk, __u64 now_ns)
{
	struct endpoint endpoint;
	__u8 flags = is_in_accept_queue(false, connection, sk) ? FLAG_IN_ACCEPT_QUEUE : 0;

	bool learnt = connection->state == TCP_SYN_SENT && !connection->endpoint.local_port && port_learn(connection, sk);

	endpoint = connection->endpoint;
	if (filter_local_ports && !endpoint_selected(&endpoint))
		return;
	if (learnt)
		tell_local_port(connection, &endpoint, now_ns);
	tell_presence(connection, &endpoint, id,
		      (struct happening){
			      .flags = flags,
			      .time_ns = now_ns,
			      .socket_cgroup_id = connection->owner.start_ns ? 0 : socket_cgroup_id(sk),
			      .own_range = measure_ports ? compat_own_range(sk) : 0,
			      .device = measure_ports ? READ(sk, __sk_common.skc_bound_dev_if) : 0,
		      });
}

/* Its timer tells how long it has been in TIME_WAIT, also of one that was there before us. */
static __always_inline void tell_timewait(struct connection *connection, const struct endpoint *endpoint, __u64 id,
					  const struct inet_timewait_sock *tw, __u64 now_ns)
{
	tell_presence(connection, endpoint, id,
		      (struct happening){
			      .flags = FLAG_TIMEWAIT | timewait_flags(tw),
			      .time_ns = now_ns,
			      .since_ns = connection->state == TCP_TIME_WAIT ? time_wait_began(tw, now_ns) : 0,
			      .device = measure_ports ? READ(tw, __tw_common.skc_bound_dev_if) : 0,
		      });
}

#endif
