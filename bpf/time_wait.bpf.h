/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The second half of a connection's life. When a socket enters TIME_WAIT (often already in FIN_WAIT2) the kernel puts a
 * small timewait socket into its place and tells of FIN_WAIT2 -> CLOSE. Here the two become one again.
 *
 * Made: known at -> CLOSE, either reported by a function hook or found in the kernel's hash table, where it is already.
 * FIN_WAIT2 -> TIME_WAIT inside it: told by the segment that causes it, else seen by the sweep (bpf/sweep.bpf.h).
 * Ended: expiry by its timer; reuse when a connection between the same ends begins; the rest by the sweep.
 */
#ifndef TCPDWELL_TIME_WAIT_BPF_H
#define TCPDWELL_TIME_WAIT_BPF_H

#include "emit.bpf.h"
#include "endpoint.bpf.h"
#include "store.bpf.h"

#define NSEC_PER_SEC 1000000000ULL

/* The address of the kernel's tw_timer_handler, learnt from the first timewait socket seen. */
__u64 tw_timer_function = 0;

/* Timewait sockets known to be in FIN_WAIT2: while there are none, dropped segments need no look. */
__s64 fin_wait2_timewait_sockets = 0;

static __always_inline void fin_wait2_count(__s64 change)
{
	atomic_add(&fin_wait2_timewait_sockets, change);
}

static __always_inline void tw_timer_learn(const struct inet_timewait_sock *tw)
{
	if (!tw_timer_function)
		tw_timer_function = (__u64)READ(tw, tw_timer.function);
}

/* The kernel keeps pairs: remote port and local port, remote and local IPv4 address, each in one word. */
static __always_inline __u32 port_pair(const struct endpoint *endpoint)
{
	return (__u32)endpoint->local_port << 16 | bpf_htons(endpoint->remote_port);
}

/* 0 for IPv6 */
static __always_inline __u64 addr_pair(const struct endpoint *endpoint)
{
	const __u32 *local = (const __u32 *)endpoint->local_addr, *remote = (const __u32 *)endpoint->remote_addr;

	return addr_is_ipv4(endpoint->remote_addr) ? (__u64)local[3] << 32 | remote[3] : 0;
}

/* What tells a node of the kernel's table from others. */
struct node_head {
	__u64 addrs;
	__u32 ports, hash;
	__u8 state;
};

#define HEAD_FIELD(type, bytes, field) (*(type *)((void *)(bytes) + bpf_core_field_offset(struct sock_common, field)))

/* The first bytes of struct sock_common, up to skc_state. A probe read costs as much for 24 bytes as for 4, so there it is one. */
static __always_inline void head_read(struct node_head *head, const struct sock_common *skc)
{
	__u64 bytes[3];

	if (HAS_CASTS) {
		skc = CAST(skc);
		head->addrs = skc->skc_addrpair;
		head->ports = skc->skc_portpair;
		head->hash = skc->skc_hash;
		head->state = skc->skc_state;
		return;
	}
	bpf_probe_read_kernel(bytes, bpf_core_field_offset(struct sock_common, skc_state) + 1, skc);
	head->addrs = HEAD_FIELD(__u64, bytes, skc_addrpair);
	head->ports = HEAD_FIELD(__u32, bytes, skc_portpair);
	head->hash = HEAD_FIELD(__u32, bytes, skc_hash);
	head->state = HEAD_FIELD(__u8, bytes, skc_state);
}

/* How a node differs from a timewait socket of these ports and addresses; addrs 0: of any. */
static __always_inline __u64 head_differs(const struct node_head *head, __u32 ports, __u64 addrs)
{
	__u64 any_addrs = addrs ? ~0ULL : 0;

	return (head->ports ^ ports) | (head->state ^ TCP_TIME_WAIT) | ((head->addrs ^ addrs) & any_addrs);
}

/* The chain of the kernel's table of connections that `hash` belongs to. */
static __always_inline struct hlist_nulls_node *chain_of(const struct net *net, __u32 hash)
{
	struct inet_timewait_death_row *row = compat_death_row(net);
	struct inet_hashinfo *table = READ(row, hashinfo);
	__u64 offset = (__u64)(hash & READ(table, ehash_mask)) * bpf_core_type_size(struct inet_ehash_bucket);
	struct inet_ehash_bucket *bucket = (void *)READ(table, ehash) + offset;

	return READ(bucket, chain.first);
}

