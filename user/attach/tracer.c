// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Open -> tune -> load -> attach, each a visible step. */
#include "attach/tracer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "abi.h"
#include "attach/features.h"
#include "attach/limits.h"
#include "attach/host.h"
#include "attach/instructions.h"
#include "attach/memory_limit.h"
#include "attach/present.h"
#include "attach/skeleton_load.h"
#include "attach/types.h"
#include "filter/name_filter.h"
#include "tcpdwell.skel.h"
#include "util/descriptor.h"
#include "util/log.h"
#include "util/stop.h"
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

/* They tell when descriptors may have changed hands. */
static bool is_process_hook(const struct bpf_program *program)
{
	return !strncmp(bpf_program__name(program), "process_", strlen("process_"));
}

static void tune_holders(struct tracer *tracer, uint32_t states)
{
	struct bpf_program *program;

	tracer->skeleton->rodata->holder_states = states;
	bpf_object__for_each_program(program, tracer->skeleton->obj)
		if (is_process_hook(program) || program == tracer->skeleton->progs.find_holders)
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

/* A set that is not used takes no room. --remote may bring one port more. */
static void tune_sets(struct tcpdwell *skeleton, const struct filter *filter)
{
	bpf_map__set_max_entries(skeleton->maps.filter_netns_set, filter->n_netns ?: 1);
	bpf_map__set_max_entries(skeleton->maps.filter_pid_set, filter->n_pids ?: 1);
	bpf_map__set_max_entries(skeleton->maps.filter_cgroup_set, filter->n_cgroups ?: 1);
	bpf_map__set_max_entries(skeleton->maps.filter_local_port_set, filter->n_local_ports ?: 1);
	bpf_map__set_max_entries(skeleton->maps.filter_remote_port_set, filter->n_remote_ports + 1);
}

static void tune_filters(struct tcpdwell *skeleton, const struct filter *filter)
{
	uint8_t bytes[16], mask[16];

	skeleton->rodata->filter_netns = filter->n_netns > 0;
	skeleton->rodata->filter_netns_single = filter->n_netns == 1 ? filter->netns[0] : 0;
	skeleton->rodata->filter_pids = filter->n_pids > 0;
	skeleton->rodata->filter_cgroups = filter->n_cgroups > 0;
	skeleton->rodata->filter_names = filter_has_names(filter);
	skeleton->rodata->filter_local_ports = filter->n_local_ports > 0;
	skeleton->rodata->filter_remote_ports = filter->n_remote_ports > 0 || filter->remote_port;
	skeleton->rodata->filter_ipv4 = filter->ipv4_only;
	skeleton->rodata->filter_ipv6 = filter->ipv6_only;
	skeleton->rodata->filter_comm = filter->comm[0] != '\0';
	memcpy((char *)skeleton->rodata->filter_comm_name, filter->comm, COMM_BYTES);
	if (!filter->has_remote || !filter->remote.address.family)
		return;
	prefix_to_mapped(&filter->remote, bytes, mask);
	skeleton->rodata->filter_remote_addr = true;
	memcpy((void *)skeleton->rodata->filter_remote_bytes, bytes, sizeof(bytes));
	memcpy((void *)skeleton->rodata->filter_remote_mask, mask, sizeof(mask));
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

static void tune(struct tracer *tracer, const struct tracer_config *config)
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
	tune_sets(skeleton, config->filter);
	tune_filters(skeleton, config->filter);
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

static int set_add(const struct bpf_map *map, const void *key)
{
	const uint8_t present = 1;

	return bpf_map_update_elem(bpf_map__fd(map), key, &present, BPF_ANY) ? -errno : 0;
}

static int ports_add(const struct bpf_map *map, const uint16_t *ports, unsigned int count)
{
	unsigned int i;
	uint32_t key;
	int err = 0;

	for (i = 0; i < count && !err; i++) {
		key = ports[i];
		err = set_add(map, &key);
	}
	return err;
}

/* Where the kernel side does not see cookies, none is the right one. */
static int fill_namespaces(struct tracer *tracer, const struct filter *filter)
{
	int err = 0, fd = bpf_map__fd(tracer->skeleton->maps.filter_netns_set);
	unsigned int i;

	for (i = 0; i < filter->n_netns && !err; i++) {
		uint64_t cookie = tracer->kernel.has_netns_cookies ? filter->netns_cookies[i] : 0;

		err = bpf_map_update_elem(fd, &filter->netns[i], &cookie, BPF_ANY);
		if (filter->n_netns == 1)
			tracer->skeleton->bss->filter_netns_cookie = cookie;
	}
	return err;
}

/* The members of the sets. Written before anything is attached. */
static int fill_filters(struct tracer *tracer, const struct filter *filter)
{
	struct tcpdwell *skeleton = tracer->skeleton;
	unsigned int i;
	int err = fill_namespaces(tracer, filter);

	for (i = 0; i < filter->n_pids && !err; i++)
		err = bpf_map_update_elem(bpf_map__fd(skeleton->maps.filter_pid_set), &filter->pids[i], &filter->pid_starts[i],
					  BPF_ANY);
	for (i = 0; i < filter->n_cgroups && !err; i++)
		err = set_add(skeleton->maps.filter_cgroup_set, &filter->cgroup_ids[i]);
	if (!err)
		err = ports_add(skeleton->maps.filter_local_port_set, filter->local_ports, filter->n_local_ports);
	if (!err)
		err = ports_add(skeleton->maps.filter_remote_port_set, filter->remote_ports, filter->n_remote_ports);
	if (!err && filter->remote_port)
		err = ports_add(skeleton->maps.filter_remote_port_set, &filter->remote_port, 1);
	return err;
}

static int attach_program(struct tracer *tracer, struct bpf_program *program)
{
	const struct hook_choice *choice = hook_set_find(&tracer->hooks, bpf_program__name(program));
	struct bpf_link **link = NULL;
	int i;

	for (i = 0; i < tracer->skeleton->skeleton->prog_cnt; i++)
		if (*tracer->skeleton->skeleton->progs[i].prog == program)
			link = tracer->skeleton->skeleton->progs[i].link;
	if (choice && choice->hook->mode == HOOK_MODE_KPROBE)
		*link = bpf_program__attach_kprobe(program, hook_is_at_return(choice->hook, bpf_program__name(program)),
						   choice->function);
	else
		*link = bpf_program__attach(program);
	if (*link)
		return 0;
	log_debug("%s: %s", bpf_program__name(program), strerror(errno));
	return -errno;
}

static bool is_transition_hook(const struct bpf_program *program)
{
	return !strncmp(bpf_program__name(program), "transition", strlen("transition"));
}

static int attach_all(struct tracer *tracer, bool transitions, char *error, size_t error_size)
{
	struct bpf_program *program;
	int err;

	bpf_object__for_each_program(program, tracer->skeleton->obj) {
		if (is_transition_hook(program) != transitions || !bpf_program__autoload(program))
			continue;
		if (!transitions && !hook_is_program(bpf_program__name(program)) && !is_process_hook(program))
			continue;
		err = attach_program(tracer, program);
		if (!err)
			continue;
		snprintf(error, error_size, "attaching %s (%s) failed: %s", bpf_program__name(program),
			 bpf_program__section_name(program), strerror(-err));
		return err;
	}
	return 0;
}

/* The transition hook comes last: when it tells of a socket, all that complete its story are there. */
static int attach(struct tracer *tracer, char *error, size_t error_size)
{
	return attach_all(tracer, false, error, error_size) ?: attach_all(tracer, true, error, error_size);
}

/* Where the tables for all that is there find no room: those of an idle machine, unless their size was asked for. */
static int fit_into_memory(struct tracer *tracer, const struct tracer_config *config, char *error, size_t error_size)
{
	const bool maps_count = !tracer->kernel.counts_locked_memory;
	const struct bpf_map *spill = tracer->skeleton->maps.time_wait_by_endpoint, *slots = tracer->skeleton->maps.time_wait_slots;
	int err = memory_limit_check(tracer->skeleton->obj, maps_count, error, error_size);

	if (!err || config->max_sockets)
		return err;
	tune_store(tracer, (struct present_sockets){}, 0);
	tune_accepts(tracer, config->accepts);
	err = memory_limit_check(tracer->skeleton->obj, maps_count, error, error_size);
	if (err)
		return err;
	log_warn("this cgroup's memory has no room for tables of all sockets that are there: smaller ones are used, for %u TIME_WAIT at once; "
		 "what finds no place in them is not traced, and counted (map_full); raise the limit to trace all",
		 bpf_map__max_entries(spill) + (tracer->skeleton->rodata->slots_used ? bpf_map__max_entries(slots) : 0));
	*error = '\0';
	return 0;
}

/* What goes by the index of an element (bpf/element.bpf.h). libbpf reads all of the kernel's types for that: 6 MiB and more. */
static int count_elements(struct tcpdwell *skeleton)
{
	struct bpf_program *const programs[] = { skeleton->progs.seed_sockets, skeleton->progs.list_ports, skeleton->progs.list_present,
						 skeleton->progs.list_listeners };
	size_t i;
	int err = 0;

	for (i = 0; i < sizeof(programs) / sizeof(programs[0]) && !err; i++)
		if (bpf_program__autoload(programs[i]))
			err = bpf_program__set_attach_target(programs[i], 0, "ksym");
	return err;
}

static int load(struct tracer *tracer, const struct tracer_config *config, char *error, size_t error_size)
{
	int err;

	*error = '\0';
	tune(tracer, config);
	err = fit_into_memory(tracer, config, error, error_size);
	if (err)
		return err;
	if (tracer->skeleton->rodata->elements_are_counted)
		err = count_elements(tracer->skeleton);
	if (config->verifier)
		verifier_report_prepare(config->verifier, tracer->skeleton->obj);
	err = err ?: skeleton_load(tracer->skeleton, error, error_size);
	if (config->verifier)
		verifier_report_read(config->verifier);
	if (!err || *error)
		return err;
	return host_explain(&tracer->kernel, err, error, error_size);
}

/* A file for what libbpf needs of the kernel's types, and its name. < 0: libbpf is to look through all. */
static int excerpt_new(const struct tracer *tracer, char *path, size_t size)
{
	int fd;

	/* Ids of types are those of the excerpt: who needs the kernel's own can't have one. */
	if (tracer->all_types || tracer->kernel.casts == CASTS_TYPED || !types_can_excerpt(tracer->kernel.types))
		return -EOPNOTSUPP;
	fd = descriptor_in_memory("btf");
	snprintf(path, size, "/proc/self/fd/%d", fd);
	return fd;
}

static int load_with(struct tracer *tracer, const struct tracer_config *config, int excerpt, char *error, size_t error_size)
{
	int err = excerpt < 0 ? 0 : types_excerpt(tracer->kernel.types, bpf_object__btf(tracer->skeleton->obj), excerpt);

	if (!err)
		return load(tracer, config, error, error_size);
	snprintf(error, error_size, "an excerpt of the kernel's types can't be made: %s", strerror(-err));
	return err;
}

static int open_skeleton(struct tracer *tracer, const struct tracer_config *config, char *error, size_t error_size)
{
	LIBBPF_OPTS(bpf_object_open_opts, options);
	char path[64];
	int excerpt = excerpt_new(tracer, path, sizeof(path)), err;

	if (excerpt >= 0)
		options.btf_custom_path = path;
	err = bpf_object__open_skeleton(tracer->skeleton->skeleton, &options);
	if (err)
		snprintf(error, error_size, "the BPF object can't be opened: %s", strerror(-err));
	else
		err = load_with(tracer, config, excerpt, error, error_size);
	if (excerpt >= 0)
		close(excerpt);
	return err;
}

/* Opens and loads a copy of the object, with the instructions for this kernel. */
static int open_and_load(struct tracer *tracer, const struct tracer_config *config, char *error, size_t error_size)
{
	struct tcpdwell *skeleton = calloc(1, sizeof(*skeleton));
	const void *object;
	void *copy;
	int err;

	tracer->skeleton = skeleton;
	if (!skeleton || tcpdwell__create_skeleton(skeleton))
		return -ENOMEM;
	object = skeleton->skeleton->data;
	copy = instructions_put_in(object, skeleton->skeleton->data_sz, &tracer->kernel);
	if (!copy)
		return -ENOMEM;
	skeleton->skeleton->data = copy;
	err = open_skeleton(tracer, config, error, error_size);
	skeleton->skeleton->data = object;
	free(copy);
	return err;
}

/* A signal that asks for the end makes the verifier give up, too. */
static bool is_worth_another_try(int err)
{
	return err && err != -EPERM && err != -ENOTSUP && err != -ENOMEM && !stop_is_requested();
}

/* Once more, in another way. */
static int open_and_load_again(struct tracer *tracer, const struct tracer_config *config, const char *how, char *error, size_t error_size)
{
	log_debug("%s once more: %s", how, error);
	tcpdwell__destroy(tracer->skeleton);
	return open_and_load(tracer, config, error, error_size);
}

/*
 * A kernel whose types an excerpt does not do for, or that has casts and does not let ours pass, is one that we have not met: there
 * libbpf looks through all, and probe reads do.
 */
static int open_and_load_somehow(struct tracer *tracer, const struct tracer_config *config, char *error, size_t error_size)
{
	int err = open_and_load(tracer, config, error, error_size);

	if (is_worth_another_try(err) && !tracer->all_types) {
		tracer->all_types = true;
		err = open_and_load_again(tracer, config, "with all types", error, error_size);
	}
	if (is_worth_another_try(err) && tracer->kernel.casts) {
		tracer->kernel.casts = 0;
		err = open_and_load_again(tracer, config, "without casts", error, error_size);
	}
	return err;
}

static int start(struct tracer *tracer, const struct tracer_config *config, char *error, size_t error_size)
{
	int err = open_and_load_somehow(tracer, config, error, error_size);

	if (err)
		return err;
	err = fill_filters(tracer, config->filter);
	if (err) {
		snprintf(error, error_size, "a filter's set can't be filled: %s", strerror(-err));
		return err;
	}
	return attach(tracer, error, error_size);
}

/*
 * What only loading needed: BTF took some 20 MB, of ours and of libbpf's, which glibc would keep; and the BPF object lies in the
 * pages of our own file, which are there again when somebody reads them.
 */
static void release_memory(const struct tcpdwell *skeleton)
{
	const uintptr_t page = sysconf(_SC_PAGESIZE);
	uintptr_t begin, end;

	malloc_trim(0);
	if (!skeleton || !skeleton->skeleton)
		return;
	begin = ((uintptr_t)skeleton->skeleton->data + page - 1) & -page;
	end = ((uintptr_t)skeleton->skeleton->data + skeleton->skeleton->data_sz) & -page;
	if (begin < end)
		madvise((void *)begin, end - begin, MADV_DONTNEED);
}

/* What nobody asked for is not hooked, nor what would cost each system call something, unless it was asked for by name. */
static void drop_hooks(struct hook_set *hooks, const struct tracer_config *config)
{
	const struct hook *bind = hooks->choices[FACT_BIND_FAILED].hook;

	if (!config->holder_states)
		hook_set_drop(hooks, FACT_HOLDER);
	if (bind && !bind->functions[0] && config->bind_failures < BIND_FAILURES_ALWAYS)
		hook_set_drop(hooks, FACT_BIND_FAILED);
	if (!config->bind_failures)
		hook_set_drop(hooks, FACT_BIND_FAILED);
	if (!config->accepts)
		hook_set_drop(hooks, FACT_ACCEPTED);
}

static int probe_and_start(struct tracer *tracer, const struct tracer_config *config, char *error, size_t error_size)
{
	int err;

	limits_raise_memory();
	err = limits_check_files(FILES_OF_TRACING, error, error_size) ?: kernel_probe(&tracer->kernel, error, error_size);
	err = err ?: host_check(&tracer->kernel, error, error_size);
	err = err ?: hook_set_choose(&tracer->hooks, &tracer->kernel, config->hooks, error, error_size);
	drop_hooks(&tracer->hooks, config);
	return err ?: start(tracer, config, error, error_size);
}

int tracer_new(struct tracer **ret, const struct tracer_config *config, char *error, size_t error_size)
{
	struct tracer *tracer = calloc(1, sizeof(*tracer));
	int err;

	error[0] = '\0';
	if (!tracer)
		return -ENOMEM;
	err = probe_and_start(tracer, config, error, error_size);
	kernel_release(&tracer->kernel);
	release_memory(tracer->skeleton);
	if (err) {
		limits_explain(err, error, error_size);
		tracer_free(tracer);
		return err;
	}
	*ret = tracer;
	return 0;
}

void tracer_detach(struct tracer *tracer)
{
	tcpdwell__detach(tracer->skeleton);
}

void tracer_free(struct tracer *tracer)
{
	if (!tracer)
		return;
	tcpdwell__destroy(tracer->skeleton);
	free(tracer);
}

int tracer_ring_fd(const struct tracer *tracer)
{
	return bpf_map__fd(tracer->skeleton->maps.records);
}

int64_t tracer_fin_wait2_timewait(const struct tracer *tracer)
{
	return tracer->skeleton->bss->fin_wait2_timewait_sockets;
}
