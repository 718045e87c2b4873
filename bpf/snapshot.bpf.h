/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Iterators that seed the tables with the sockets that were there before us, and whose they are. */
#ifndef TCPDWELL_SNAPSHOT_BPF_H
#define TCPDWELL_SNAPSHOT_BPF_H

#include "listener.bpf.h"
#include "presence.bpf.h"
#include "table.bpf.h"
#include "transition.bpf.h"

#define S_IFMT 0170000
#define S_IFSOCK 0140000

/* Sockets that iterators met and that found no place, as the tables were full. While there are any, the reader looks again. */
__u64 places_refused = 0;

static __always_inline void count_adopted(void)
{
	if (seeding_is_over)
		count(COUNTER_ADOPTED);
}

/* Events that come later have counted theirs already. */
static __always_inline void count_place_refused(void)
{
	atomic_add(&places_refused, 1);
	if (!seeding_is_over)
		count(COUNTER_MAP_FULL);
}

/* The socket of a file descriptor, NULL if it is none of TCP. */
static __always_inline struct sock *sock_of_file(struct file *file)
{
	struct socket *socket;
	struct sock *sk;

	if ((READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = READ(file, private_data);
	if (!socket || READ(socket, file) != file)
		return NULL;
	sk = READ(socket, sk);
	if (!sk || READ(sk, sk_protocol) != IPPROTO_TCP)
		return NULL;
	return sk;
}

/* A descriptor's socket: whose is it? Of several holders the one that opened the file, else the first found. */
static __always_inline void seed_owner(struct connection *connection, struct task_struct *task, bool opened_it)
{
	struct process process = {};

	if (owner_known(connection) && !(opened_it && connection->attribution == ATTRIBUTION_SEEDED))
		return;
	process_of_task(false, &process, task);
	owner_set(connection, &process, process_selected(&process, task), ATTRIBUTION_SEEDED);
}

/* Who opened this file is gone or has changed its credentials: its holder is the best that is left. */
static __always_inline void register_holder(struct task_struct *task, __u64 credentials)
{
	struct registered_process *entry = bpf_map_lookup_elem(&process_by_credentials, &credentials);
	struct process process = {};

	if (entry && registration_holds(entry, credentials))
		return;
	process_of_task(false, &process, task);
	process_register(credentials, NULL, &process);
}

/* The state itself tells who was first. */
static __always_inline __u8 closed_by_of_state(__u8 state)
{
	switch (state) {
	case TCP_CLOSE_WAIT:
	case TCP_LAST_ACK:
		return CLOSED_BY_REMOTE;
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
	case TCP_TIME_WAIT:
		return CLOSED_BY_LOCAL;
	case TCP_CLOSING:
		return CLOSED_BY_BOTH;
	}
	return CLOSED_BY_NONE;
}

static __always_inline bool is_selected(const struct endpoint *endpoint)
{
	return netns_selected(endpoint->netns) && endpoint_selected(endpoint);
}

/*
 * Is it still in the kernel's table? It is taken out before the event of its end, so one that is there after we entered it is found by
 * that event. connect() looks for a port before it puts it in.
 */
static __always_inline bool is_hashed(const struct sock *sk, __u8 state)
{
	return state == TCP_LISTEN || state == TCP_SYN_SENT || READ(sk, __sk_common.skc_nulls_node.pprev);
}

/* Enters a full socket that no event told of. NULL: the table is full, or it is being closed. */
static __always_inline struct connection *seed_socket(const struct sock *sk, const struct endpoint *endpoint, __u8 state)
{
	struct connection *connection;
	struct place place = socket_look(sk);

	if (place.connection)
		return place.connection;
	place = socket_spill(place, BPF_NOEXIST);
	connection = place.connection;
	if (!connection)
		return socket_look(sk).connection;
	connection->id = connection_id(bpf_ktime_get_ns());
	connection->state = state;
	connection->closed_by = closed_by_of_state(state);
	connection->flags |= CONNECTION_SEEDED;
	connection->endpoint = *endpoint;
	connection->hash = READ(sk, __sk_common.skc_hash);
	if (is_hashed(sk, state))
		return connection;
	socket_take(place, connection->id);
	return NULL;
}

/* A listening socket can have many holders; it counts once, for the process that opened it or else the first found. */
static __always_inline void seed_listener(struct connection *connection, const struct endpoint *endpoint,
					  struct task_struct *task, bool opened_it)
{
	bool first = !connection->attribution;
	struct listener_key key = {};
	struct listener *listener;

	if (!first && !opened_it)
		return;
	seed_owner(connection, task, opened_it);
	listener_key_of(&key, endpoint);
	if (first) {
		listener_add(&key, &connection->owner, connection->flags & CONNECTION_SELECTED);
		return;
	}
	listener = bpf_map_lookup_elem(&listener_by_address, &key);
	if (listener && listener->sockets == 1)
		listener->owner = connection->owner;
}

/* iter/task_file */
static __always_inline void snapshot_descriptor(struct task_struct *task, struct file *file)
{
	__u64 credentials = (__u64)READ(file, f_cred);
	struct connection *connection;
	struct endpoint endpoint = {};
	struct sock *sk;
	__u8 state;

	sk = sock_of_file(file);
	if (!sk)
		return;
	state = READ(sk, __sk_common.skc_state);
	if (state != TCP_LISTEN && !is_connected_state(state))
		return;
	endpoint_of_socket(false, &endpoint, sk);
	if (!is_selected(&endpoint))
		return;
	connection = seed_socket(sk, &endpoint, state);
	if (!connection)
		return;
	if (state == TCP_LISTEN) {
		seed_listener(connection, &endpoint, task, credentials_of(task) == credentials);
		return;
	}
	register_holder(task, credentials);
	seed_owner(connection, task, credentials_of(task) == credentials);
}

/* iter/task: whose are which credentials? */
static __always_inline void snapshot_process(struct task_struct *task)
{
	struct process process = {};

	if (READ(task, pid) != READ(task, tgid) || is_kernel_thread(false, task))
		return;
	process_of_task(false, &process, task);
	process_register(credentials_of(task), task, &process);
}

/* What is entered of the timewait socket that is met: too large for the stack, which old kernels bound over all calls. */
struct connection met_time_wait;

/*
 * A timewait socket that was there before us: nothing tells who made it. The next sweep tells of it: its event may be just now
 * coming on another processor (time_wait_take_over()).
 */
static __always_inline void snapshot_timewait(struct inet_timewait_sock *tw)
{
	struct endpoint endpoint = {};

	tw_timer_learn(tw);
	endpoint_of_timewait(&endpoint, tw);
	if (!is_selected(&endpoint))
		return;
	__builtin_memset(&met_time_wait, 0, sizeof(met_time_wait));
	met_time_wait.id = connection_id(bpf_ktime_get_ns());
	met_time_wait.state = READ(tw, tw_substate);
	met_time_wait.closed_by = met_time_wait.state == TCP_FIN_WAIT2 ? CLOSED_BY_LOCAL : CLOSED_BY_NONE;
	met_time_wait.flags = CONNECTION_MET_EARLY;
	met_time_wait.object = (__u64)tw;
	met_time_wait.endpoint = endpoint;
	met_time_wait.side = side_of_timewait(tw, &endpoint);
	if (time_wait_find(&endpoint).connection)
		return;
	if (!time_wait_insert(&endpoint, &met_time_wait)) {
		count_place_refused();
		return;
	}
	if (met_time_wait.state == TCP_FIN_WAIT2)
		fin_wait2_count(1);
	count_adopted();
}

static __always_inline void snapshot_socket(const struct sock *sk, __u8 state)
{
	struct connection *connection;
	struct endpoint endpoint = {};

	endpoint_of_socket(false, &endpoint, sk);
	if (!is_selected(&endpoint))
		return;
	connection = seed_socket(sk, &endpoint, state);
	if (!connection && is_hashed(sk, state))
		count_place_refused();
	if (!connection || connection->flags & CONNECTION_MET || !(connection->flags & CONNECTION_SEEDED))
		return;
	connection->flags |= CONNECTION_MET;
	side_find(connection, sk, &endpoint);
	if (!owner_known(connection))
		owner_resolve(connection, sk, &endpoint);
	count_adopted();
	tell_socket(connection, connection->id, sk, bpf_ktime_get_ns());
}

/* Sockets that were met by the element that is on. */
__u32 seed_met = 0;

__noinline int seed_note(__u64 address)
{
	const struct sock *sk = (const struct sock *)address;
	__u8 state = READ(sk, __sk_common.skc_state);

	if (state != TCP_TIME_WAIT && !is_connected_state(state))
		return 0;
	if (!table_has(sk))
		return 0;
	seed_met++;
	if (state == TCP_TIME_WAIT)
		snapshot_timewait((struct inet_timewait_sock *)sk);
	else
		snapshot_socket(sk, state);
	return 0;
}

__noinline __u64 seed_nodes(__u64 first)
{
	return table_nodes(first, seed_note);
}

__noinline __u64 seed_chain_end(__u32 bucket)
{
	return table_chain(bucket, seed_nodes);
}

__noinline int seed_chain(__u32 bucket)
{
	int i;

	for (i = 0; i < TABLE_TRIES; i++) {
		if (table_chain_is_whole(bucket, seed_chain_end(bucket)))
			return 0;
	}
	tables_cut++;
	return 0;
}

__noinline int seed_buckets(__u32 first, __u32 end)
{
	table_buckets(first, end, seed_chain);
	return 0;
}

__noinline int seed_stride(__u32 first, __u32 end)
{
	table_stride(first, end, seed_buckets);
	return 0;
}

/*
 * For each element of table_pages (bpf/element.bpf.h): every socket of all namespaces, also those without a descriptor. Runs after
 * iter/task_file found the owners. How many the element met.
 */
static __always_inline __u32 snapshot_share(__u32 index)
{
	seed_met = 0;
	table_element(index, seed_stride);
	return seed_met;
}

#endif
