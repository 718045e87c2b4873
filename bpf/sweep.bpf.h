/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Iterators that reconcile the tables with the kernel now and then: what no event told of is told, what is gone is taken out. */
#ifndef TCPDWELL_SWEEP_BPF_H
#define TCPDWELL_SWEEP_BPF_H

#include "presence.bpf.h"
#include "time_wait.bpf.h"
#include "transition.bpf.h"

/* A transition that the event program is just now telling of must not be told by the sweep too. */
#define SWEEP_GRACE_NS 20000000ULL

/*
 * Events are told before the kernel does what they tell of. A task that is preempted in between leaves a socket that is not yet
 * what its entry says, so an entry that seems to be gone is taken only when it is that old.
 */
#define SWEEP_BIRTH_NS 2000000000ULL

/* A socket that is gone may have been reused: the new connection is given so long to tell of it. */
#define SWEEP_PATIENCE_NS 500000000ULL

/*
 * A timewait socket is in the kernel's table before its event: a task that is preempted in between may tell of it so much later.
 * One that no event told of is not told of as having been there before us while it is that young.
 */
#define SWEEP_TIME_WAIT_BIRTH_NS 300000000ULL

/* Such sockets, met by the last sweep, and whether they are told nevertheless, as there will be no other. */
__u64 presences_young = 0;
bool young_are_told = false;

/*
 * Gone without an event: killed, unless its time was over anyway, which its memory tells while it is not used again, and its
 * age otherwise.
 */
static __always_inline void sweep_gone(struct place place, const struct endpoint *endpoint,
				       const struct inet_timewait_sock *tw, __u64 now_ns)
{
	struct connection *connection = place.connection;
	__u64 ended_ns = connection->ended_ns ?: now_ns;
	struct endpoint found = {};
	__s64 left;

	endpoint_of_timewait(&found, tw);
	if (same_ends(&found, endpoint)) {
		left = READ(tw, tw_timer.expires) - bpf_jiffies64();
		left = left * (__s64)tick_ns + (__s64)(now_ns - ended_ns);
	} else {
		left = (__s64)(connection->since_ns + TIME_WAIT_SECONDS * NSEC_PER_SEC - ended_ns);
	}
	time_wait_left(place, endpoint, left <= 0 ? END_EXPIRED : END_KILLED, ended_ns);
}

/*
 * Is nothing to be done about a timewait socket's entry? So it is with nearly all at each sweep, and finding an entry's place
 * would cost more than looking whether it lives.
 */
static __always_inline bool is_settled(const struct connection *connection, const struct endpoint *endpoint)
{
	return connection->state == TCP_TIME_WAIT && connection->told == listing && !connection->ended_ns &&
	       timewait_lives((struct inet_timewait_sock *)connection->object, endpoint);
}

/*
 * Its event may still come. The timer of one in FIN_WAIT2 runs as long as TIME_WAIT's, or shorter where net.ipv4.tcp_fin_timeout is:
 * then it seems older than it is, and is told at once.
 */
static __always_inline bool awaits_event(const struct connection *connection, const struct inet_timewait_sock *tw, __u64 now_ns)
{
	if (connection->since_ns || connection->told || young_are_told)
		return false;
	if (now_ns - time_wait_began(tw, now_ns) >= SWEEP_TIME_WAIT_BIRTH_NS)
		return false;
	atomic_add(&presences_young, 1);
	return true;
}

/*
 * Has the event of a timewait socket that an iterator met come at the very same time? Then it found no entry yet, and has made one of its
 * own; if both are in slots or both in the hash map the second is refused, so it is in the other of these places.
 */
static __always_inline bool is_entered_twice(struct place place, const struct endpoint *endpoint)
{
	if (!slots_used || !(place.connection->flags & CONNECTION_MET_EARLY) || place.connection->told)
		return false;
	if (place.way != WAY_NONE)
		return bpf_map_lookup_elem(&time_wait_by_endpoint, endpoint);
	return time_wait_find(endpoint).way != WAY_NONE;
}

