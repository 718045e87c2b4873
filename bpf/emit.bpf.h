/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records for the reader: what is sent, and without a wake-up for each (a record costs 67 ns, a wake-up 5 us). */
#ifndef TCPDWELL_EMIT_BPF_H
#define TCPDWELL_EMIT_BPF_H

#include "config.bpf.h"
#include "maps.bpf.h"
#include "owner.bpf.h"

/* What happened, as far as it is not in the connection itself. */
struct happening {
	__u32 type;
	__u8 old_state;
	__u8 new_state;
	__u8 recorded_state;
	__u8 end;
	__u8 flags;
	__u16 error;
	__u64 time_ns;
	__u64 since_ns; /* of a socket that is there: its state began then, as the kernel's timer tells; 0 = as recorded */
	__u64 socket_cgroup_id;
	__u32 search_ns, own_range, device; /* as in struct transition */
};

/* See OPAQUE. */
static __always_inline void happening_forget(struct happening *happening)
{
	happening->old_state = OPAQUE(happening->old_state);
	happening->new_state = OPAQUE(happening->new_state);
	happening->end = OPAQUE(happening->end);
	happening->flags = OPAQUE(happening->flags);
	happening->recorded_state = OPAQUE(happening->recorded_state);
	happening->socket_cgroup_id = OPAQUE(happening->socket_cgroup_id);
	happening->own_range = OPAQUE(happening->own_range);
	happening->device = OPAQUE(happening->device);
}

static __always_inline bool states_selected(const struct happening *happening)
{
	/* One that could not enter TIME_WAIT is news for who wants to know of those that do. */
	__u32 missed = happening->end == END_OVERFLOW ? 1U << TCP_TIME_WAIT : 0;

	return emit_states & (1U << happening->old_state | 1U << happening->new_state | missed);
}

static __always_inline bool owner_selected(const struct connection *connection)
{
	if (!filters_processes() || connection->flags & CONNECTION_SELECTED)
		return true;
	return owner_credentials(connection) != 0;
}

/* Has the reader decided that a cgroup's names do not pass? Global: the verifier goes through it once. */
__noinline int cgroup_rejected(__u64 id)
{
	__u8 *rejected = bpf_map_lookup_elem(&cgroup_by_id, &id);

	return rejected && *rejected;
}

/*
 * Set by the reader when nothing came for a while, so that it need not look by itself: the next record wakes it at once.
 */
bool reader_sleeps = false;

