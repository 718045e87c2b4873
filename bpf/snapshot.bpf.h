/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What iterators do: seed the tables with the sockets that were there before us, and reconcile the tables with the kernel
 * now and then. All write records like events do, so the reader needs no second way.
 */
#ifndef TCPDWELL_SNAPSHOT_BPF_H
#define TCPDWELL_SNAPSHOT_BPF_H

#include "listener.bpf.h"
#include "table.bpf.h"
#include "transition.bpf.h"

#define S_IFMT 0170000
#define S_IFSOCK 0140000

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

/* Sockets that the ring buffer had no room to tell of. Nothing is lost: the next sweep tells of them. */
__u64 presences_refused = 0;

/* Sockets that iterators met and that found no place, as the tables were full. While there are any, the reader looks again. */
__u64 places_refused = 0;

/* connect() entered SYN_SENT and that was not told, as a filter needs its port: it is told now. */
static __always_inline bool began_untold(const struct connection *connection)
{
	return awaits_ports && connection->state == TCP_SYN_SENT && !connection->told && connection->since_ns;
}

/*
 * The listing that the record is of, 0 where the ring buffer was full. Not submitted when an event has ended connection `id` or changed its
 * state since it was looked at: that has told more, and the place may be another's.
 */
static __always_inline __u8 emit_presence(const struct happening *presence, const struct connection *connection,
					  const struct endpoint *endpoint, __u64 id)
{
	struct transition *record = record_of(presence, connection, endpoint);
	__u8 told;

	if (!record)
		return 0;
	told = record->listing;
	if (record->id == id && *(volatile const __u64 *)&connection->id == id && connection->state == presence->new_state)
		bpf_ringbuf_submit(record, wake_up_flags());
	else
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
	return told;
}

/*
 * Tells that connection `id` is there, unless that was told in this listing. Marked before it is told, so that an event just now
 * coming on another processor does not count it a second time. What that event has marked meanwhile is not taken back.
 */
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
	connection->told = listing;
	if (emit_presence(&presence, connection, endpoint, id))
		return;
	if (connection->state == presence.new_state)
		connection->told = 0;
	atomic_add(&presences_refused, 1);
}

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
	struct place place = socket_find(sk);

	if (place.connection)
		return place.connection;
	place = socket_spill(place, BPF_NOEXIST);
	connection = place.connection;
	if (!connection)
		return socket_find(sk).connection;
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
static __always_inline void tell_local_port(const struct connection *connection, const struct endpoint *endpoint, __u64 now_ns)
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

/* What is kept at a place of sweep_map. False: it is empty. */
static __always_inline bool sweep_place(struct place place)
{
	if (!place.key)
		return false;
	swept = *place.connection;
	if (sweep_map == SWEEP_LOST)
		sweep_lost_connection(place.key);
	else
		sweep_socket(place);
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

	if (slots_used && sweep_map == SWEEP_SLOTS)
		place = socket_visit(index, connection);
	else
		bpf_probe_read_kernel(&place.key, sizeof(place.key), key);
	return sweep_place(place);
}

#define SETTLED_PACE 16 /* elements of which nothing is told are cheaper */

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
