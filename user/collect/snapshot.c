// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Iterators: each is attached, read to its end, and closed. */
#include "collect/snapshot.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "abi.h"
#include "attach/tracer.h"
#include "collect/iterator.h"
#include "collect/room.h"
#include "collect/tables.h"
#include "event/event.h"
#include "source/pause.h"
#include "tcpdwell.skel.h"
#include "util/stop.h"

#define NSEC_PER_SEC 1000000000ULL
#define SWEEP_INTERVAL_NS NSEC_PER_SEC
#define YOUNG_INTERVAL_NS (NSEC_PER_SEC / 3) /* after a sweep that left young timewait sockets untold (bpf/sweep.bpf.h) */
#define PACE_MAX 4096
#define SWEEP_SHARE 200 /* a sweep of 1 ms is followed by 200 ms at least: half a percent */
#define SOCKETS_INTERVAL_NS (3 * NSEC_PER_SEC) /* of full sockets, whose ends are nearly always told by events */
#define SOCKETS_INTERVAL_MAX_NS (60 * NSEC_PER_SEC)
#define SOCKETS_SHARE 1000
#define PATIENT_INTERVAL_MAX_NS (10 * NSEC_PER_SEC) /* sweeps that take less of a processor than they may are no further apart */
#define SIGN_INTERVAL_MAX_NS (5 * NSEC_PER_SEC) /* the same where there was a sign of what they look for */
#define SIGN_SWEEPS 4 /* the kernel may be at it still; then one notes what is gone, and the next tells of it (bpf/sweep.bpf.h) */
#define SWEEP_INTERVAL_MAX_NS (10 * NSEC_PER_SEC) /* on a very slow machine more than that, but no end waits for minutes */

struct snapshot {
	const struct tracer *tracer;
	void (*drain)(void *context);
	void *context;
	unsigned int patience; /* above 1: young timewait sockets are looked for no sooner than others */
	uint64_t next_sweep_ns, next_portless_ns, next_sockets_ns;
	uint64_t sign_sweep_ns; /* the next sweep comes then already, if there is a sign */
	unsigned int sign_sweeps; /* that are to come as soon */
	uint64_t swept_aside; /* connections that were set aside before the last look at those */
	struct room room;
	bool untold_time_wait, untold_sockets; /* the last sweep found some that the ring buffer had no room to tell of */
	bool young_time_wait; /* ... whose event may still come */
};

struct snapshot *snapshot_new(const struct tracer *tracer, void (*drain)(void *context), void *context)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return NULL;
	snapshot->tracer = tracer;
	snapshot->drain = drain;
	snapshot->context = context;
	snapshot->patience = 1;
	return snapshot;
}

void snapshot_be_patient(struct snapshot *snapshot, unsigned int patience)
{
	snapshot->patience = patience;
}

void snapshot_expect_ends(struct snapshot *snapshot)
{
	snapshot->sign_sweeps = SIGN_SWEEPS;
}

void snapshot_free(struct snapshot *snapshot)
{
	free(snapshot);
}

/* How many elements may make a record before the ring buffer is emptied: half of it is left for events. */
static size_t pace_of(const struct snapshot *snapshot)
{
	size_t records = bpf_map__max_entries(snapshot->tracer->skeleton->maps.records) / sizeof(struct transition) / 2;

	return records < PACE_MAX ? records : PACE_MAX;
}

static int on_pace(void *context, const void *bytes, size_t size)
{
	struct snapshot *snapshot = context;

	(void)bytes, (void)size;
	snapshot->drain(snapshot->context);
	return 0;
}

/* Ours print a byte for each element that may have made a record. */
static int program_run(struct snapshot *snapshot, struct bpf_program *program, struct bpf_map *map)
{
	int err = iterator_run(snapshot->tracer, program, map, pace_of(snapshot), on_pace, snapshot);

	return err == -EINTR ? 0 : err;
}

static int seed_tables(struct snapshot *snapshot)
{
	struct bpf_program *program = snapshot->tracer->skeleton->progs.seed_sockets;
	int err = tables_run(snapshot->tracer, program, pace_of(snapshot), on_pace, snapshot);

	return err == -EINTR ? 0 : err;
}

int snapshot_processes(struct snapshot *snapshot)
{
	return program_run(snapshot, snapshot->tracer->skeleton->progs.seed_processes, NULL);
}

int snapshot_descriptors(struct snapshot *snapshot)
{
	return program_run(snapshot, snapshot->tracer->skeleton->progs.seed_descriptors, NULL);
}