/* A timewait socket's entry against the kernel's own. */
static __always_inline void sweep_timewait(struct place place)
{
	struct connection *connection = place.connection;
	struct inet_timewait_sock *tw = (struct inet_timewait_sock *)connection->object;
	__u64 id = *(volatile __u64 *)&connection->id, now_ns = bpf_ktime_get_ns();
	struct endpoint endpoint = connection->endpoint;

	if ((__s64)(now_ns - connection->since_ns) < (__s64)SWEEP_GRACE_NS) {
		tell_timewait(connection, &endpoint, id, tw, now_ns);
		return;
	}
	if (!timewait_lives(tw, &endpoint)) {
		/* Not when the sweep began with it: what begins after the end is told apart by the time. */
		if (!connection->ended_ns)
			connection->ended_ns = bpf_ktime_get_ns();
		if ((__s64)(now_ns - connection->ended_ns) > (__s64)SWEEP_PATIENCE_NS)
			sweep_gone(place, &endpoint, tw, now_ns);
		return;
	}
	connection->ended_ns = 0;
	if (is_entered_twice(place, &endpoint)) {
		time_wait_gone(place, &endpoint, connection->state);
		return;
	}
	if (awaits_event(connection, tw, now_ns))
		return;
	if (connection->state == TCP_FIN_WAIT2 && now_ns - time_wait_began(tw, now_ns) > SWEEP_GRACE_NS)
		time_wait_look(connection, &endpoint, tw, now_ns, false);
	tell_timewait(connection, &endpoint, id, tw, now_ns);
}

/* Is the socket still the one that was recorded? Its memory may be another connection's, of which no event told yet. */
static __always_inline bool socket_lives(const struct sock *sk, const struct connection *connection)
{
	__u8 state = READ(sk, __sk_common.skc_state);
	struct endpoint endpoint = {};

	if (connection->state == TCP_LISTEN)
		return state == TCP_LISTEN;
	if (!is_connected_state(state))
		return false;
	if (!connection->endpoint.remote_port)
		return true; /* a clone of a listener: it was told of before it had its peer */
	endpoint_of_socket(false, &endpoint, sk);
	if (!connection->endpoint.local_port)
		endpoint.local_port = 0; /* connect() chose it since */
	return same_ends(&endpoint, &connection->endpoint);
}

/* Set by the reader: enum sweep_map. */
__u32 sweep_map = SWEEP_SPILLED;

/* A copy of what was recorded of the socket that is looked at. */
struct connection swept;

/*
 * What became of a connection whose end was not seen? It may have left a timewait socket, which then takes over all that is known;
 * TIME_WAIT has only two doors, so what lay between is known too. A global function, so that the verifier goes through it once.
 */
__noinline int swept_is_lost(__u64 net, __u64 now_ns)
{
	const struct endpoint endpoint = swept.endpoint;
	struct inet_timewait_sock *tw = NULL;
	struct happening closing = {
		.type = RECORD_TRANSITION,
		.old_state = swept.state,
		.new_state = TCP_CLOSE,
		.flags = FLAG_HEALED | FLAG_TIME_DERIVED,
		.time_ns = now_ns,
	};

	swept.ended_ns = 0;
	count(COUNTER_DROPPED);
	if (swept.state == TCP_LISTEN)
		return 0;
	tw = timewait_of_gone(net, swept.hash, &endpoint);
	if (tw && closing.old_state != TCP_FIN_WAIT2 && closing.old_state != TCP_CLOSING) {
		closing.flags |= FLAG_MISSED;
		closing.recorded_state = closing.old_state;
		closing.old_state = TCP_FIN_WAIT2;
	}
	if (tw) {
		net = (__u64)READ(tw, __tw_common.skc_net.net);
		time_wait_superseded(&endpoint, (__u64)tw, OPAQUE(reuse_of(net, &swept, &endpoint, 0)), now_ns);
		time_wait_becomes(&swept, tw, &closing);
	}
	if (states_selected(&closing))
		count(COUNTER_MISSED);
	connection_enter(&swept, &closing, &endpoint);
	if (tw)
		time_wait_keep(&swept, &endpoint, tw, now_ns);
	return 0;
}

