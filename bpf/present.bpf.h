/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All sockets that are there now, in all network namespaces, read from the kernel's own tables: one pass for listening sockets and
 * their accept queues, one for all others. They hook nothing, add nothing to any table of ours, and are loaded only for commands
 * that ask for them. user/collect/present.c says how often they run.
 *
 * What the store knows of a socket (bpf/store.bpf.h) is taken from there; a socket that it does not know, as one that was accepted
 * and is still established where only TIME_WAIT and CLOSE_WAIT are followed, gets an id made of its address and its ends, the same
 * in each pass.
 */
#ifndef TCPDWELL_PRESENT_BPF_H
#define TCPDWELL_PRESENT_BPF_H

#include "holder.bpf.h"
#include "identity.bpf.h"
#include "table.bpf.h"

#define SOCK_KEEPOPEN 3 /* bit of sk_flags */

/* icsk_pending */
#define ICSK_TIME_PROBE0 3

/* Read by the reader: sockets that found no room on their page. */
__u64 present_cut = 0;

/* The sockets of one element: 32 KiB is what the kernel buffers. */
#define PRESENT_ROOM 256
#define PRESENT_MAX 176
struct {
	struct present_record records[PRESENT_ROOM];
	__u32 count;
} present_page;

/* Of the socket that is looked at. */
struct connection present_connection;

static __always_inline __u32 ms_since(__u32 jiffies)
{
	__u32 ticks = (__u32)bpf_jiffies64() - jiffies;

	return jiffies ? (__u64)ticks * tick_ns / 1000000 : ~0U;
}

static __always_inline void present_queues(struct present_record *record, const struct sock *sk)
{
	const struct tcp_sock *tcp = (const struct tcp_sock *)sk;
	const struct inet_connection_sock *icsk = (const struct inet_connection_sock *)sk;
	__u32 write_seq = READ(tcp, write_seq);
	__s32 unread = READ(tcp, rcv_nxt) - READ(tcp, copied_seq);

	record->rx_queue = record->state == TCP_SYN_SENT || unread < 0 ? 0 : unread;
	record->tx_queue = write_seq - READ(tcp, snd_una);
	record->unsent = write_seq - READ(tcp, snd_nxt);
	record->received_ms = ms_since(READ(icsk, icsk_ack.lrcvtime));
	record->sent_ms = ms_since(READ(tcp, lsndtime));
}

static __always_inline void present_timers(struct present_record *record, const struct sock *sk)
{
	const struct inet_connection_sock *icsk = (const struct inet_connection_sock *)sk;
	__u8 pending = READ(icsk, icsk_pending);

	record->retransmits = READ(icsk, icsk_probes_out);
	if (pending == ICSK_TIME_PROBE0) {
		record->timer = PRESENT_RECORD_PROBE;
	} else if (pending) {
		record->timer = PRESENT_RECORD_RETRANSMIT;
		record->retransmits = READ(icsk, icsk_retransmits);
	} else if (compat_keepalive_pending(sk)) {
		record->timer = PRESENT_RECORD_KEEPS_ALIVE;
	}
	if (READ(sk, __sk_common.skc_flags) & (1UL << SOCK_KEEPOPEN))
		record->flags |= PRESENT_RECORD_KEEPALIVE;
}

/* Whose it is, as far as can be told now. `connection` is a copy, and stays one. */
static __always_inline void present_owner(struct present_record *record, struct connection *connection, const struct sock *sk)
{
	record->closer = connection->closer;
	record->closed_by = connection->closed_by ?: closed_by_of_state(record->state);
	if (!owner_known(connection))
		owner_resolve(connection, sk, &record->endpoint);
	record->side = connection->side;
	record->attribution = connection->attribution;
	record->owner_credentials = owner_credentials(connection);
	if (connection->owner.start_ns)
		record->owner = connection->owner;
	else
		record->socket_cgroup_id = socket_cgroup_id(sk);
}

