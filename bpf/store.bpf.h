/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where connections are kept. A hash map costs 100 to 250 ns for each insertion and deletion, most of it for memory, and a
 * connection has three of each; so most connections live in an array instead: buckets of tags, each a cache line, and for
 * each tag a slot. What finds no slot free, or its bucket full, goes to a hash map, as do full sockets that were there before us,
 * which are long-lived; and so does everything on kernels without compare-and-exchange in BPF (before 5.12): slots_used is false.
 *
 * A full socket's slot belongs to its tag, and is used again with the socket's memory. When buckets are full, the reader moves those
 * that have long been in one state to the hash map, so that the slots are for those that come and go: socket_move().
 *
 * A timewait socket's slot is the next one in turn, and its number is part of the tag: they end in about the order in which they
 * began, so the next one is free, and what is written lies together. (Large arrays have small pages; one that is picked by a hash costs
 * more than all else here.) When there are more of them than slots, the next ones are all taken for a lap, so the hash map must have room
 * for as many.
 *
 * A tag is 0 (free), TAG_BUSY (being freed) or tells the key. A free slot's memory is all zero, so that whoever sees a tag
 * before its slot is filled sees a connection without a state and a time, which every reader passes over.
 */
#ifndef TCPDWELL_STORE_BPF_H
#define TCPDWELL_STORE_BPF_H

#include "config.bpf.h"
#include "maps.bpf.h"

#define TAG_BUSY 1
#define TAG_MOVES 1 /* beside a full socket's address: it is going to be moved, unless an event comes first */
#define TAG_HASH 0xffffffff00000000ULL /* of a timewait socket; the rest is its slot */

static const struct connection no_connection = {};

/* Where a connection is kept. connection NULL: nowhere. A number and not a pointer to the tag: the verifier tells fewer cases. */
struct place {
	struct connection *connection;
	__u64 key; /* address of a full socket, tag of a timewait socket */
	__u32 way; /* of the tag, among those of all buckets; WAY_NONE: in the hash map */
};

#define WAY_FREE (1U << 31) /* not the tag's, but one that could become it */
#define WAY_SPILLED (1U << 30) /* others that belong into this bucket are in the hash map */
#define WAY_MARKED (1U << 29) /* its tag has TAG_MOVES */
#define WAY_NONE (WAY_MARKED - 1)

/* The way of the tag that agrees with `tag` in all bits of `mask`, else a free one with WAY_FREE, else WAY_NONE. `mark`: of tags. */
static __always_inline __u32 tags_scan(const __u64 *tags, __u32 first_way, __u32 ways, __u64 tag, __u64 mask, __u64 mark)
{
	__u32 i, free = WAY_NONE;

#pragma unroll
	for (i = 0; i < ways; i++) {
		__u64 at = *(const volatile __u64 *)&tags[i];

		if (!((at ^ tag) & mask))
			return (first_way + i) | (at & mark ? WAY_MARKED : 0);
		if (!at)
			free = (first_way + i) | WAY_FREE;
	}
	return free;
}

/* One of `count` for 32 bits of a hash. */
static __always_inline __u32 share_of(__u32 hash, __u32 count)
{
	return (__u64)hash * count >> 32;
}

/* Global functions, so that the verifier goes through the scan once and not for each way that leads here. */
__noinline __u32 socket_way(__u64 key, bool stays)
{
	__u32 index = share_of(key * GOLDEN_RATIO_64 >> 32, socket_bucket_count), way;
	struct bucket *bucket = bpf_map_lookup_elem(&socket_buckets, &index);
	__u64 tag;

	if (!bucket)
		return WAY_NONE;
	way = tags_scan(bucket->tags, index * SLOTS_PER_BUCKET, SLOTS_PER_BUCKET, key, ~(__u64)TAG_MOVES, TAG_MOVES);
	if (!(way & WAY_MARKED))
		return way;
	way &= ~WAY_MARKED;
	if (!stays)
		return way;
	tag = __sync_val_compare_and_swap(&bucket->tags[way % SLOTS_PER_BUCKET], key | TAG_MOVES, key);
	return (tag & ~(__u64)TAG_MOVES) == key ? way : WAY_NONE;
}

static __always_inline struct time_wait_bucket *time_wait_bucket_of(__u64 hash)
{
	__u32 index = share_of(hash, time_wait_bucket_count);

	return bpf_map_lookup_elem(&time_wait_buckets, &index);
}

