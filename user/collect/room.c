// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The first pass marks and counts, the second moves: no program that found a slot before the first is at it in the second. */
#include "collect/room.h"

#include <bpf/libbpf.h>

#include "event/event.h"
#include "tcpdwell.skel.h"
#include "util/log.h"

#define NSEC_PER_SEC 1000000000ULL
#define INTERVAL_NS (2 * NSEC_PER_SEC) /* no program that found a socket's slot before the first pass is at it in the second */
#define SHARE 500
#define MARKED_MIN 64 /* when there are fewer that could be moved, the others come and go as quickly */
#define PAUSE_MAX_NS (32 * NSEC_PER_SEC)

/* Some of it is left for those that find no slot. */
static bool hash_map_has_room(const struct tcpdwell *skeleton, uint64_t sockets)
{
	const int64_t entries = bpf_map__max_entries(skeleton->maps.connection_by_socket);

	return skeleton->bss->spilled_sockets + (int64_t)sockets < entries - entries / 8;
}

/* New sockets found no slot, and the hash map has room for those that are moved there. */
static bool is_wanted(const struct room *room, const struct tcpdwell *skeleton)
{
	return skeleton->bss->sockets_crowded != room->seen_crowded && hash_map_has_room(skeleton, MARKED_MIN);
}

/* The first step: is it worth the second, and is there room for all that is marked? */
static int mark(struct room *room, struct tcpdwell *skeleton, room_pass_fn *pass, void *context)
{
	const uint64_t crowded = skeleton->bss->sockets_crowded;
	int err;

	skeleton->bss->sockets_settled = 0;
	err = pass(context, SWEEP_MARK);
	room->is_marked = !err && skeleton->bss->sockets_settled >= MARKED_MIN && hash_map_has_room(skeleton, skeleton->bss->sockets_settled);
	if (room->is_marked)
		room->seen_crowded = crowded;
	return err;
}

static int move(struct room *room, struct tcpdwell *skeleton, room_pass_fn *pass, void *context)
{
	int err;

	skeleton->bss->sockets_settled = 0;
	err = pass(context, SWEEP_MOVE);
	room->is_marked = false;
	log_info("%llu sockets have long been in one state and were moved out of the fast table, which was full for new ones",
		 (unsigned long long)skeleton->bss->sockets_settled);
	return err;
}

/* Passes that find nothing to mark are twice as far apart each time. */
static uint64_t pause_after(struct room *room, bool finds, uint64_t cost_ns)
{
	uint64_t pause_ns = cost_ns * SHARE;

	room->pause_ns = finds ? INTERVAL_NS : 2 * room->pause_ns;
	if (room->pause_ns < INTERVAL_NS)
		room->pause_ns = INTERVAL_NS;
	if (room->pause_ns > PAUSE_MAX_NS)
		room->pause_ns = PAUSE_MAX_NS;
	return pause_ns > room->pause_ns ? pause_ns : room->pause_ns;
}

int room_make(struct room *room, struct tcpdwell *skeleton, uint64_t now_ns, room_pass_fn *pass, void *context)
{
	const bool marked = room->is_marked;
	uint64_t begin;
	int err;

	if (now_ns < room->next_ns || !(marked || is_wanted(room, skeleton)))
		return 0;
	begin = clock_cpu_ns();
	err = marked ? move(room, skeleton, pass, context) : mark(room, skeleton, pass, context);
	room->next_ns = clock_monotonic_ns() + pause_after(room, marked || room->is_marked, clock_cpu_ns() - begin);
	return err;
}
