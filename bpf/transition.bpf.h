/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a state transition means: who owns the connection, and who closed it.
 *
 * The running task means something only where a process acts on its own socket: CLOSE -> SYN_SENT, -> LISTEN, and what
 * close(), shutdown() and exit do. All else happens in softirq context, in whatever task was interrupted.
 */
#ifndef TCPDWELL_TRANSITION_BPF_H
#define TCPDWELL_TRANSITION_BPF_H

#include "accept.bpf.h"
#include "connect.bpf.h"
#include "end.bpf.h"
#include "listener.bpf.h"
#include "search.bpf.h"
#include "side.bpf.h"
#include "time_wait.bpf.h"

#define IPPROTO_TCP 6

/* Is anything told of a connection that has reached LAST_ACK? */
static __always_inline bool last_ack_matters(void)
{
	return track_all || emit_states & (1U << TCP_LAST_ACK | 1U << TCP_CLOSE);
}

static __always_inline __u64 mix64(__u64 x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/* One for each connection: a processor does not see two begin at the same nanosecond. */
static __always_inline __u64 connection_id(__u64 now_ns)
{
	return mix64(mix64(now_ns ^ id_secret_low) + bpf_get_smp_processor_id() * GOLDEN_RATIO_64 + id_secret_high);
}

static __always_inline __u64 socket_cgroup_id(const struct sock *sk)
{
	struct cgroup *cgroup = compat_socket_cgroup(sk);

	return cgroup ? cgroup_named((__u64)READ(cgroup, kn)) : 0;
}

static __always_inline void learn_side(struct connection *connection, const struct sock *sk, const struct endpoint *endpoint,
				       const struct happening *happening)
{
	if (happening->old_state == TCP_SYN_SENT || happening->new_state == TCP_SYN_SENT)
		connection->side = SIDE_ACTIVE;
	else if (happening->old_state == TCP_SYN_RECV || happening->new_state == TCP_SYN_RECV)
		connection->side = connection->side ?: SIDE_PASSIVE; /* both ends may have connected to each other */
	else if (happening->new_state != TCP_LISTEN)
		side_find(connection, sk, endpoint);
}

/* Does the running process end the connection from this side? The first to do so is the closer. */
static __always_inline bool is_closing(const struct connection *connection, const struct sock *sk,
				       const struct happening *happening)
{
	if (connection->closer.start_ns)
		return false;
	if (happening->new_state == TCP_FIN_WAIT1 || happening->new_state == TCP_LAST_ACK)
		return in_process_context(sk);
	return happening->end == END_RESET_SENT && was_synchronized(happening->old_state);
}

#define OWNER_ACTS 1
#define CLOSER_ACTS 2

/*
 * The running process acts. Global functions, here and below, so that the verifier goes through them once and not for each way that
 * leads here; hence the place is given by numbers.
 */
__noinline int running_process_acts(__u64 key, __u32 way, __u64 acts)
{
	struct connection *connection = socket_at(key, way).connection;
	struct process current = {};

	if (!connection || !current_process(&current))
		return 0;
	if (acts & OWNER_ACTS)
		owner_is_current(connection, &current);
	if (acts & CLOSER_ACTS && is_closer(connection, &current))
		connection->closer = current;
	return acts & OWNER_ACTS;
}

/* It is the owner. Apart from the above, which needs as much of the 512 bytes that there are for all frames of the stack. */
__noinline int running_owner_registers(__u64 key, __u32 way, __u64 credentials)
{
	struct connection *connection = socket_at(key, way).connection;
	struct process current;

	if (!connection)
		return 0;
	current = connection->owner;
	current_register(credentials, &current);
	return 0;
}

/* No process was seen to connect or accept it. `queued`: it is in an accept queue. */
__noinline int owner_is_sought(__u64 key, __u32 way, __u64 credentials, __u64 queued)
{
	struct connection *connection = socket_at(key, way).connection;
	struct endpoint endpoint;

	if (!connection)
		return 0;
	endpoint = connection->endpoint;
	owner_complete(connection, &endpoint, credentials, queued);
	return 0;
}

/* What a transition says about owner and closer. */
static __always_inline void learn_processes(struct place place, const struct sock *sk, const struct happening *happening,
					    bool queued)
{
	struct connection *connection = place.connection;
	__u64 credentials = 0, acts;

	acts = is_closing(connection, sk, happening) ? CLOSER_ACTS : 0;
	if (happening->old_state == TCP_CLOSE) {
		acts |= OWNER_ACTS;
		if (happening->new_state == TCP_LISTEN)
			credentials = current_credentials();
	} else if (!owner_known(connection)) {
		credentials = credentials_of_socket(sk);
		if (opened_by_current(credentials))
			acts |= OWNER_ACTS;
	}
	acts = OPAQUE(acts);
	credentials = OPAQUE(credentials);
	if (acts && running_process_acts(place.key, place.way, acts) && credentials)
		running_owner_registers(place.key, place.way, credentials);
	if (!owner_known(connection))
		owner_is_sought(place.key, place.way, credentials, queued);
}

/* What a transition says about owner, side and closer. */
static __always_inline void learn(struct place place, const struct sock *sk, const struct endpoint *endpoint,
				  struct happening *happening)
{
	bool queued;

	if (happening->old_state == TCP_LISTEN && happening->new_state == TCP_CLOSE)
		return;
	learn_side(place.connection, sk, endpoint, happening);
	queued = OPAQUE((__u64)is_in_accept_queue(true, place.connection, sk));
	happening->flags |= queued ? FLAG_IN_ACCEPT_QUEUE : 0;
	learn_processes(place, sk, happening, queued);
	note_closing_side(place.connection, happening->new_state,
			  was_synchronized(happening->old_state) ? happening->end : END_NONE);
}

static __always_inline bool begins_connection(const struct happening *happening)
{
	return happening->old_state == TCP_CLOSE ||
	       (happening->old_state == TCP_LISTEN && happening->new_state != TCP_CLOSE);
}

#define OPEN_STATES (1U << TCP_SYN_SENT | 1U << TCP_SYN_RECV | 1U << TCP_ESTABLISHED)
#define CLOSING_STATES (1U << TCP_FIN_WAIT1 | 1U << TCP_FIN_WAIT2 | 1U << TCP_CLOSING | 1U << TCP_CLOSE_WAIT | 1U << TCP_LAST_ACK)

/*
 * Is the event of another connection than the one that is recorded of this socket? The socket's memory was used again. Without
 * track_all that is not told by a beginning, but a connection keeps its ports, and once it closes it never is open again.
 */
static __always_inline bool is_another(const struct connection *connection, const struct happening *happening,
				       const struct endpoint *endpoint)
{
	const struct endpoint *recorded = &connection->endpoint;

	if (begins_connection(happening))
		return true;
	if (recorded->local_port && recorded->remote_port &&
	    (recorded->local_port != endpoint->local_port || recorded->remote_port != endpoint->remote_port))
		return true;
	return 1U << (connection->state & 31) & CLOSING_STATES && 1U << (happening->old_state & 31) & OPEN_STATES;
}

/* How often that came to pass. */
__u64 connections_set_aside = 0;

/*
 * The end of what is recorded of this socket was not seen: the kernel's recursion guard skipped our program. Put aside for
 * reconciliation, as a new connection needs the place.
 */
static __always_inline void connection_set_aside(struct connection *connection, const struct sock *sk)
{
	connection->net = (__u64)READ(sk, __sk_common.skc_net.net);
	if (bpf_map_update_elem(&lost_connection_by_id, &connection->id, connection, BPF_ANY))
		count(COUNTER_MAP_FULL);
	else
		atomic_add(&connections_set_aside, 1);
}

static __always_inline struct place connection_new(struct place place, struct happening *happening)
{
	if (!begins_connection(happening))
		happening->flags |= FLAG_FIRST_SEEN;
	if (!place.connection)
		place = socket_insert(place);
	if (!place.connection)
		return place;
	place.connection->id = connection_id(happening->time_ns);
	place.connection->state = happening->old_state;
	return place;
}

/* Without track_all only CLOSE_WAIT is sure to have been recorded when it is left. */
static __always_inline void check_recorded_state(struct connection *connection, struct happening *happening)
{
	if (connection->state == happening->old_state || !(track_all || happening->old_state == TCP_CLOSE_WAIT))
		return;
	happening->flags |= FLAG_MISSED;
	happening->recorded_state = connection->state;
	count(COUNTER_MISSED);
}

/*
 * `again`: this program is a copy, there for the events at which the kernel skipped the first (bpf/tcpdwell.bpf.c). It finds
 * its work done when the new state is recorded already, or when nothing is recorded of a connection that closes.
 */
static __always_inline bool is_done(const struct connection *connection, const struct happening *happening)
{
	return connection ? connection->state == happening->new_state : happening->new_state == TCP_CLOSE;
}

/* Nowhere: there is nothing to do, or no room. */
static __always_inline struct place connection_of(const struct sock *sk, struct happening *happening,
						  const struct endpoint *endpoint, bool again)
{
	struct place place = socket_find(sk), nowhere = {};

	if (again && is_done(place.connection, happening))
		return nowhere;
	if (!place.connection)
		return connection_new(place, happening);
	if (is_another(place.connection, happening, endpoint)) {
		if (!(place.connection->flags & CONNECTION_MOVES))
			connection_set_aside(place.connection, sk);
		*place.connection = no_connection;
		return connection_new(place, happening);
	}
	check_recorded_state(place.connection, happening);
	return place;
}

static __always_inline struct inet_timewait_sock *timewait_of_socket(const struct sock *sk, const struct endpoint *endpoint)
{
	return timewait_of((__u64)READ(sk, __sk_common.skc_net.net), sk->__sk_common.skc_hash, endpoint);
}

/* The timewait socket that took the closing socket's place; NULL: none did. */
static __always_inline struct inet_timewait_sock *timewait_left(const struct connection *connection, const struct sock *sk,
								const struct endpoint *endpoint,
								const struct happening *closing)
{
	if (closing->new_state != TCP_CLOSE || sk->sk_err)
		return NULL;
	if (closing->old_state != TCP_FIN_WAIT2 && closing->old_state != TCP_CLOSING)
		return NULL;
	return connection->object ? (void *)connection->object : timewait_of_socket(sk, endpoint);
}

/*
 * Can this be a connection that a timewait socket between the same ends made room for? On the passive side always, by a SYN
 * with a newer sequence number; but not when it never came to be: two processors that handle a handshake's last segments at
 * once make two sockets, and one of them is closed again. On the active side only where tcp_tw_reuse allows it.
 */
static __always_inline bool may_supersede(const struct sock *sk, const struct happening *happening,
					  const struct endpoint *endpoint)
{
	if (happening->old_state == TCP_SYN_RECV)
		return happening->new_state != TCP_CLOSE;
	if (happening->old_state != TCP_SYN_SENT || !endpoint->local_port)
		return false;
	return connect_reuses((__u64)READ(sk, __sk_common.skc_net.net), endpoint);
}

static __always_inline __u64 reuse_of_socket(const struct connection *connection, const struct sock *sk,
					      const struct endpoint *endpoint, const struct happening *happening)
{
	__u64 connect_ns = happening->old_state == TCP_SYN_SENT && connection->state == TCP_SYN_SENT ? connection->since_ns : 0;

	return reuse_of((__u64)READ(sk, __sk_common.skc_net.net), connection, endpoint, connect_ns);
}

/* Its ports are known now, and a filter does not want them: what was noted before they were is void. */
static __always_inline void connection_forget(const struct sock *sk)
{
	struct place place;

	if (!filter_local_ports && !filter_remote_ports && !filter_remote_addr)
		return;
	place = socket_find(sk);
	if (place.connection)
		socket_remove(place);
}

/*
 * Finds a connection no room? Then it is counted, once: at the first of its events that are looked at. Without track_all that is
 * connect() on the active side, and the end of ESTABLISHED on the passive one. A copy (`again`) has nothing to add.
 */
static __always_inline void count_unfollowed(const struct happening *happening, const struct endpoint *endpoint, bool again)
{
	bool ends_established = happening->old_state == TCP_ESTABLISHED || happening->old_state == TCP_SYN_RECV;

	if (!again && (begins_connection(happening) || (!track_all && ends_established && listener_of(endpoint))))
		count(COUNTER_MAP_FULL);
}

__noinline int listener_changes(__u64 key, __u32 way, __u64 new_state)
{
	struct connection *connection = socket_at(key, way).connection;
	struct endpoint endpoint;

	if (!connection)
		return 0;
	endpoint = connection->endpoint;
	if (new_state == TCP_LISTEN)
		listener_opened(connection, &endpoint);
	else
		listener_closed(&endpoint);
	return 0;
}

static __always_inline void listener_follow(struct place place, const struct happening *happening)
{
	if (happening->new_state == TCP_LISTEN || (happening->old_state == TCP_LISTEN && happening->new_state == TCP_CLOSE))
		listener_changes(place.key, place.way, happening->new_state);
}

/* Without track_all nothing follows that anybody wants to know. */
static __always_inline bool is_last_of_interest(const struct happening *happening)
{
	return happening->new_state == TCP_CLOSE || (happening->new_state == TCP_LAST_ACK && !last_ack_matters() && !present_wanted);
}

/*
 * Global functions, so that the verifier goes through them once and not for each way that leads here; hence the place is given by
 * numbers.
 */
__noinline int connection_supersedes(__u64 key, __u32 way, __u64 timewait, __u64 reuse, __u64 time_ns)
{
	struct place place = socket_at(key, way);

	if (place.connection)
		time_wait_superseded(&place.connection->endpoint, timewait, reuse, time_ns);
	return 0;
}

/* `timewait`: the address of the timewait socket that goes on with it. */
__noinline int timewait_goes_on(__u64 key, __u32 way, __u64 timewait, __u64 time_ns)
{
	struct place place = socket_at(key, way);

	if (place.connection)
		time_wait_keep(place.connection, &place.connection->endpoint, (void *)timewait, time_ns);
	return 0;
}

__noinline int connection_ends(__u64 key, __u32 way)
{
	struct place place = socket_at(key, way);

	if (place.connection)
		socket_remove(place);
	return 0;
}

/*
 * 0 where a connection begins before connect() has chosen its port: what is in the socket is the port of its last connect(). Computed,
 * as a branch would double what the verifier goes through.
 */
static __always_inline __u16 port_mask(__u8 old_state, __u16 number)
{
	return ((OPAQUE((__u64)(old_state ^ TCP_CLOSE) | number) - 1) >> 63) - 1;
}

/* The socket's own part ends with -> CLOSE; a timewait socket may carry on. */
static __always_inline void connection_transition(struct sock *sk, struct happening *happening, bool again)
{
	struct inet_timewait_sock *tw;
	struct connection *connection;
	struct endpoint endpoint = {};
	struct place place;
	bool is_last;
	__u16 error;

	endpoint_of_socket(true, &endpoint, sk);
	endpoint.local_port &= port_mask(happening->old_state, sk->__sk_common.skc_num);
	if (!endpoint_selected(&endpoint)) {
		connection_forget(sk);
		return;
	}
	place = connection_of(sk, happening, &endpoint, again);
	connection = place.connection;
	if (!connection) {
		count_unfollowed(happening, &endpoint, again);
		return;
	}
	connection->endpoint = endpoint;
	connection->hash = sk->__sk_common.skc_hash;
	happening_forget(happening);
	tw = (void *)OPAQUE((__u64)timewait_left(connection, sk, &endpoint, happening));
	if (happening->new_state == TCP_CLOSE && !tw)
		happening->end = end_of_socket(sk, happening->old_state);
	happening_forget(happening);
	learn(place, sk, &endpoint, happening);
	happening_forget(happening);
	listener_follow(place, happening);
	if (!connection->owner.start_ns)
		happening->socket_cgroup_id = socket_cgroup_id(sk);
	if (measure_accepts)
		accept_follow(place, happening);
	if (measure_ports)
		search_note(sk, connection, happening);
	error = connect_error(sk, happening);
	if (error)
		connect_failure_emit(connection, &endpoint, happening, error);
	happening_forget(happening);
	is_last = OPAQUE((__u64)is_last_of_interest(happening));
	if (tw || may_supersede(sk, happening, &endpoint))
		connection_supersedes(place.key, place.way, (__u64)tw, reuse_of_socket(connection, sk, &endpoint, happening),
				      happening->time_ns);
	if (tw)
		time_wait_becomes(connection, tw, happening);
	happening_forget(happening);
	connection_enter(connection, happening, &endpoint);
	if (tw)
		timewait_goes_on(place.key, place.way, (__u64)tw, happening->time_ns);
	if (is_last)
		connection_ends(place.key, place.way);
}

/* The hook's body. Fires for SCTP and MPTCP too. */
static __always_inline void transition_handle(struct sock *sk, int old_state, int new_state, bool again)
{
	struct happening happening = {
		.type = RECORD_TRANSITION,
		.old_state = old_state,
		.new_state = new_state,
	};

	if (old_state == new_state || sk->sk_protocol != IPPROTO_TCP)
		return;
	if (!netns_selected(netns_of(true, &sk->__sk_common)))
		return;
	happening.time_ns = bpf_ktime_get_ns();
	connection_transition(sk, &happening, again);
}

/* Without track_all: the transitions that tell of owner, closer, TIME_WAIT and CLOSE_WAIT. */
static __always_inline bool transition_matters(__u8 old_state, __u8 new_state)
{
	if (track_all)
		return true;
	if (old_state == TCP_LAST_ACK)
		return last_ack_matters();
	return new_state == TCP_SYN_SENT || new_state == TCP_FIN_WAIT1 || new_state == TCP_CLOSE_WAIT ||
	       new_state == TCP_CLOSE || old_state == TCP_CLOSE_WAIT || new_state == TCP_CLOSING ||
	       new_state == TCP_LISTEN;
}

/* Looks at all sockets tell who closed one that is in LAST_ACK; what was remembered for that is all that is left of it. */
static __always_inline void forget_after_last_ack(const struct sock *sk)
{
	struct place place = socket_find(sk);

	if (place.connection && place.connection->state == TCP_LAST_ACK)
		socket_remove(place);
}

/* What is of no interest is told apart before anything else. */
static __always_inline bool transition_concerns(const struct sock *sk, int old_state, int new_state)
{
	if (transition_matters(old_state, new_state))
		return true;
	if (present_wanted && old_state == TCP_LAST_ACK)
		forget_after_last_ack(sk);
	return false;
}

/* The hook. */
static __always_inline void transition_watch(struct sock *sk, int old_state, int new_state, bool again)
{
	compat_preempt_disable();
	transition_handle(sk, old_state, new_state, again);
	compat_preempt_enable();
}

#endif