__noinline __u32 time_wait_way(__u64 hash)
{
	struct time_wait_bucket *bucket = time_wait_bucket_of(hash);
	__u32 first_way = share_of(hash, time_wait_bucket_count) * SLOTS_PER_BUCKET;

	if (!bucket)
		return WAY_NONE;
	return tags_scan(bucket->tags, first_way, TIME_WAIT_TAGS, hash, TAG_HASH, 0) | (bucket->spilled ? WAY_SPILLED : 0);
}

static __always_inline __u64 *tag_at(void *buckets, __u32 way)
{
	__u32 index = way / SLOTS_PER_BUCKET;
	__u64 *tags = bpf_map_lookup_elem(buckets, &index);

	return tags ? &tags[way % SLOTS_PER_BUCKET] : NULL;
}

static __always_inline bool tag_exchange(__u64 *tag, __u64 from, __u64 to)
{
	return __sync_val_compare_and_swap(tag, from, to) == from;
}

/* Takes the free way that a scan found. False: there was none, or another processor was faster. */
static __always_inline bool tag_claim(void *buckets, __u32 *way, __u64 tag)
{
	__u64 *at;

	*way &= ~WAY_FREE;
	at = tag_at(buckets, *way);
	return at && !__sync_val_compare_and_swap(at, 0, tag);
}

/*
 * Sets a number to 0 after all that was written before. On x86 stores keep their order, and an exchange would wait for every
 * one of them to reach memory.
 */
static __always_inline void zero_after_all(__u64 *number)
{
#ifdef __TARGET_ARCH_x86
	barrier();
	*(volatile __u64 *)number = 0;
#else
	__sync_lock_test_and_set(number, 0);
#endif
}

/*
 * Empties a slot; without an id it can be taken again. Global functions for those of both tables, so that the verifier goes through
 * them once.
 */
static __always_inline void slot_clear(struct connection *connection)
{
	__builtin_memset((void *)connection + sizeof(connection->id), 0, sizeof(*connection) - sizeof(connection->id));
	zero_after_all(&connection->id);
}

__noinline int socket_slot_clear(__u32 way)
{
	struct connection *connection = bpf_map_lookup_elem(&socket_slots, &way);

	if (connection)
		slot_clear(connection);
	return 0;
}

__noinline int time_wait_slot_clear(__u32 slot)
{
	struct connection *connection = bpf_map_lookup_elem(&time_wait_slots, &slot);

	if (connection)
		slot_clear(connection);
	return 0;
}

/* Entries of the hash maps. */
__s64 spilled_sockets = 0; /* while there are none, what is not found in a slot is nowhere */
__s64 spilled_time_waits = 0;

static __always_inline struct place socket_place(const struct sock *sk, bool stays)
{
	struct place place = { .key = address_of(sk), .way = WAY_NONE };

	if (slots_used) {
		place.way = socket_way(place.key, stays);
		place.connection = bpf_map_lookup_elem(&socket_slots, &place.way);
	}
	if (!place.connection && (!slots_used || spilled_sockets > 0)) {
		place.connection = bpf_map_lookup_elem(&connection_by_socket, &place.key);
		if (place.connection)
			place.way = WAY_NONE;
	}
	return place;
}

/* Full sockets, for events. Those of one socket do not run at the same time. What was going to be moved stays. */
static __always_inline struct place socket_find(const struct sock *sk)
{
	return socket_place(sk, true);
}

/* ... for iterators, which the reader runs one after the other, the one that moves them among them. */
static __always_inline struct place socket_look(const struct sock *sk)
{
	return socket_place(sk, false);
}

/* The same again by key and way. Nowhere: it is gone. */
static __always_inline struct place socket_at(__u64 key, __u32 way)
{
	struct place place = { .key = key, .way = way };

	if (slots_used && way != WAY_NONE)
		place.connection = bpf_map_lookup_elem(&socket_slots, &place.way);
	else
		place.connection = bpf_map_lookup_elem(&connection_by_socket, &place.key);
	return place;
}

static __always_inline struct place socket_spill(struct place place, __u64 flags)
{
	place.way = WAY_NONE;
	if (bpf_map_update_elem(&connection_by_socket, &place.key, &no_connection, flags))
		return place;
	if (slots_used)
		atomic_add(&spilled_sockets, 1);
	place.connection = bpf_map_lookup_elem(&connection_by_socket, &place.key);
	return place;
}

/* Sockets that found no slot. */
__u64 sockets_crowded = 0;

/* An empty connection where socket_find() found none. Nowhere: all is full. */
static __always_inline struct place socket_insert(struct place place)
{
	if (!slots_used)
		return socket_spill(place, BPF_ANY);
	if (!tag_claim(&socket_buckets, &place.way, place.key)) {
		atomic_add(&sockets_crowded, 1);
		return socket_spill(place, BPF_ANY);
	}
	place.connection = bpf_map_lookup_elem(&socket_slots, &place.way);
	return place;
}

