// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which programs are loaded, how large the tables are, and every knob of bpf/config.bpf.h. */
#include "attach/tune.h"

#include <bpf/libbpf.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "abi.h"
#include "attach/features.h"
#include "attach/filter_sets.h"
#include "attach/present.h"
#include "tcpdwell.skel.h"
#include "util/tcp_state.h"

/*
 * Slots of bpf/store.bpf.h: 2.6 MiB for sockets that are opened while we run, 5.6 MiB for TIME_WAIT, or what is there now and a
 * quarter, up to what the kernel allows by default (tcp_max_tw_buckets) and a quarter: they are paid for at once. Half of the
 * tags then stay free. Who asks for smaller tables gets fewer slots, or none.
 */
#define SOCKET_SLOTS 16384
#define TIME_WAIT_SLOTS 32768
#define TIME_WAIT_SLOTS_MAX 327680
#define SOCKETS_FOR_SLOTS 2048
#define SOCKETS_PER_SLOT 4
#define SOCKETS_PER_TIME_WAIT_SLOT 2

/* The kernel's LRU maps keep up to 128 free entries for each processor. */
#define PROCESSES 4096
#define PROCESSES_PER_PROCESSOR 128

/* Threads that are in inet_csk_get_port() at once, which does not sleep. */
#define BINDS_AT_ONCE 1024

static void tune_hooks(struct tracer *tracer)
{
	struct tcpdwell *skeleton = tracer->skeleton;
	const bool preempted = tracer->kernel.preempt_disable != 0;
	const bool skipped = tracer->kernel.has_atomics; /* older kernels skip no program */
	const struct hook_choice *choice;
	struct bpf_program *program;

	bpf_object__for_each_program(program, skeleton->obj) {
		const char *name = bpf_program__name(program);

		if (!hook_is_program(name))
			continue;
		choice = hook_set_find(&tracer->hooks, name);
		bpf_program__set_autoload(program, choice != NULL);
		if (choice && choice->function && choice->hook->mode == HOOK_MODE_FENTRY)
			bpf_program__set_attach_target(program, 0, choice->function);
	}
	skeleton->rodata->programs_preempted = preempted;
	skeleton->rodata->softirqs_apart = skipped;
	bpf_program__set_autoload(skeleton->progs.transition, !preempted);
	bpf_program__set_autoload(skeleton->progs.transition_of_softirq, skipped);
	bpf_program__set_autoload(skeleton->progs.transition_of_task, preempted);
	bpf_program__set_autoload(skeleton->progs.transition_of_task_2, preempted);
	bpf_program__set_autoload(skeleton->progs.transition_last, preempted);
}

static void tune_holders(struct tracer *tracer, uint32_t states)
{
	struct bpf_program *program;

	tracer->skeleton->rodata->holder_states = states;
	bpf_object__for_each_program(program, tracer->skeleton->obj)
		if (hook_is_of_process(bpf_program__name(program)) || program == tracer->skeleton->progs.find_holders)
			bpf_program__set_autoload(program, states != 0);
}

static void tune_ports(struct tcpdwell *skeleton, bool wanted)
{
	bpf_program__set_autoload(skeleton->progs.list_ports, wanted);
	bpf_program__set_autoload(skeleton->progs.list_bound, wanted);
	bpf_map__set_max_entries(skeleton->maps.port_pages, wanted ? PORT_PAGES : 1);
}

static void tune_present(struct tcpdwell *skeleton, bool wanted, bool listeners)
{
	skeleton->rodata->present_wanted = wanted || listeners; /* who has a listening socket is told for its sake too */
	bpf_program__set_autoload(skeleton->progs.list_present, wanted);
	bpf_program__set_autoload(skeleton->progs.list_listeners, wanted || listeners);
}

static void tune_map(const struct kernel *kernel, struct bpf_map *map, uint32_t entries)
{
	bpf_map__set_max_entries(map, entries);
	if (kernel->has_memory_allocator)
		bpf_map__set_map_flags(map, BPF_F_NO_PREALLOC);
}

/* Preallocated tables (before 6.1) cost their whole size at once. */
static uint32_t default_entries(const struct kernel *kernel, uint32_t wanted)
{
	uint32_t entries = kernel->has_memory_allocator ? TRACER_DEFAULT_SOCKETS : TRACER_DEFAULT_SOCKETS / 4;

	while (entries < wanted && entries < TRACER_MAX_SOCKETS)
		entries *= 2;
	return entries;
}

static void tune_no_slots(struct tcpdwell *skeleton)
{
	bpf_map__set_max_entries(skeleton->maps.socket_buckets, 1);
	bpf_map__set_max_entries(skeleton->maps.socket_slots, 1);
	bpf_map__set_max_entries(skeleton->maps.time_wait_buckets, 1);
	bpf_map__set_max_entries(skeleton->maps.time_wait_slots, 1);
}

static void tune_slots(struct tcpdwell *skeleton, uint32_t socket_slots, uint32_t time_wait_slots)
{
	const uint32_t socket_buckets = socket_slots / SLOTS_PER_BUCKET;

	skeleton->rodata->socket_bucket_count = socket_buckets;
	skeleton->rodata->time_wait_bucket_count = 2 * time_wait_slots / TIME_WAIT_TAGS;
	skeleton->rodata->time_wait_slot_count = time_wait_slots;
	bpf_map__set_max_entries(skeleton->maps.socket_buckets, socket_buckets);
	bpf_map__set_max_entries(skeleton->maps.socket_slots, socket_buckets * SLOTS_PER_BUCKET);
	bpf_map__set_max_entries(skeleton->maps.time_wait_buckets, 2 * time_wait_slots / TIME_WAIT_TAGS);
	bpf_map__set_max_entries(skeleton->maps.time_wait_slots, time_wait_slots);
}