/* The next record of the page, empty. NULL: there is no room. */
static __always_inline struct present_record *present_record_next(void)
{
	__u32 count = present_page.count;

	if (count >= PRESENT_MAX) {
		present_cut++;
		return NULL;
	}
	barrier_var(count);
	return &present_page.records[count & (PRESENT_ROOM - 1)];
}

static __always_inline void present_socket(const struct sock *sk, __u8 state)
{
	struct present_record *record = present_record_next();
	struct connection *connection;

	if (!record)
		return;
	__builtin_memset(record, 0, sizeof(*record));
	endpoint_of_socket(false, &record->endpoint, sk);
	if (!netns_selected(record->endpoint.netns) || !endpoint_selected(&record->endpoint))
		return;
	record->state = state;
	connection = present_find(sk, &record->endpoint);
	present_connection = connection ? *connection : no_connection;
	record->id = present_connection.id ?: present_derived_id((__u64)sk, &record->endpoint);
	if (present_connection.state == state)
		record->since_ns = present_connection.since_ns;
	if (!READ(sk, sk_socket) && !is_dead(false, sk)) {
		record->flags = PRESENT_RECORD_QUEUED;
		present_connection.side = SIDE_PASSIVE;
	} else if (!present_connection.side && listener_of(&record->endpoint)) {
		present_connection.side = SIDE_PASSIVE;
	}
	present_owner(record, &present_connection, sk);
	present_queues(record, sk);
	present_timers(record, sk);
	present_page.count++;
}

/* FIN_WAIT2 may go on in a timewait socket; TIME_WAIT is told by events. */
static __always_inline void present_timewait(const struct inet_timewait_sock *tw)
{
	struct present_record *record;
	struct connection *connection;

	if (READ(tw, tw_substate) != TCP_FIN_WAIT2)
		return;
	record = present_record_next();
	if (!record)
		return;
	__builtin_memset(record, 0, sizeof(*record));
	endpoint_of_timewait(&record->endpoint, tw);
	if (!netns_selected(record->endpoint.netns) || !endpoint_selected(&record->endpoint))
		return;
	connection = time_wait_find(&record->endpoint).connection;
	present_connection = connection ? *connection : no_connection;
	record->id = present_connection.id ?: present_derived_id((__u64)tw, &record->endpoint);
	record->state = TCP_FIN_WAIT2;
	record->flags = PRESENT_RECORD_TIMEWAIT;
	record->since_ns = present_connection.state == TCP_FIN_WAIT2 ? present_connection.since_ns : 0;
	record->side = present_connection.side;
	record->closed_by = CLOSED_BY_LOCAL;
	record->attribution = present_connection.attribution;
	record->owner_credentials = owner_credentials(&present_connection);
	record->closer = present_connection.closer;
	if (present_connection.owner.start_ns)
		record->owner = present_connection.owner;
	record->received_ms = record->sent_ms = ~0U;
	present_page.count++;
}

/* Global functions, so that the verifier goes through each once. */
__noinline int present_note(__u64 address)
{
	const struct sock *sk = (const struct sock *)address;
	__u8 state = READ(sk, __sk_common.skc_state);

	if (!table_has(sk))
		return 0;
	if (state == TCP_TIME_WAIT)
		present_timewait((const struct inet_timewait_sock *)sk);
	else if (is_connected_state(state))
		present_socket(sk, state);
	return 0;
}

__noinline __u64 present_nodes(__u64 first)
{
	return table_nodes(first, present_note);
}

__noinline __u64 present_chain_end(__u32 bucket)
{
	return table_chain(bucket, present_nodes);
}

__noinline int present_chain(__u32 bucket)
{
	__u32 before = present_page.count;
	int i;

	for (i = 0; i < TABLE_TRIES; i++) {
		present_page.count = before;
		if (table_chain_is_whole(bucket, present_chain_end(bucket)))
			return 0;
	}
	tables_cut++;
	return 0;
}

