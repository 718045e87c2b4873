/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The second half of a connection's life. When a socket enters TIME_WAIT (often already in FIN_WAIT2) the kernel puts a
 * small timewait socket into its place and tells of FIN_WAIT2 -> CLOSE. Here the two become one again.
 *
 * Made: known at -> CLOSE, either reported by a function hook or found in the kernel's hash table, where it is already.
 * FIN_WAIT2 -> TIME_WAIT inside it: told by the segment that causes it, else seen by the sweep (bpf/snapshot.bpf.h).
 * Ended: expiry by its timer; reuse when a connection between the same ends begins; the rest by the sweep.
 */
#ifndef TCPDWELL_TIME_WAIT_BPF_H
#define TCPDWELL_TIME_WAIT_BPF_H

#include "emit.bpf.h"
#include "endpoint.bpf.h"

#define NSEC_PER_SEC 1000000000ULL

/* The address of the kernel's tw_timer_handler, learnt from the first timewait socket seen. */
__u64 tw_timer_function = 0;

/* Timewait sockets known to be in FIN_WAIT2: while there are none, dropped segments need no look. */
__s64 fin_wait2_timewait_sockets = 0;

static __always_inline void fin_wait2_count(__s64 change)
{
	__sync_fetch_and_add(&fin_wait2_timewait_sockets, change);
}

static __always_inline void tw_timer_learn(const struct inet_timewait_sock *tw)
{
	if (!tw_timer_function)
		tw_timer_function = (__u64)BPF_CORE_READ(tw, tw_timer.function);
}

static __always_inline bool same_ends(const struct endpoint *a, const struct endpoint *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1] && x[2] == y[2] && x[3] == y[3] && x[4] == y[4];
}

/*
 * Is this node of the chain a timewait socket of this hash and these ports? Without branches, which the verifier would
 * multiply by the length of the walk.
 */
static __always_inline bool may_be_timewait_of(const struct sock_common *node, __u32 hash, __u16 local_port,
					       __be16 remote_port)
{
	__u32 differs = BPF_CORE_READ(node, skc_hash) ^ hash;

	differs |= BPF_CORE_READ(node, skc_state) ^ TCP_TIME_WAIT;
	differs |= BPF_CORE_READ(node, skc_num) ^ local_port;
	differs |= BPF_CORE_READ(node, skc_dport) ^ remote_port;
	return !differs;
}

/* The chain of the kernel's table of connections that `hash` belongs to. */
static __always_inline struct hlist_nulls_node *chain_of(const struct net *net, __u32 hash)
{
	struct inet_timewait_death_row *row = compat_death_row(net);
	struct inet_hashinfo *table = BPF_CORE_READ(row, hashinfo);
	__u64 offset = (__u64)(hash & BPF_CORE_READ(table, ehash_mask)) * bpf_core_type_size(struct inet_ehash_bucket);
	struct inet_ehash_bucket *bucket = (void *)BPF_CORE_READ(table, ehash) + offset;

	return BPF_CORE_READ(bucket, chain.first);
}

/*
 * The first timewait socket of this hash and these ports (local << 16 | remote), 0 if there is none. The chain is read without
 * its lock: a node that moves meanwhile can end the walk early; what is missed so is found by the sweep.
 * A global function, so that the verifier goes through the loop once and not for each way that leads here; hence everything
 * is a number.
 */
__noinline __u64 timewait_walk(__u64 net, __u32 hash, __u32 ports)
{
	struct hlist_nulls_node *node = chain_of((const struct net *)net, hash);
	__be16 remote_port = bpf_htons(ports);
	struct sock_common *candidate;
	int i;

	for (i = 0; i < WALK_MAX; i++) {
		if (!node || (__u64)node & 1)
			return 0;
		candidate = (void *)node - bpf_core_field_offset(struct sock_common, skc_nulls_node);
		if (may_be_timewait_of(candidate, hash, ports >> 16, remote_port))
			return (__u64)candidate;
		node = BPF_CORE_READ(node, next);
	}
	count(COUNTER_WALK_CUT);
	return 0;
}

/* The timewait socket that took a connection's place, NULL if none did. */
static __always_inline struct inet_timewait_sock *timewait_of(__u64 net, __u32 hash, const struct endpoint *endpoint)
{
	__u32 ports = (__u32)endpoint->local_port << 16 | endpoint->remote_port;
	struct inet_timewait_sock *tw = (struct inet_timewait_sock *)timewait_walk(net, hash, ports);
	struct endpoint found = {};

	if (!tw)
		return NULL;
	endpoint_of_timewait(&found, tw);
	return same_ends(&found, endpoint) ? tw : NULL;
}

/* When TIME_WAIT began: its timer was set to 60 s at that moment (right to a tick). */
static __always_inline __u64 time_wait_began(const struct inet_timewait_sock *tw, __u64 now_ns)
{
	__s64 left = BPF_CORE_READ(tw, tw_timer.expires) - bpf_jiffies64();
	__s64 age_ns = TIME_WAIT_SECONDS * NSEC_PER_SEC - left * (__s64)tick_ns;

	return age_ns > 0 && (__u64)age_ns < now_ns ? now_ns - age_ns : now_ns;
}

/*
 * Takes the connection out of the table and tells how it ended. Of two that notice the same end the one whose deletion
 * succeeds tells it. The copy is because a deleted element's memory is used again at once.
 */