/* The next nodes of a chain: where it goes on, 1 at its end, or the address of what was found and WALK_FOUND. */
#define WALK_STRIDE 8
#define WALK_FOUND 2
__noinline __u64 timewait_walk_stride(__u64 first, __u32 hash, __u32 ports, __u64 addrs)
{
	struct hlist_nulls_node *node = (struct hlist_nulls_node *)first;
	struct sock_common *candidate;
	struct node_head head;
	int i;

	for (i = 0; i < WALK_STRIDE; i++) {
		if (!node || (__u64)node & 1)
			return 1;
		candidate = (void *)node - bpf_core_field_offset(struct sock_common, skc_nulls_node);
		head_read(&head, candidate);
		if (!(head_differs(&head, ports, addrs) | (head.hash ^ hash)))
			return (__u64)candidate | WALK_FOUND;
		node = READ(node, next);
	}
	return node ? (__u64)node : 1;
}

/*
 * The first timewait socket of this hash, these ports and IPv4 addresses (0: any), 0 if there is none. The chain is read without
 * its lock: a node that moves meanwhile can end the walk early; what is missed so is found by the sweep.
 * Global functions, so that the verifier goes through the loops once and not for each way that leads here; hence everything
 * is a number. No branch for each condition, which the verifier would multiply by the length of the walk.
 */
__noinline __u64 timewait_walk(__u64 net, __u32 hash, __u32 ports, __u64 addrs)
{
	__u64 at = (__u64)chain_of((const struct net *)net, hash);
	int i;

	for (i = 0; i < WALK_MAX; i += WALK_STRIDE) {
		at = timewait_walk_stride(at, hash, ports, addrs);
		if (at & 1)
			return 0;
		if (at & WALK_FOUND)
			return at - WALK_FOUND;
	}
	count(COUNTER_WALK_CUT);
	return 0;
}

/* IPv4 addresses were compared with the head. */
static __always_inline bool has_addrs(const struct sock_common *found, const struct endpoint *endpoint)
{
	const void *remote = (void *)found + bpf_core_field_offset(struct sock_common, skc_v6_daddr);
	const void *local = (void *)found + bpf_core_field_offset(struct sock_common, skc_v6_rcv_saddr);
	const __u64 *words = (const __u64 *)endpoint;

	if (addr_is_ipv4(endpoint->remote_addr))
		return true;
	return !((compat_word(remote) ^ words[2]) | (compat_word(remote + 8) ^ words[3]) |
		 (compat_word(local) ^ words[0]) | (compat_word(local + 8) ^ words[1]));
}

/* Is this still the timewait socket of these ends? Its memory may be another's by now. */
static __always_inline bool timewait_lives(const struct inet_timewait_sock *tw, const struct endpoint *endpoint)
{
	struct node_head head;

	head_read(&head, &tw->__tw_common);
	if (head_differs(&head, port_pair(endpoint), addr_pair(endpoint)))
		return false;
	return READ(tw, tw_timer.entry.pprev) && netns_of(false, &tw->__tw_common) == endpoint->netns &&
	       has_addrs(&tw->__tw_common, endpoint);
}

/* The timewait socket that took a connection's place, NULL if none did. */
static __always_inline struct inet_timewait_sock *timewait_of(__u64 net, __u32 hash, const struct endpoint *endpoint)
{
	const struct sock_common *found = (void *)timewait_walk(net, hash, port_pair(endpoint), addr_pair(endpoint));

	if (!found || (__u64)READ(found, skc_net.net) != net || !has_addrs(found, endpoint))
		return NULL;
	return (struct inet_timewait_sock *)found;
}

/*
 * The same for a socket whose memory may be another one's by now: `net`, which that memory named, tells no more than where the table is,
 * which all namespaces share but those that asked for one of their own.
 */
static __always_inline struct inet_timewait_sock *timewait_of_gone(__u64 net, __u32 hash, const struct endpoint *endpoint)
{
	const struct sock_common *found = (void *)timewait_walk(net, hash, port_pair(endpoint), addr_pair(endpoint));

	if (!found || netns_of(false, found) != endpoint->netns || !has_addrs(found, endpoint))
		return NULL;
	return (struct inet_timewait_sock *)found;
}

/* When TIME_WAIT began: its timer was set to 60 s at that moment (right to a tick). */
static __always_inline __u64 time_wait_began(const struct inet_timewait_sock *tw, __u64 now_ns)
{
	__s64 left = READ(tw, tw_timer.expires) - bpf_jiffies64();
	__s64 age_ns = TIME_WAIT_SECONDS * NSEC_PER_SEC - left * (__s64)tick_ns;

	return age_ns > 0 && (__u64)age_ns < now_ns ? now_ns - age_ns : now_ns;
}

/* Takes the connection out of the table. False: another was faster. */
static __always_inline bool time_wait_gone(struct place place, const struct endpoint *endpoint, __u8 state)
{
	if (!time_wait_remove(place, endpoint))
		return false;
	if (state == TCP_FIN_WAIT2)
		fin_wait2_count(-1);
	return true;
}

/*
 * The connection is over, and how it ended is told: of two that notice the same end, by the one whose deletion succeeds. The
 * record is made before, because a deleted element's memory is used again at once. Each way deletes by itself: older verifiers
 * do not know a second time whether there is a record.
 */
