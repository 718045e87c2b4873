// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Open -> tune -> load -> attach, each a visible step. */
#include "attach/tracer.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attach/filter_sets.h"
#include "attach/limits.h"
#include "attach/host.h"
#include "attach/instructions.h"
#include "attach/memory_limit.h"
#include "attach/skeleton_load.h"
#include "attach/tune.h"
#include "attach/types.h"
#include "tcpdwell.skel.h"
#include "util/descriptor.h"
#include "util/log.h"
#include "util/stop.h"

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
		if (!transitions && !hook_is_program(bpf_program__name(program)) && !hook_is_of_process(bpf_program__name(program)))
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
	tune_for_idle(tracer, config);
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
	err = filter_sets_fill(tracer, config->filter);
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