static __always_inline void time_wait_left(const struct connection *live, const struct endpoint *endpoint, __u8 end,
					   __u64 time_ns)
{
	struct connection connection = *live;
	struct happening left = {
		.type = RECORD_TRANSITION,
		.old_state = connection.state,
		.new_state = TCP_CLOSE,
		.end = end,
		.flags = FLAG_TIMEWAIT,
		.time_ns = time_ns,
	};

	if (bpf_map_delete_elem(&time_wait_by_endpoint, endpoint))
		return;
	if (connection.state == TCP_FIN_WAIT2)
		fin_wait2_count(-1);
	connection_enter(&connection, &left, endpoint);
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

	fin_wait2_count(-1);
	if (connection->since_ns > time_ns)
		entered.time_ns = connection->since_ns;
	connection_enter(connection, &entered, endpoint);
}

/* Looks at a live timewait socket again: has it gone from FIN_WAIT2 to TIME_WAIT? */
static __always_inline void time_wait_look(struct connection *connection, const struct endpoint *endpoint,
					   const struct inet_timewait_sock *tw, __u64 now_ns, bool at_once)
{
	if (connection->state != TCP_FIN_WAIT2 || BPF_CORE_READ(tw, tw_substate) != TCP_TIME_WAIT)
		return;
	if (at_once)
		time_wait_entered(connection, endpoint, now_ns, 0);
	else
		time_wait_entered(connection, endpoint, time_wait_began(tw, now_ns), FLAG_TIME_DERIVED);
}

/* The peer's FIN may have come between our first look and the entry in the table. */
static __always_inline void time_wait_recheck(const struct endpoint *endpoint, const struct inet_timewait_sock *tw,
					      __u64 now_ns)
{
	struct connection *connection;

	if (BPF_CORE_READ(tw, tw_substate) != TCP_TIME_WAIT)
		return;
	connection = bpf_map_lookup_elem(&time_wait_by_endpoint, endpoint);
	if (connection)
		time_wait_look(connection, endpoint, tw, now_ns, true);
}

/* A connection between the same ends begins: whatever was there before is gone. */
static __always_inline void time_wait_superseded(const struct endpoint *endpoint, __u64 now_ns)
{
	struct connection *connection = bpf_map_lookup_elem(&time_wait_by_endpoint, endpoint);

	if (connection)
		time_wait_left(connection, endpoint, END_REUSED, connection->ended_ns ?: now_ns);
}

/* An entry that is there already is of a connection that has ended unseen: rare, so it is looked for only then. */
static __always_inline long time_wait_insert(const struct endpoint *endpoint, const struct connection *connection,
					     __u64 now_ns)
{
	if (!bpf_map_update_elem(&time_wait_by_endpoint, endpoint, connection, BPF_NOEXIST))
		return 0;
	time_wait_superseded(endpoint, now_ns);
	return bpf_map_update_elem(&time_wait_by_endpoint, endpoint, connection, BPF_ANY);
}

/*
 * -> CLOSE left a timewait socket: the connection lives on in the other table. Returns with its state being the
 * timewait socket's.
 */
static __always_inline void time_wait_begin(struct connection *connection, const struct endpoint *endpoint,
					    const struct inet_timewait_sock *tw, struct happening *closing)
{
	bool in_fin_wait2 = BPF_CORE_READ(tw, tw_substate) == TCP_FIN_WAIT2;

	tw_timer_learn(tw);
	connection->object = (__u64)tw;
	if (in_fin_wait2) {
		fin_wait2_count(1);
		closing->new_state = TCP_FIN_WAIT2;
	} else {
		closing->new_state = TCP_TIME_WAIT;
	}
	closing->flags |= FLAG_TIMEWAIT;
	closing->end = END_NONE;
	if (closing->old_state != closing->new_state || closing->flags & FLAG_MISSED) {
		connection_enter(connection, closing, endpoint);
	} else if (connection->state != closing->new_state) {
		/* Without track_all FIN_WAIT1 was recorded last. */
		connection->state = closing->new_state;
		connection->since_ns = 0;
	}
	if (time_wait_insert(endpoint, connection, closing->time_ns))
		count(COUNTER_MAP_FULL);
	else if (in_fin_wait2)
		time_wait_recheck(endpoint, tw, closing->time_ns);
}

/* Its timer ran out. */
static __always_inline void time_wait_expired(struct inet_timewait_sock *tw)
{
	struct endpoint endpoint = {};
	struct connection *connection;
	__u64 now_ns = bpf_ktime_get_ns();

	endpoint_of_timewait(&endpoint, tw);
	if (!netns_selected(endpoint.netns))
		return;
	connection = bpf_map_lookup_elem(&time_wait_by_endpoint, &endpoint);
	if (!connection || connection->object != (__u64)tw)
		return;
	time_wait_look(connection, &endpoint, tw, now_ns, false);
	time_wait_left(connection, &endpoint, END_EXPIRED, now_ns);
}

/*
 * Function hook: the timewait socket is taken out, for whatever reason. Before its time is over it was reused or killed:
 * a connection between the same ends, or the sweep, tells which.
 */
static __always_inline void time_wait_killed(struct inet_timewait_sock *tw)
{
	struct endpoint endpoint = {};
	struct connection *connection;
	__s64 left = BPF_CORE_READ(tw, tw_timer.expires) - bpf_jiffies64();

	endpoint_of_timewait(&endpoint, tw);
	if (!netns_selected(endpoint.netns))
		return;
	connection = bpf_map_lookup_elem(&time_wait_by_endpoint, &endpoint);
	if (!connection || connection->object != (__u64)tw)
		return;
	time_wait_look(connection, &endpoint, tw, bpf_ktime_get_ns(), false);
	if (left <= 0)
		time_wait_left(connection, &endpoint, END_EXPIRED, bpf_ktime_get_ns());
	else
		connection->ended_ns = bpf_ktime_get_ns();
}

#endif