/* Who sweeps what is kept (bpf/counted.bpf.h). */
static void tune_sweeps(struct tcpdwell *skeleton)
{
	const bool counted = skeleton->rodata->elements_are_counted;

	bpf_program__set_autoload(skeleton->progs.sweep_time_wait, !counted);
	bpf_program__set_autoload(skeleton->progs.sweep_time_wait_slots, !counted && skeleton->rodata->slots_used);
	bpf_program__set_autoload(skeleton->progs.sweep_sockets, !counted);
	bpf_program__set_autoload(skeleton->progs.sweep_time_wait_counted, counted);
	bpf_program__set_autoload(skeleton->progs.sweep_sockets_counted, counted);
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t time_wait_slots_for(uint32_t present, uint32_t max_sockets)
{
	uint32_t most = min_u32(max_sockets ?: TIME_WAIT_SLOTS_MAX, TIME_WAIT_SLOTS_MAX);

	present = min_u32(present, TIME_WAIT_SLOTS_MAX);
	return max_u32(min_u32(present + present / 4, most), min_u32(TIME_WAIT_SLOTS, most / SOCKETS_PER_TIME_WAIT_SLOT));
}

/*
 * Full sockets: room for twice of what is there now. TIME_WAIT: in the hash map for as many as there are slots, which bpf/store.bpf.h
 * says why, and for all full sockets that may be closed at once. May be called again, with fewer.
 */
static void tune_store(struct tracer *tracer, const struct present_sockets present, uint32_t max_sockets)
{
	struct tcpdwell *skeleton = tracer->skeleton;
	const uint32_t sockets = max_sockets ?: default_entries(&tracer->kernel, 2 * min_u32(present.full, TRACER_MAX_SOCKETS));
	const bool slots_used = tracer->kernel.has_atomics && sockets >= SOCKETS_FOR_SLOTS;
	const uint32_t slots = slots_used ? time_wait_slots_for(present.time_wait, max_sockets) : 0;
	const uint32_t time_waits = max_u32(present.full, slots ?: 2 * min_u32(present.time_wait, TRACER_MAX_SOCKETS));

	skeleton->rodata->slots_used = slots_used;
	if (slots_used)
		tune_slots(skeleton, min_u32(sockets / SOCKETS_PER_SLOT, SOCKET_SLOTS), slots);
	else
		tune_no_slots(skeleton);
	tune_map(&tracer->kernel, skeleton->maps.connection_by_socket, sockets);
	tune_map(&tracer->kernel, skeleton->maps.time_wait_by_endpoint,
		 max_sockets ?: default_entries(&tracer->kernel, time_waits));
	tune_sweeps(skeleton);
}

/* All that is followed may wait. */
static void tune_accepts(struct tracer *tracer, bool wanted)
{
	struct bpf_map *waits = tracer->skeleton->maps.accept_wait_since;

	tracer->skeleton->rodata->measure_accepts = wanted;
	if (wanted)
		tune_map(&tracer->kernel, waits, bpf_map__max_entries(tracer->skeleton->maps.connection_by_socket));
}

static uint32_t default_ring_bytes(uint32_t emit_states)
{
	return __builtin_popcount(emit_states) > 4 ? TRACER_RING_BYTES_ALL : TRACER_RING_BYTES_SOME;
}

void tune(struct tracer *tracer, const struct tracer_config *config)
{
	struct tcpdwell *skeleton = tracer->skeleton;
	uint32_t ring_bytes = config->ring_bytes ?: default_ring_bytes(config->emit_states);
	uint64_t secret[2];

	tune_hooks(tracer);
	if (bpf_program__autoload(skeleton->progs.bind_kretprobe))
		bpf_map__set_max_entries(skeleton->maps.bind_call_by_thread, BINDS_AT_ONCE);
	tune_holders(tracer, config->holder_states);
	skeleton->rodata->measure_ports = config->port_search;
	tune_ports(skeleton, config->ports);
	tune_present(skeleton, config->present, config->listeners);
	filter_sets_tune(skeleton, config->filter);
	tune_map(&tracer->kernel, skeleton->maps.listener_by_address, 16384);
	tune_map(&tracer->kernel, skeleton->maps.lost_connection_by_id, 8192);
	bpf_map__set_max_entries(skeleton->maps.process_by_credentials,
				 PROCESSES + PROCESSES_PER_PROCESSOR * libbpf_num_possible_cpus());
	bpf_map__set_max_entries(skeleton->maps.records, ring_bytes);
	skeleton->rodata->emit_states = config->emit_states;
	skeleton->rodata->track_all = config->track_all;
	skeleton->rodata->awaits_ports = config->emit_states & 1U << STATE_SYN_SENT &&
					 (config->local_ports || config->filter->n_local_ports);
	skeleton->rodata->tick_ns = kernel_tick_ns();
	skeleton->rodata->own_pid_namespace = kernel_own_pid_namespace();
	skeleton->rodata->wake_up_bytes = ring_bytes / 8;
	if (getrandom(secret, sizeof(secret), 0) == sizeof(secret)) {
		skeleton->rodata->id_secret_low = secret[0];
		skeleton->rodata->id_secret_high = secret[1];
	}
	skeleton->rodata->elements_are_counted = !features_iterate_maps(&tracer->kernel) && features_iterate_symbols(&tracer->kernel);
	tune_store(tracer, present_sockets_count(config->filter), config->max_sockets);
	tune_accepts(tracer, config->accepts);
}

void tune_for_idle(struct tracer *tracer, const struct tracer_config *config)
{
	tune_store(tracer, (struct present_sockets){}, 0);
	tune_accepts(tracer, config->accepts);
}