static __always_inline void time_wait_left(struct place place, const struct endpoint *endpoint, __u8 end, __u64 time_ns)
{
	struct connection *connection = place.connection;
	struct happening left = {
		.type = RECORD_TRANSITION,
		.old_state = connection->state,
		.new_state = TCP_CLOSE,
		.end = end,
		.flags = FLAG_TIMEWAIT,
		.time_ns = time_ns,
	};
	struct transition *record;

	if (!states_selected(&left) || !is_wanted(connection, endpoint)) {
		time_wait_gone(place, endpoint, left.old_state);
		return;
	}
	record = record_of(&left, connection, endpoint);
	if (!record) {
		if (time_wait_gone(place, endpoint, left.old_state))
			count(COUNTER_LOST_RECORDS);
		return;
	}
	barrier_var(record); /* so that the compiler does not join the two ways again */
	if (time_wait_gone(place, endpoint, left.old_state))
		bpf_ringbuf_submit(record, wake_up_flags());
	else
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
}

/*
 * Of all that notice the peer's FIN at once (the segment, who made the entry, a sweep) one tells it. The state is judged in the
 * word that is exchanged: who read it before another entered TIME_WAIT must not change it back. Where the kernel has no
 * compare-and-exchange it was made a no-op, which leaves `word` in the register of its result: all are first then.
 */
static __always_inline bool is_first_to_enter(struct connection *connection)
{
	__u64 word = *(volatile __u64 *)&connection->state_word;
	const __u64 change = (__u64)(TCP_FIN_WAIT2 ^ TCP_TIME_WAIT) << 32; /* of the byte after the hash */

	if ((word >> 32 & 0xff) != TCP_FIN_WAIT2)
		return false;
	return !OPAQUE(__sync_val_compare_and_swap(&connection->state_word, word, word ^ change) ^ word);
}

/* The peer's FIN reached a timewait socket in FIN_WAIT2. */
static __always_inline void time_wait_entered(struct connection *connection, const struct endpoint *endpoint,
					      __u64 time_ns, __u8 flags)
{
	struct happening entered = {
		.type = RECORD_TRANSITION,
		.old_state = TCP_FIN_WAIT2,
		.new_state = TCP_TIME_WAIT,
		.flags = FLAG_TIMEWAIT | flags,
		.time_ns = time_ns,
	};

	if (!is_first_to_enter(connection))
		return;
	fin_wait2_count(-1);
	if (connection->since_ns > time_ns)
		entered.time_ns = connection->since_ns;
	connection_enter(connection, &entered, endpoint);
}

/* Looks at a live timewait socket again: has it gone from FIN_WAIT2 to TIME_WAIT? */
static __always_inline void time_wait_look(struct connection *connection, const struct endpoint *endpoint,
					   const struct inet_timewait_sock *tw, __u64 now_ns, bool at_once)
{
	if (connection->state != TCP_FIN_WAIT2 || READ(tw, tw_substate) != TCP_TIME_WAIT)
		return;
	if (at_once)
		time_wait_entered(connection, endpoint, now_ns, 0);
	else
		time_wait_entered(connection, endpoint, time_wait_began(tw, now_ns), FLAG_TIME_DERIVED);
}

/* Does tcp_tw_reuse let connect() take the port of a TIME_WAIT? 2: where a loopback address is involved. */
static __always_inline bool connect_reuses(__u64 net, const struct endpoint *endpoint)
{
	__u8 reuse = compat_tw_reuse((const struct net *)net);

	return reuse == 1 || (reuse && (addr_is_loopback(endpoint->remote_addr) || addr_is_loopback(endpoint->local_addr)));
}

/*
 * Which timewait sockets between its ends a new connection may have made room for itself by ending: those that were there at
 * this time. REUSES_ANY: the side that accepts ends them by the SYN, whenever that came. REUSES_NONE: connect() may not.
 */
#define REUSES_ANY 0
#define REUSES_NONE (~0ULL)

static __always_inline __u64 reuse_of(__u64 net, const struct connection *connection, const struct endpoint *endpoint, __u64 connect_ns)
{
	if (connection->side == SIDE_PASSIVE)
		return REUSES_ANY;
	return connect_reuses(net, endpoint) ? connect_ns : REUSES_NONE;
}

/*
 * Was this timewait socket met by an iterator a moment before its event? The address alone does not tell: the socket that it ended may
 * have been in the same memory.
 */
static __always_inline bool is_met_early(const struct connection *met, __u64 timewait)
{
	return met->flags & CONNECTION_MET_EARLY && !met->told && met->object == timewait;
}

