/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sweeps where iterators over maps are refused. Slots are looked up by number, and entries of the hash maps by the keys that
 * the reader took from them, some for each element that is counted.
 */
#ifndef TCPDWELL_COUNTED_BPF_H
#define TCPDWELL_COUNTED_BPF_H

#include "element.bpf.h"
#include "sweep.bpf.h"

/* Set by the reader: keys of sweep_map, and how many. */
struct endpoint swept_endpoints[SWEPT_KEYS];
__u64 swept_sockets[SWEPT_KEYS]; /* or ids of lost_connection_by_id */
__u32 swept_keys = 0;

#define AT_ONCE 16 /* for each element */

/* What is kept at this slot, or under this key: should the reader come by? Global functions, so that the verifier goes through once. */
typedef int swept_visit_fn(__u32 index);

__noinline int time_wait_slot_visit(__u32 index)
{
	struct connection *connection = bpf_map_lookup_elem(&time_wait_slots, &index);

	return connection && sweep_time_wait_slot(index, connection);
}

__noinline int socket_slot_visit(__u32 index)
{
	struct connection *connection = bpf_map_lookup_elem(&socket_slots, &index);

	return connection && sweep_place(socket_visit(index, connection));
}

__noinline int time_wait_key_visit(__u32 index)
{
	const struct endpoint endpoint = swept_endpoints[index & (SWEPT_KEYS - 1)];
	struct place place = { .connection = bpf_map_lookup_elem(&time_wait_by_endpoint, &endpoint), .way = WAY_NONE };

	return place.connection && sweep_time_wait_spilled(place, index);
}

__noinline int socket_key_visit(__u32 index)
{
	struct place place = { .key = swept_sockets[index & (SWEPT_KEYS - 1)], .way = WAY_NONE };

	if (sweep_map == SWEEP_LOST)
		place.connection = bpf_map_lookup_elem(&lost_connection_by_id, &place.key);
	else
		place.connection = bpf_map_lookup_elem(&connection_by_socket, &place.key);
	return place.connection && sweep_place(place);
}

/* Behind the last key are those of a pass before: they are found no more, or looked at once more. */
static __always_inline __u32 visit_some(__u32 first, swept_visit_fn *visit)
{
	__u32 i, met = 0;

	for (i = 0; i < AT_ONCE; i++)
		met += visit(first + i) & 1;
	return met;
}

/* iter/ksym: the sweep of sweep_map, which has so many slots. */
static __always_inline int counted_sweep(const struct bpf_iter__ksym *ctx, __u32 slots, swept_visit_fn *slot_visit,
					 swept_visit_fn *key_visit)
{
	__u32 index = element_counted(ctx), places = sweep_is_of_slots() ? slots : swept_keys;
	__u32 elements = (places + AT_ONCE - 1) / AT_ONCE;

	if (index >= elements)
		return element_end(index, elements);
	if (sweep_is_of_slots())
		paces(ctx->meta->seq, visit_some(index * AT_ONCE, slot_visit));
	else
		paces(ctx->meta->seq, visit_some(index * AT_ONCE, key_visit));
	return 0;
}

#endif
