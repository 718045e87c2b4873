/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sweeps where iterators over maps are refused. Slots are looked up by number, some for each element that is counted. A
 * hash map is gone through from its beginning by bpf_for_each_map_elem() (5.13; iter/ksym is from 6.0), of which each
 * element takes the part behind what those before it took: so the reader can empty the ring buffer in between. What is
 * removed meanwhile moves others from a later part into an earlier one; the next sweep finds them.
 */
#ifndef TCPDWELL_COUNTED_BPF_H
#define TCPDWELL_COUNTED_BPF_H

#include "element.bpf.h"
#include "snapshot.bpf.h"

#define SLOTS_AT_ONCE 16
#define SPILLED_AT_ONCE PACES_MAX

typedef __u32 slots_visit_fn(__u32 index); /* how many of the slots of this element the reader should know of */
typedef __u32 spilled_visit_fn(void);	   /* takes a part of what spilled: how many it found */

/* The part that is taken. */
struct {
	__u32 skip, left;
} spilled_part;

__noinline int time_wait_slot_visit(__u32 slot)
{
	struct connection *connection = bpf_map_lookup_elem(&time_wait_slots, &slot);

	return connection && sweep_time_wait_slot(slot, connection);
}

static __always_inline __u32 time_wait_slots_visit(__u32 index)
{
	__u32 i, met = 0;

	for (i = 0; i < SLOTS_AT_ONCE; i++)
		met += time_wait_slot_visit(index * SLOTS_AT_ONCE + i) & 1;
	return met;
}

__noinline int socket_slot_visit(__u32 slot)
{
	struct connection *connection = bpf_map_lookup_elem(&socket_slots, &slot);

	return connection && sweep_place(socket_visit(slot, connection));
}

static __always_inline __u32 socket_slots_visit(__u32 index)
{
	__u32 i, met = 0;

	for (i = 0; i < SLOTS_AT_ONCE; i++)
		met += socket_slot_visit(index * SLOTS_AT_ONCE + i) & 1;
	return met;
}

/* Is the next entry one of this part? */
static __always_inline bool is_of_part(void)
{
	if (spilled_part.skip) {
		spilled_part.skip--;
		return false;
	}
	spilled_part.left--;
	return true;
}

/* Global functions, so that the verifier goes through them once and not as often as entries may be met. */
struct endpoint spilled_endpoint;

__noinline int spilled_time_wait_sweep(void)
{
	const struct endpoint endpoint = spilled_endpoint;
	struct place place = {.connection = bpf_map_lookup_elem(&time_wait_by_endpoint, &endpoint), .way = WAY_NONE};

	if (place.connection)
		sweep_timewait(place);
	return 0;
}

__noinline int spilled_socket_sweep(__u64 key)
{
	struct place place = {.key = key, .way = WAY_NONE};

	if (sweep_map == SWEEP_LOST)
		place.connection = bpf_map_lookup_elem(&lost_connection_by_id, &key);
	else
		place.connection = bpf_map_lookup_elem(&connection_by_socket, &key);
	if (place.connection)
		sweep_place(place);
	return 0;
}

/* 1 ends the pass over the map. */
static long on_spilled_time_wait(void *map, const struct endpoint *endpoint, struct connection *connection, void *none)
{
	if (!spilled_part.left)
		return 1;
	if (is_of_part()) {
		spilled_endpoint = *endpoint;
		spilled_time_wait_sweep();
	}
	return 0;
}

static long on_spilled_socket(void *map, const __u64 *key, struct connection *connection, void *none)
{
	if (!spilled_part.left)
		return 1;
	if (is_of_part())
		spilled_socket_sweep(*key);
	return 0;
}

static __always_inline __u32 time_wait_spilled_visit(void)
{
	bpf_for_each_map_elem(&time_wait_by_endpoint, on_spilled_time_wait, NULL, 0);
	return SPILLED_AT_ONCE - spilled_part.left;
}

static __always_inline __u32 socket_spilled_visit(void)
{
	if (sweep_map == SWEEP_LOST)
		bpf_for_each_map_elem(&lost_connection_by_id, on_spilled_socket, NULL, 0);
	else
		bpf_for_each_map_elem(&connection_by_socket, on_spilled_socket, NULL, 0);
	return SPILLED_AT_ONCE - spilled_part.left;
}

/* iter/ksym: the sweep of sweep_map, which has so many slots. */
static __always_inline int counted_sweep(const struct bpf_iter__ksym *ctx, __u32 slots, slots_visit_fn *slots_visit,
					 spilled_visit_fn *spilled_visit)
{
	__u32 index = element_counted(ctx), met;

	if (index == ELEMENT_NONE)
		return 0;
	if (sweep_map == SWEEP_SLOTS) {
		slots = (slots + SLOTS_AT_ONCE - 1) / SLOTS_AT_ONCE;
		if (index < slots)
			paces(ctx->meta->seq, slots_visit(index));
		return element_end(index, slots);
	}
	if (elements_over)
		return 1;
	spilled_part.skip = index * SPILLED_AT_ONCE;
	spilled_part.left = SPILLED_AT_ONCE;
	met = spilled_visit();
	elements_over = met < SPILLED_AT_ONCE;
	paces(ctx->meta->seq, met);
	return 0;
}

#endif