__noinline int present_buckets(__u32 first, __u32 end)
{
	table_buckets(first, end, present_chain);
	return 0;
}

__noinline int present_stride(__u32 first, __u32 end)
{
	table_stride(first, end, present_buckets);
	return 0;
}

/* iter/bpf_map_elem over table_pages, in the order of its indexes. */
static __always_inline void present_print(struct seq_file *seq, __u32 index)
{
	__u32 count;

	present_page.count = 0;
	table_element(index, present_stride);
	count = present_page.count;
	if (!count)
		return;
	barrier_var(count);
	if (count <= PRESENT_MAX)
		bpf_seq_write(seq, present_page.records, count * sizeof(present_page.records[0]));
}

/* The listening socket that is looked at, and where the element goes on. */
#define QUEUED_ROOM 1024
#define QUEUED_MAX 900
struct {
	struct listener_record head;
	struct queued_record queued[QUEUED_ROOM];
} listener_page;

struct {
	__u64 node;
	__u32 bucket, end;
	__u32 room; /* how many connections in queues may still be told of */
} listener_look;

__noinline int queued_note(__u64 address)
{
	const struct request_sock *request = (const struct request_sock *)address;
	__u64 syn_us = READ((const struct tcp_request_sock *)request, snt_synack);
	__u64 child = (__u64)READ(request, sk);
	__u32 count = listener_page.head.queued;
	__u8 state;

	if (!child)
		return 0;
	state = READ((const struct sock *)child, __sk_common.skc_state);
	if (!listener_page.head.oldest_us)
		listener_page.head.oldest_us = syn_us;
	if (state != TCP_ESTABLISHED && state != TCP_SYN_RECV)
		listener_page.head.closed++;
	if (count >= QUEUED_MAX || count >= listener_look.room)
		return 0;
	barrier_var(count);
	listener_page.queued[count & (QUEUED_ROOM - 1)].id = present_id(child);
	listener_page.queued[count & (QUEUED_ROOM - 1)].syn_us = syn_us;
	listener_page.head.queued = count + 1;
	return 0;
}

/* As queue_read() of bpf/holder.bpf.h: the next requests of an accept queue. */
__noinline __u64 listener_queue_read(__u64 first, __u64 listener)
{
	struct request_sock *request = (struct request_sock *)first;
	int i;

	for (i = 0; i < QUEUE_STRIDE; i++) {
		if (!request || (__u64)READ(request, __req_common.skc_listener) != listener)
			return 0;
		queued_note((__u64)request);
		request = READ(request, dl_next);
	}
	return (__u64)request;
}

static __always_inline void listener_queue(const struct sock *listener)
{
	__u64 request = (__u64)READ((struct inet_connection_sock *)listener, icsk_accept_queue.rskq_accept_head);
	int i;

	for (i = 0; i < QUEUE_STRIDES && request; i++)
		request = listener_queue_read(request, (__u64)listener);
	if (request)
		count(COUNTER_QUEUE_CUT);
}

static __always_inline void listener_owner(struct listener_record *head, const struct sock *sk)
{
	struct connection *connection = socket_look(sk).connection;

	present_connection = connection && connection->state == TCP_LISTEN ? *connection : no_connection;
	if (!owner_known(&present_connection))
		owner_resolve(&present_connection, sk, &head->endpoint);
	head->id = listener_id((__u64)sk);
	head->attribution = present_connection.attribution;
	head->owner_credentials = owner_credentials(&present_connection);
	if (present_connection.owner.start_ns)
		head->owner = present_connection.owner;
}