/* By the event that ends it. */
static __always_inline void socket_remove(struct place place)
{
	__u64 *tag;

	if (slots_used && place.way != WAY_NONE) {
		tag = tag_at(&socket_buckets, place.way);
		socket_slot_clear(place.way);
		if (tag)
			zero_after_all(tag);
	} else if (!bpf_map_delete_elem(&connection_by_socket, &place.key) && slots_used) {
		atomic_add(&spilled_sockets, -1);
	}
}

/*
 * Removes what a sweep looked at, unless an event was faster: that connection (`id`) is gone then, and the place may be
 * another's. False if so.
 */
static __always_inline bool socket_take(struct place place, __u64 id)
{
	__u64 *tag;

	if (!slots_used || place.way == WAY_NONE) {
		if (place.connection->id != id || bpf_map_delete_elem(&connection_by_socket, &place.key))
			return false;
		if (slots_used)
			atomic_add(&spilled_sockets, -1);
		return true;
	}
	tag = tag_at(&socket_buckets, place.way);
	if (!tag || (!tag_exchange(tag, place.key, TAG_BUSY) && !tag_exchange(tag, place.key | TAG_MOVES, TAG_BUSY)))
		return false;
	if (place.connection->id != id) {
		__sync_lock_test_and_set(tag, place.key);
		return false;
	}
	socket_slot_clear(place.way);
	zero_after_all(tag);
	return true;
}

/* What an iterator over socket_slots came to. key 0: the slot is free. */
static __always_inline struct place socket_visit(__u32 way, struct connection *connection)
{
	struct place place = { .connection = connection, .way = way };
	__u64 *tag = tag_at(&socket_buckets, way);

	if (tag)
		place.key = *tag & ~(__u64)TAG_MOVES;
	return place;
}

/*
 * A socket goes from its slot to the hash map in two steps, two seconds apart at least. First its tag is marked. A program that finds
 * the slot afterwards takes the mark away. One that found it before is taken to have left when the second step comes: transitions are not
 * preempted; hooks at accept() and close() can be, and one that stood still for so long would write to a slot that is free or another's.
 */
static __always_inline bool socket_mark(struct place place)
{
	__u64 *tag = tag_at(&socket_buckets, place.way);

	return tag && (tag_exchange(tag, place.key, place.key | TAG_MOVES) || *tag == (place.key | TAG_MOVES));
}

static __always_inline bool socket_is_marked(struct place place)
{
	const __u64 *tag = tag_at(&socket_buckets, place.way);

	return tag && *(const volatile __u64 *)tag == (place.key | TAG_MOVES);
}

/*
 * It is the hash map's now. An event that changes the flags at this very moment may bring the mark back: then an end of this socket that was
 * missed is not told of, if its memory is used again before a sweep.
 */
static __always_inline void socket_has_moved(__u64 key)
{
	struct connection *connection = bpf_map_lookup_elem(&connection_by_socket, &key);

	if (connection)
		connection->flags &= ~CONNECTION_MOVES;
}

/* An event came first. Its socket may have ended since, and the copy be another's that has the same memory. */
static __always_inline void socket_stays(__u64 key, __u64 id)
{
	const struct connection *connection = bpf_map_lookup_elem(&connection_by_socket, &key);

	if (connection && connection->id == id && !bpf_map_delete_elem(&connection_by_socket, &key))
		atomic_add(&spilled_sockets, -1);
}

/* The second step. `copy`: what is at the place, read after it was seen to be marked. False: it stays where it is. */
static __always_inline bool socket_move(struct place place, struct connection *copy)
{
	__u64 *tag = tag_at(&socket_buckets, place.way);

	if (!tag)
		return false;
	copy->flags |= CONNECTION_MOVES;
	if (bpf_map_update_elem(&connection_by_socket, &place.key, copy, BPF_NOEXIST))
		return false;
	atomic_add(&spilled_sockets, 1);
	if (!tag_exchange(tag, place.key | TAG_MOVES, TAG_BUSY)) {
		socket_stays(place.key, copy->id);
		return false;
	}
	socket_slot_clear(place.way);
	zero_after_all(tag);
	socket_has_moved(place.key);
	return true;
}

static __always_inline __u64 end_hash(const __u64 addr[2], __u16 port)
{
	__u64 hash = (addr[0] ^ port) * GOLDEN_RATIO_64;

	return ((hash >> 32 ^ hash) + addr[1]) * GOLDEN_RATIO_64;
}