static __always_inline __u64 wake_up_flags(void)
{
	__u64 over;

	if (reader_sleeps) {
		reader_sleeps = false;
		return BPF_RB_FORCE_WAKEUP;
	}
	over = bpf_ringbuf_query(&records, BPF_RB_AVAIL_DATA) - wake_up_bytes;
	return over < 2 * sizeof(struct transition) ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

/* Before the ports are known a filter on them can't say yes; remote ports of listeners never are. */
static __always_inline bool ports_undecided(const struct endpoint *endpoint)
{
	return (filter_local_ports && !endpoint->local_port) ||
	       ((filter_remote_ports || filter_remote_addr) && !endpoint->remote_port);
}

/*
 * Numbers the listings of all sockets that are there. The reader counts a socket if its presence was told in the listing that
 * is on. Where records were lost it no longer knows what is there: it begins the next listing (1 to 255, then 1 again), and the
 * sweeps tell of every socket that was not told of in it.
 */
volatile __u8 listing = 1;

/* States of sockets that a listing tells of. */
static __always_inline bool is_connected_state(__u8 state)
{
	return state && state != TCP_CLOSE && state != TCP_LISTEN && state < TCP_NEW_SYN_RECV;
}

static __always_inline bool is_wanted(const struct connection *connection, const struct endpoint *endpoint)
{
	if (!owner_selected(connection) || ports_undecided(endpoint))
		return false;
	return !filter_names || !cgroup_rejected(connection->owner.cgroup_id);
}

/* Does the reader not count the socket that it is told to leave a state? Then it was there all the same. */
static __always_inline bool leaves_untold(const struct happening *happening, const struct connection *connection, __u8 now)
{
	__u8 state = happening->flags & FLAG_MISSED ? happening->recorded_state : happening->old_state;

	return happening->type == RECORD_TRANSITION && connection->told != now && is_connected_state(state) &&
	       emit_states & (1U << state);
}

/*
 * A record that is yet to be submitted, or discarded. NULL: the ring buffer is full. What tells that a socket was there marks it as told at
 * once: a sweep that looks at it meanwhile has nothing to add.
 */
static __always_inline struct transition *record_of(const struct happening *happening, struct connection *connection,
						    const struct endpoint *endpoint)
{
	struct transition *record = bpf_ringbuf_reserve(&records, sizeof(*record), 0);
	__u8 now = listing;

	if (!record)
		return NULL;
	record->type = happening->type;
	record->old_state = happening->old_state;
	record->new_state = happening->new_state;
	record->recorded_state = happening->recorded_state;
	record->side = connection->side;
	record->closed_by = connection->closed_by;
	record->end = happening->end;
	record->attribution = connection->attribution;
	record->flags = happening->flags;
	if (leaves_untold(happening, connection, now)) {
		connection->told = now;
		record->flags |= FLAG_FIRST_SEEN;
	}
	if (filters_processes() && (filter_names || !(connection->flags & CONNECTION_SELECTED)))
		record->flags |= FLAG_SELECTION_OPEN;
	record->error = happening->error;
	record->listing = now;
	record->padding = 0;
	record->time_ns = happening->time_ns;
	record->since_ns = connection->since_ns ?: happening->since_ns;
	record->id = connection->id;
	record->owner_credentials = owner_credentials(connection);
	record->socket_cgroup_id = happening->socket_cgroup_id;
	record->search_ns = happening->search_ns;
	record->own_range = happening->own_range;
	record->device = happening->device;
	record->padding2 = 0;
	record->endpoint = *endpoint;
	record->owner = connection->owner;
	record->closer = connection->closer;
	return record;
}

/* The listing that the record is of, 0 where the ring buffer was full. */
static __always_inline __u8 emit(const struct happening *happening, struct connection *connection,
				 const struct endpoint *endpoint)
{
	struct transition *record = record_of(happening, connection, endpoint);
	__u8 told;

	if (!record)
		return 0;
	told = record->listing;
	bpf_ringbuf_submit(record, wake_up_flags());
	return told;
}

/* An event: what the reader will never know of is counted. */
static __always_inline __u8 emit_event(const struct happening *happening, struct connection *connection,
				       const struct endpoint *endpoint)
{
	__u8 told;

	if (!is_wanted(connection, endpoint))
		return 0;
	told = emit(happening, connection, endpoint);
	if (!told)
		count(COUNTER_LOST_RECORDS);
	return told;
}

/* Set when a sweep is to find out the port of a socket. */
bool ports_awaited = false;

/* connect() chooses its port after it has entered SYN_SENT: nothing tells of it but a sweep, or the next transition. */
static __always_inline void await_port(const struct happening *happening, const struct endpoint *endpoint)
{
	if (awaits_ports && happening->new_state == TCP_SYN_SENT && !endpoint->local_port)
		ports_awaited = true;
}

/*
 * Enters a state, telling the reader when it wants to know. FIN_WAIT2 that goes on in a timewait socket is no news; without
 * track_all FIN_WAIT1 was recorded last, and when FIN_WAIT2 began is not known.
 */
static __always_inline void connection_enter(struct connection *connection, struct happening *happening,
					     const struct endpoint *endpoint)
{
	if (happening->old_state == happening->new_state && !(happening->flags & FLAG_MISSED)) {
		if (connection->state != happening->new_state)
			connection->since_ns = 0;
	} else {
		await_port(happening, endpoint);
		if (states_selected(happening))
			connection->told = emit_event(happening, connection, endpoint);
		connection->since_ns = happening->time_ns;
	}
	connection->state = happening->new_state;
}

#endif