/*
 * A connection between the same ends begins, or leaves this timewait socket (0: none): whatever was there before is gone. If that may
 * not have ended it, or was not there yet when it was gone, a reset did (RFC 1337: the answer of a peer that is closed to the last
 * ACK). FIN_WAIT2 is never reused but by 5.10.
 */
static __always_inline void time_wait_superseded(const struct endpoint *endpoint, __u64 timewait, __u64 reuse, __u64 now_ns)
{
	struct place place = time_wait_find(endpoint);
	__u64 ended_ns, end;

	if (!place.connection)
		return;
	if (is_met_early(place.connection, timewait)) {
		time_wait_gone(place, endpoint, place.connection->state); /* its event knows more, and makes an entry of its own */
		return;
	}
	ended_ns = place.connection->ended_ns ?: now_ns;
	if (place.connection->state == TCP_FIN_WAIT2 && !(compat_port_ways() & PORTS_REUSE_FIN_WAIT2))
		reuse = REUSES_NONE;
	end = ended_ns < reuse ? END_KILLED : END_REUSED;
	time_wait_left(place, endpoint, OPAQUE(end), ended_ns);
}

/* Of its flags those that concern ports. */
static __always_inline __u8 timewait_flags(const struct inet_timewait_sock *tw)
{
	if (!measure_ports || READ((const struct tcp_timewait_sock *)tw, tw_ts_recent_stamp))
		return 0;
	return FLAG_NO_TIMESTAMPS;
}

/* -> CLOSE left a timewait socket: what happened is in truth the entry into the timewait socket's state. */
static __always_inline void time_wait_becomes(struct connection *connection, const struct inet_timewait_sock *tw,
					      struct happening *closing)
{
	tw_timer_learn(tw);
	connection->object = (__u64)tw;
	closing->new_state = READ(tw, tw_substate) == TCP_FIN_WAIT2 ? TCP_FIN_WAIT2 : TCP_TIME_WAIT;
	closing->flags |= FLAG_TIMEWAIT | timewait_flags(tw);
	closing->end = END_NONE;
}

/* An iterator met the timewait socket since time_wait_superseded() looked for it. */
static __always_inline bool time_wait_take_over(struct place place, const struct connection *connection)
{
	if (!place.connection || !is_met_early(place.connection, connection->object))
		return false;
	if (place.connection->state == TCP_FIN_WAIT2)
		fin_wait2_count(-1);
	*place.connection = *connection;
	return true;
}

/* ... and the connection is kept as the timewait socket's. */
static __always_inline void time_wait_keep(const struct connection *connection, const struct endpoint *endpoint,
					   const struct inet_timewait_sock *tw, __u64 now_ns)
{
	bool in_fin_wait2 = connection->state == TCP_FIN_WAIT2, kept;
	struct place place;

	if (in_fin_wait2)
		fin_wait2_count(1);
	kept = time_wait_insert(endpoint, connection);
	if (kept && !in_fin_wait2)
		return;
	place = time_wait_find(endpoint);
	if (!kept && !time_wait_take_over(place, connection)) {
		count(COUNTER_MAP_FULL);
		if (in_fin_wait2)
			fin_wait2_count(-1);
		return;
	}
	/* The peer's FIN may have come between the first look and the entry. */
	if (in_fin_wait2 && place.connection)
		time_wait_look(place.connection, endpoint, tw, now_ns, true);
}

/* Its timer ran out. */
static __always_inline void time_wait_expired(struct inet_timewait_sock *tw)
{
	struct endpoint endpoint = {};
	struct place place;
	__u64 now_ns = bpf_ktime_get_ns();

	endpoint_of_timewait(&endpoint, tw);
	if (!netns_selected(endpoint.netns))
		return;
	place = time_wait_find(&endpoint);
	if (!place.connection || place.connection->object != (__u64)tw)
		return;
	time_wait_look(place.connection, &endpoint, tw, now_ns, false);
	time_wait_left(place, &endpoint, END_EXPIRED, now_ns);
}

/*
 * Function hook: the timewait socket is taken out, for whatever reason. Before its time is over it was reused or killed:
 * a connection between the same ends, or the sweep, tells which.
 */
static __always_inline void time_wait_killed(struct inet_timewait_sock *tw)
{
	struct endpoint endpoint = {};
	struct place place;
	__s64 left = READ(tw, tw_timer.expires) - bpf_jiffies64();

	endpoint_of_timewait(&endpoint, tw);
	if (!netns_selected(endpoint.netns))
		return;
	place = time_wait_find(&endpoint);
	if (!place.connection || place.connection->object != (__u64)tw)
		return;
	time_wait_look(place.connection, &endpoint, tw, bpf_ktime_get_ns(), false);
	if (left <= 0)
		time_wait_left(place, &endpoint, END_EXPIRED, bpf_ktime_get_ns());
	else
		place.connection->ended_ns = bpf_ktime_get_ns();
}

#endif