struct holders_pass {
	struct snapshot *snapshot;
	snapshot_holder_fn *each;
	void *context;
};

static int on_holders(void *context, const void *bytes, size_t size)
{
	const struct holders_pass *pass = context;
	const char *at = bytes, *end = at + size;
	int err = 0;

	while (!err && (size_t)(end - at) >= sizeof(struct holder_record)) {
		const struct holder_record *record = (const struct holder_record *)at;
		const uint64_t *ids = (const uint64_t *)(record + 1);

		if ((size_t)(end - (const char *)ids) < record->count * sizeof(*ids))
			return -EPROTO;
		err = pass->each(pass->context, record, ids);
		at = (const char *)(ids + record->count);
	}
	pass->snapshot->drain(pass->snapshot->context);
	return err;
}

int snapshot_holders(struct snapshot *snapshot, snapshot_holder_fn *each, void *context)
{
	struct holders_pass pass = { .snapshot = snapshot, .each = each, .context = context };
	struct tcpdwell *skeleton = snapshot->tracer->skeleton;

	skeleton->bss->holder_pass = skeleton->bss->holder_pass == UINT8_MAX ? 1 : skeleton->bss->holder_pass + 1;
	skeleton->bss->holder_task = 0;
	return iterator_run(snapshot->tracer, skeleton->progs.find_holders, NULL, ITERATOR_BYTES, on_holders, &pass);
}

/* Where iterators over maps are refused, others sweep (bpf/counted.bpf.h). */
static struct bpf_program *sweeper_of(const struct snapshot *snapshot, struct bpf_program *by_map, struct bpf_program *counted)
{
	return snapshot->tracer->skeleton->rodata->elements_are_counted ? counted : by_map;
}

static struct bpf_program *sockets_sweeper(const struct snapshot *snapshot)
{
	const struct tcpdwell *skeleton = snapshot->tracer->skeleton;

	return sweeper_of(snapshot, skeleton->progs.sweep_sockets, skeleton->progs.sweep_sockets_counted);
}

static bool refused(const struct snapshot *snapshot)
{
	return snapshot->tracer->skeleton->bss->presences_refused > 0;
}

/* A store of bpf/store.bpf.h: its hash map, and its slots; and who sweeps them. */
struct store {
	struct bpf_program *spilled_program, *slot_program;
	struct bpf_map *spilled, *slots;
	int64_t n_spilled;
};

static int sweep_map(struct snapshot *snapshot, struct bpf_program *program, enum sweep_map which, struct bpf_map *map)
{
	snapshot->tracer->skeleton->bss->sweep_map = which;
	return program_run(snapshot, program, map);
}

/* The next keys of a hash map, for the kernel side. How many; 0: there are no more. `cursor`: 0 at first. */
static int64_t take_keys(const struct snapshot *snapshot, const struct bpf_map *map, uint64_t cursor[2], void *values)
{
	struct tcpdwell *skeleton = snapshot->tracer->skeleton;
	const bool by_endpoint = bpf_map__key_size(map) == sizeof(struct endpoint);
	void *keys = by_endpoint ? (void *)skeleton->bss->swept_endpoints : (void *)skeleton->bss->swept_sockets;
	uint64_t next[2] = {};
	uint32_t count = SWEPT_KEYS;
	int err = bpf_map_lookup_batch(bpf_map__fd(map), cursor[1] ? cursor : NULL, next, keys, values, &count, NULL) ? -errno : 0;

	cursor[0] = next[0];
	cursor[1] = !err; /* it goes on */
	return err && err != -ENOENT ? err : (int64_t)count;
}

/* Hash maps where iterators over maps are refused: their keys are taken here (bpf/counted.bpf.h). */
static int sweep_by_keys(struct snapshot *snapshot, struct bpf_program *program, struct bpf_map *map)
{
	void *values = malloc((size_t)SWEPT_KEYS * bpf_map__value_size(map));
	uint64_t cursor[2] = {};
	int64_t count;
	int err = values ? 0 : -ENOMEM;

	do {
		count = err ? err : take_keys(snapshot, map, cursor, values);
		if (count <= 0)
			break;
		snapshot->tracer->skeleton->bss->swept_keys = count;
		err = program_run(snapshot, program, map);
	} while (!err && cursor[1] && !stop_cuts_looks());
	free(values);
	return count < 0 ? count : err;
}