/*
 * Timewait sockets. The hash leads to a slot, whose own endpoint then confirms it. Its lower half, which tells the bucket, is the
 * same for both ends of a connection: on one machine one of them looks for what it supersedes in the cache line in which the
 * other's TIME_WAIT will be. The upper half, of the tag, is not.
 */
static __always_inline __u64 endpoint_hash(const struct endpoint *endpoint)
{
	__u64 local = end_hash((const __u64 *)endpoint->local_addr, endpoint->local_port);
	__u64 remote = end_hash((const __u64 *)endpoint->remote_addr, endpoint->remote_port);
	__u64 both = (local + remote + endpoint->netns) * GOLDEN_RATIO_64;
	__u64 tag = (local >> 32 ^ both) * GOLDEN_RATIO_64;

	return (tag & TAG_HASH) | 1ULL << 63 | both >> 32; /* so that no tag is 0 or TAG_BUSY */
}

static __always_inline bool same_ends(const struct endpoint *a, const struct endpoint *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;
	__u64 differs = (x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]);

	return !differs;
}

static __always_inline struct place time_wait_find(const struct endpoint *endpoint)
{
	struct place place = { .way = WAY_NONE };
	bool may_be_spilled = true;
	__u64 *tag;
	__u32 slot;

	if (slots_used) {
		place.way = time_wait_way(endpoint_hash(endpoint));
		may_be_spilled = place.way & WAY_SPILLED;
		place.way &= ~WAY_SPILLED;
		tag = tag_at(&time_wait_buckets, place.way);
		if (tag) {
			place.key = *tag;
			slot = place.key;
			place.connection = bpf_map_lookup_elem(&time_wait_slots, &slot);
		}
		if (place.connection && (place.key <= TAG_BUSY || !same_ends(&place.connection->endpoint, endpoint)))
			place.connection = NULL;
	}
	if (!place.connection && may_be_spilled) {
		place.connection = bpf_map_lookup_elem(&time_wait_by_endpoint, endpoint);
		if (place.connection)
			place.way = WAY_NONE;
	}
	return place;
}

static __always_inline void time_wait_spilled(const struct endpoint *endpoint, __s32 change)
{
	struct time_wait_bucket *bucket = slots_used ? time_wait_bucket_of(endpoint_hash(endpoint)) : NULL;

	if (!bucket)
		return;
	atomic_add(&bucket->spilled, change);
	atomic_add(&spilled_time_waits, change);
}

/* Counted first: who looks for it meanwhile must not miss it. */
static __always_inline bool time_wait_spill(const struct endpoint *endpoint, const struct connection *connection)
{
	time_wait_spilled(endpoint, 1);
	if (!bpf_map_update_elem(&time_wait_by_endpoint, endpoint, connection, BPF_NOEXIST))
		return true;
	time_wait_spilled(endpoint, -1);
	return false;
}

/* Turn of the next timewait socket's slot. */
__u64 time_wait_turn = 0;

/* Fills the next slot. False: that is still taken. */
static __always_inline bool time_wait_fill(const struct connection *connection, __u32 *slot)
{
	struct connection *at;

	*slot = (__u32)__sync_fetch_and_add(&time_wait_turn, 1) % time_wait_slot_count;
	at = bpf_map_lookup_elem(&time_wait_slots, slot);
	if (!at || __sync_val_compare_and_swap(&at->id, 0, connection->id))
		return false;
	*at = *connection;
	return true;
}

/* False: there is one already, or all is full. */
static __always_inline bool time_wait_insert(const struct endpoint *endpoint, const struct connection *connection)
{
	__u32 way, slot;
	__u64 hash;
	bool free;

	if (!slots_used || !time_wait_fill(connection, &slot))
		return time_wait_spill(endpoint, connection);
	hash = endpoint_hash(endpoint);
	way = time_wait_way(hash) & ~WAY_SPILLED;
	free = way & WAY_FREE;
	if (free && tag_claim(&time_wait_buckets, &way, (hash & TAG_HASH) | slot))
		return true;
	time_wait_slot_clear(slot);
	if (way != WAY_NONE && !free)
		return false;
	return time_wait_spill(endpoint, connection);
}

/* False: another was faster. */
static __always_inline bool time_wait_remove(struct place place, const struct endpoint *endpoint)
{
	__u64 *tag;

	if (slots_used && place.way != WAY_NONE) {
		tag = tag_at(&time_wait_buckets, place.way);
		if (!tag || !tag_exchange(tag, place.key, TAG_BUSY))
			return false;
		time_wait_slot_clear(place.key);
		zero_after_all(tag);
		return true;
	}
	if (bpf_map_delete_elem(&time_wait_by_endpoint, endpoint))
		return false;
	time_wait_spilled(endpoint, -1);
	return true;
}

#endif