/* Its event is being told just now, perhaps on another processor: an entry begins without a time. */
static __always_inline bool is_young(const struct connection *connection, __u64 now_ns)
{
	if (!connection->since_ns)
		return !(connection->flags & CONNECTION_SEEDED);
	return (__s64)(now_ns - connection->since_ns) < (__s64)SWEEP_BIRTH_NS;
}

/*
 * A full socket's entry against the kernel's own. What is judged is a copy: the entry may be another's at any moment, and then
 * it is not taken; and 5.10 does not let an iterator's value be put into a map.
 */
static __always_inline void sweep_socket(struct place place)
{
	const struct sock *sk = (const struct sock *)place.key;
	__u64 now_ns = bpf_ktime_get_ns();

	if (is_young(&swept, now_ns) || socket_lives(sk, &swept))
		tell_socket(place.connection, swept.id, sk, now_ns);
	else if (socket_take(place, swept.id))
		swept_is_lost((__u64)READ(sk, __sk_common.skc_net.net), now_ns);
}

/* One of lost_connection_by_id. */
static __always_inline void sweep_lost_connection(__u64 id)
{
	if (!bpf_map_delete_elem(&lost_connection_by_id, &id))
		swept_is_lost(swept.net, bpf_ktime_get_ns());
}

/* Who has been in one state for so long is taken for long-lived where slots are few. */
#define SWEEP_SETTLED_NS 3000000000ULL

/* Sockets that a pass marked, or moved. The reader sets it to 0 before. */
__u64 sockets_settled = 0;

static __always_inline bool is_long_lived(const struct connection *connection)
{
	__s64 age_ns = bpf_ktime_get_ns() - connection->since_ns;

	return connection->since_ns && age_ns > (__s64)SWEEP_SETTLED_NS;
}

/* A slot is wanted for sockets that come and go. */
static __always_inline void sweep_makes_room(struct place place)
{
	if (sweep_map == SWEEP_MOVE ? socket_move(place, &swept) : is_long_lived(&swept) && socket_mark(place))
		sockets_settled++;
}

static __always_inline bool sweep_is_of_slots(void)
{
	return slots_used && sweep_map >= SWEEP_SLOTS;
}

/* What is kept at a place of sweep_map. False: there is nothing to be told. */
static __always_inline bool sweep_place(struct place place)
{
	if (!place.key || (sweep_map == SWEEP_MOVE && !socket_is_marked(place)))
		return false;
	swept = *place.connection;
	if (sweep_map == SWEEP_LOST) {
		sweep_lost_connection(place.key);
	} else if (sweep_map >= SWEEP_MARK) {
		sweep_makes_room(place);
		return false;
	} else {
		sweep_socket(place);
	}
	return true;
}

/*
 * An element of sweep_map. The keys of the maps differ in size, and a program may look at no more of a key than the smallest has: so
 * it is read as other memory is.
 */
static __always_inline bool sweep_element(const void *key, struct connection *connection)
{
	struct place place = { .connection = connection, .way = WAY_NONE };
	__u32 index = *(const __u32 *)key;

	if (sweep_is_of_slots())
		place = socket_visit(index, connection);
	else
		bpf_probe_read_kernel(&place.key, sizeof(place.key), key);
	return sweep_place(place);
}

#define SETTLED_PACE 16 /* elements of which nothing is told are cheaper */

/* An entry of time_wait_by_endpoint, where it is known; `number` of this pass. True: the reader should come by. */
static __always_inline bool sweep_time_wait_spilled(struct place place, __u64 number)
{
	struct endpoint endpoint = place.connection->endpoint;

	if (is_settled(place.connection, &endpoint))
		return !(number % SETTLED_PACE);
	sweep_timewait(place);
	return true;
}

/* A slot of time_wait_slots. True: the reader should come by. */
static __always_inline bool sweep_time_wait_slot(__u32 index, struct connection *connection)
{
	struct endpoint endpoint;
	struct place place;

	if (!connection->id)
		return false;
	endpoint = connection->endpoint;
	if (is_settled(connection, &endpoint))
		return !(index % SETTLED_PACE);
	place = time_wait_find(&endpoint);
	if (!place.connection)
		return false;
	sweep_timewait(place);
	return true;
}

#endif