static int sweep_hash(struct snapshot *snapshot, struct bpf_program *program, enum sweep_map which, struct bpf_map *map)
{
	if (!snapshot->tracer->skeleton->rodata->elements_are_counted)
		return sweep_map(snapshot, program, which, map);
	snapshot->tracer->skeleton->bss->sweep_map = which;
	return sweep_by_keys(snapshot, program, map);
}

static int sweep_spilled(struct snapshot *snapshot, const struct store *store)
{
	snapshot->tracer->skeleton->bss->presences_refused = 0;
	if (snapshot->tracer->skeleton->rodata->slots_used && store->n_spilled <= 0)
		return 0;
	return sweep_hash(snapshot, store->spilled_program, SWEEP_SPILLED, store->spilled);
}

static int sweep(struct snapshot *snapshot, const struct store *store)
{
	int err = sweep_spilled(snapshot, store);

	if (!err && snapshot->tracer->skeleton->rodata->slots_used)
		err = sweep_map(snapshot, store->slot_program, SWEEP_SLOTS, store->slots);
	return err;
}

static uint64_t sweep_pause(const struct snapshot *snapshot, uint64_t cost_ns, uint64_t patient_max_ns)
{
	uint64_t pause_ns = pause_after(cost_ns, SWEEP_SHARE, snapshot->patience, patient_max_ns);

	if (pause_ns < SWEEP_INTERVAL_NS)
		return SWEEP_INTERVAL_NS;
	return pause_ns < SWEEP_INTERVAL_MAX_NS ? pause_ns : SWEEP_INTERVAL_MAX_NS;
}

static bool sweep_is_due(const struct snapshot *snapshot, uint64_t now_ns)
{
	return now_ns >= snapshot->next_sweep_ns || (snapshot->sign_sweeps && now_ns >= snapshot->sign_sweep_ns);
}

static void set_next_sweep(struct snapshot *snapshot, uint64_t now_ns, uint64_t cost_ns)
{
	snapshot->sign_sweeps -= snapshot->sign_sweeps > 0;
	snapshot->sign_sweep_ns = now_ns + sweep_pause(snapshot, cost_ns, SIGN_INTERVAL_MAX_NS);
	snapshot->next_sweep_ns = now_ns + sweep_pause(snapshot, cost_ns, PATIENT_INTERVAL_MAX_NS);
	if (snapshot->young_time_wait && snapshot->patience == 1)
		snapshot->next_sweep_ns = now_ns + YOUNG_INTERVAL_NS;
}

int snapshot_sweep_time_wait(struct snapshot *snapshot, uint64_t now_ns, enum sweep_urgency urgency)
{
	struct tcpdwell *skeleton = snapshot->tracer->skeleton;
	const struct store time_waits = {
		.spilled_program = sweeper_of(snapshot, skeleton->progs.sweep_time_wait, skeleton->progs.sweep_time_wait_counted),
		.slot_program = sweeper_of(snapshot, skeleton->progs.sweep_time_wait_slots, skeleton->progs.sweep_time_wait_counted),
		.spilled = skeleton->maps.time_wait_by_endpoint,
		.slots = skeleton->maps.time_wait_slots,
		.n_spilled = skeleton->bss->spilled_time_waits,
	};
	uint64_t begin;
	int err;

	if (urgency == SWEEP_WHEN_DUE && !sweep_is_due(snapshot, now_ns))
		return 0;
	begin = clock_cpu_ns();
	skeleton->bss->presences_young = 0;
	skeleton->bss->young_are_told |= urgency == SWEEP_LAST;
	err = sweep(snapshot, &time_waits);
	snapshot->untold_time_wait = refused(snapshot);
	snapshot->young_time_wait = skeleton->bss->presences_young > 0;
	set_next_sweep(snapshot, now_ns, clock_cpu_ns() - begin);
	return err;
}

static struct store sockets_of(const struct snapshot *snapshot)
{
	const struct tcpdwell *skeleton = snapshot->tracer->skeleton;

	return (struct store){
		.spilled_program = sockets_sweeper(snapshot),
		.slot_program = sockets_sweeper(snapshot),
		.spilled = skeleton->maps.connection_by_socket,
		.slots = skeleton->maps.socket_slots,
		.n_spilled = skeleton->bss->spilled_sockets,
	};
}

/* They are in the hash map. */
int snapshot_sweep_seeded(struct snapshot *snapshot)
{
	const struct store sockets = sockets_of(snapshot);
	int err = sweep_spilled(snapshot, &sockets);

	snapshot->untold_sockets = refused(snapshot);
	return err;
}