/* Fills the page. 0: it is no listening socket that is wanted. */
__noinline int listener_fill(__u64 address)
{
	const struct sock *sk = (const struct sock *)address;
	struct listener_record *head = &listener_page.head;
	const struct net *net = READ(sk, __sk_common.skc_net.net);

	__builtin_memset(head, 0, sizeof(*head));
	if (READ(sk, __sk_common.skc_state) != TCP_LISTEN || READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	endpoint_of_socket(false, &head->endpoint, sk);
	head->endpoint.remote_port = 0;
	if (!netns_selected(head->endpoint.netns) || !endpoint_selected(&head->endpoint))
		return 0;
	listener_owner(head, sk);
	head->depth = READ(sk, sk_ack_backlog);
	head->backlog = READ(sk, sk_max_ack_backlog);
	head->drops = READ(sk, sk_drops.counter);
	head->half_open = READ((const struct inet_connection_sock *)sk, icsk_accept_queue.qlen.counter);
	head->somaxconn = READ(net, core.sysctl_somaxconn);
	head->side = SIDE_PASSIVE;
	listener_queue(sk);
	return 1;
}

/* The next node of the element's buckets; 0: there is none. */
#define LISTENER_BUCKETS 16 /* an element has 8, of the 65,536 that the kernel makes at most */
__noinline __u64 listener_next(void)
{
	struct inet_listen_hashbucket *bucket;
	__u64 node = listener_look.node;
	int i;

	if (node && !(node & 1))
		node = (__u64)READ((struct hlist_nulls_node *)node, next);
	for (i = 0; i < LISTENER_BUCKETS && (!node || node & 1); i++) {
		if (listener_look.bucket >= listener_look.end)
			return 0;
		bucket = (void *)table_look.listeners + listener_look.bucket++ * bpf_core_type_size(struct inet_listen_hashbucket);
		node = (__u64)READ(bucket, nulls_head.first);
	}
	listener_look.node = node;
	return node & 1 ? 0 : node;
}

/*
 * Listening sockets of an element in one pass: with those that wait they fit into what the kernel buffers. While there are more the
 * reader makes another pass, which goes on behind them.
 */
#define LISTENERS_MAX 110
__u32 listener_part = 0; /* set by the reader */
bool listener_more = false; /* read by the reader */

/* Goes behind those that one pass told of. False: there are no others. */
__noinline int listener_skip_part(void)
{
	int i;

	for (i = 0; i < LISTENERS_MAX; i++)
		if (!listener_next())
			return 0;
	return 1;
}

/* Goes behind those that the passes before told of. */
#define LISTENER_PARTS 16
static __always_inline bool listener_go_on(void)
{
	__u32 i;

	for (i = 0; i < LISTENER_PARTS; i++) {
		if (i >= listener_part)
			return true;
		if (!listener_skip_part())
			return false;
	}
	return false;
}

static __always_inline void listener_begin(__u32 share)
{
	listener_look.node = 0;
	listener_look.bucket = share * table_look.listener_stride;
	listener_look.end = listener_look.bucket + table_look.listener_stride;
	if (listener_look.end > table_look.n_listeners)
		listener_look.end = table_look.n_listeners;
	listener_look.room = QUEUED_MAX;
}

/* The next listening socket: 2 and the number of those that wait for it; 1: it is not wanted; 0: there is none. */
__noinline __u32 listener_take(void)
{
	__u64 node = listener_next();
	__u32 queued;

	if (!node)
		return 0;
	if (!listener_fill(node - compat_listener_node()))
		return 1;
	queued = listener_page.head.queued;
	listener_look.room -= queued;
	return 2 + queued;
}

/* iter/bpf_map_elem over table_pages; listening sockets are in the first table alone. */
static __always_inline void listeners_print(struct seq_file *seq, __u32 index)
{
	__u32 i, taken;

	listener_begin(table_share(index));
	if (listener_part && !listener_go_on())
		return;
	for (i = 0; i < LISTENERS_MAX; i++) {
		taken = listener_take();
		if (!taken)
			return;
		taken -= 2;
		barrier_var(taken);
		if (taken <= QUEUED_MAX)
			bpf_seq_write(seq, &listener_page, sizeof(listener_page.head) + taken * sizeof(listener_page.queued[0]));
	}
	if (listener_next())
		listener_more = true;
}

#endif
