/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long connections wait in accept queues: from ESTABLISHED until accept() takes them, or until they are over without that. Only
 * where measure_accepts says so. A connection that waits is noted in a map; who takes it out of there tells of it, once. accept() is
 * seen by the hook that tells owners, or, where the kernel lets us hook no function, at the end of the system call. What neither sees
 * (io_uring in that case) is noticed at the connection's next transition, and then it is told that the time is not known.
 */
#ifndef TCPDWELL_ACCEPT_BPF_H
#define TCPDWELL_ACCEPT_BPF_H

#include "emit.bpf.h"
#include "store.bpf.h"

/* It is in an accept queue since now. Where there is no room for that, its wait is told as one that is not known. */
__noinline int accept_begins(__u64 socket, __u64 now_ns)
{
	bpf_map_update_elem(&accept_wait_since, &socket, &now_ns, BPF_ANY);
	return 0;
}

/* When its wait began; 0: that is not known, or another was faster to take it. */
static __always_inline __u64 accept_wait_take(__u64 socket)
{
	__u64 *at = bpf_map_lookup_elem(&accept_wait_since, &socket), since_ns;

	if (!at)
		return 0;
	since_ns = *at;
	return bpf_map_delete_elem(&accept_wait_since, &socket) ? 0 : since_ns;
}

/*
 * It is there no more. `flags`: FLAG_IN_ACCEPT_QUEUE where nobody has accepted it. Global functions, so that the verifier goes through
 * them once; hence the place is given by numbers.
 */
__noinline int accept_emit(__u64 key, __u32 way, __u64 since_ns, __u64 flags)
{
	struct connection *connection = socket_at(key, way).connection;
	struct happening happening = { .type = RECORD_ACCEPTED, .flags = flags };
	struct transition *record;
	struct endpoint endpoint;

	if (!connection)
		return 0;
	endpoint = connection->endpoint;
	happening.old_state = happening.new_state = connection->state;
	happening.time_ns = bpf_ktime_get_ns();
	if (!is_wanted(connection, &endpoint))
		return 0;
	record = record_of(&happening, connection, &endpoint);
	if (!record) {
		count(COUNTER_LOST_RECORDS);
		return 0;
	}
	record->since_ns = since_ns;
	bpf_ringbuf_submit(record, wake_up_flags());
	return 0;
}

/*
 * A transition: the first, to ESTABLISHED, in the queue; or a later one, after which it waits no more. That of a connection which
 * somebody accepted unseen tells that this is so, and not when. One that was there before us has no note; who reads knows of it.
 */
static __always_inline void accept_follow(struct place place, const struct happening *happening)
{
	bool queued = happening->flags & FLAG_IN_ACCEPT_QUEUE;
	__u64 since_ns;

	if (happening->new_state == TCP_ESTABLISHED) {
		if (queued)
			accept_begins(place.key, happening->time_ns);
		return;
	}
	if (queued && happening->new_state != TCP_CLOSE)
		return;
	since_ns = accept_wait_take(place.key);
	if (since_ns)
		accept_emit(place.key, place.way, queued ? since_ns : 0, queued ? FLAG_IN_ACCEPT_QUEUE : 0);
}

/* In the task that called accept(). Its place; without a note its time is not known. */
static __always_inline void accept_ends(struct place place)
{
	accept_emit(place.key, place.way, accept_wait_take(place.key), 0);
}

#endif