static uint64_t sockets_pause(const struct snapshot *snapshot, uint64_t cost_ns)
{
	uint64_t pause_ns = pause_after(cost_ns, SOCKETS_SHARE, snapshot->patience, PATIENT_INTERVAL_MAX_NS);

	if (pause_ns < SOCKETS_INTERVAL_NS)
		return SOCKETS_INTERVAL_NS;
	return pause_ns < SOCKETS_INTERVAL_MAX_NS ? pause_ns : SOCKETS_INTERVAL_MAX_NS;
}

bool snapshot_sockets_due(const struct snapshot *snapshot, uint64_t now_ns)
{
	return now_ns >= snapshot->next_sockets_ns;
}

int snapshot_sweep_aside(struct snapshot *snapshot)
{
	const struct tcpdwell *skeleton = snapshot->tracer->skeleton;

	if (snapshot->swept_aside == skeleton->bss->connections_set_aside)
		return 0;
	snapshot->swept_aside = skeleton->bss->connections_set_aside;
	return sweep_hash(snapshot, sockets_sweeper(snapshot), SWEEP_LOST, skeleton->maps.lost_connection_by_id);
}

int snapshot_sweep_sockets(struct snapshot *snapshot, uint64_t now_ns)
{
	const struct store sockets = sockets_of(snapshot);
	uint64_t begin = clock_cpu_ns();
	int err;

	err = sweep(snapshot, &sockets);
	snapshot->next_sockets_ns = now_ns + sockets_pause(snapshot, clock_cpu_ns() - begin);
	snapshot->untold_sockets = refused(snapshot);
	return err ?: snapshot_sweep_aside(snapshot);
}

static int slots_pass(void *context, enum sweep_map which)
{
	struct snapshot *snapshot = context;

	return sweep_map(snapshot, sockets_sweeper(snapshot), which, snapshot->tracer->skeleton->maps.socket_slots);
}

int snapshot_make_room(struct snapshot *snapshot, uint64_t now_ns)
{
	return room_make(&snapshot->room, snapshot->tracer->skeleton, now_ns, slots_pass, snapshot);
}

int snapshot_sweep_portless(struct snapshot *snapshot, uint64_t now_ns)
{
	struct tcpdwell *skeleton = snapshot->tracer->skeleton;
	const struct store sockets = sockets_of(snapshot);
	uint64_t begin;
	int err;

	if (!skeleton->bss->ports_awaited || now_ns < snapshot->next_portless_ns)
		return 0;
	skeleton->bss->ports_awaited = false;
	begin = clock_cpu_ns();
	err = sweep(snapshot, &sockets);
	snapshot->untold_sockets |= refused(snapshot);
	snapshot->next_portless_ns = now_ns + sweep_pause(snapshot, clock_cpu_ns() - begin, SIGN_INTERVAL_MAX_NS);
	snapshot->next_sockets_ns = now_ns + sockets_pause(snapshot, clock_cpu_ns() - begin);
	return err;
}

int snapshot_seed(struct snapshot *snapshot)
{
	const uint64_t cut = tables_cut(snapshot->tracer);
	int err = snapshot_processes(snapshot);

	if (!err)
		err = snapshot_descriptors(snapshot);
	if (!err)
		err = seed_tables(snapshot);
	snapshot->untold_sockets = refused(snapshot);
	snapshot->tracer->skeleton->bss->seeding_is_over = true;
	err = err ?: snapshot_sweep_time_wait(snapshot, clock_monotonic_ns(), SWEEP_AT_ONCE);
	return err || tables_cut(snapshot->tracer) == cut ? err : -E2BIG;
}

int snapshot_adopt(struct snapshot *snapshot)
{
	int err;

	snapshot->tracer->skeleton->bss->places_refused = 0;
	err = seed_tables(snapshot);
	return err ?: snapshot_sweep_time_wait(snapshot, clock_monotonic_ns(), SWEEP_AT_ONCE);
}

void snapshot_next_listing(struct snapshot *snapshot)
{
	struct tcpdwell *skeleton = snapshot->tracer->skeleton;

	skeleton->data->listing = skeleton->data->listing == UINT8_MAX ? 1 : skeleton->data->listing + 1;
	snapshot->drain(snapshot->context);
}

bool snapshot_is_crowded(const struct snapshot *snapshot)
{
	return snapshot->tracer->skeleton->bss->places_refused > 0;
}

bool snapshot_untold(const struct snapshot *snapshot)
{
	return snapshot->untold_time_wait || snapshot->untold_sockets;
}

bool snapshot_awaits_events(const struct snapshot *snapshot)
{
	return snapshot->young_time_wait;
}
