// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counters of the kernel side: sums over processors. */
#include "collect/health.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdlib.h>

#include "abi.h"
#include "attach/tracer.h"
#include "event/event.h"
#include "tcpdwell.skel.h"

static uint64_t counter_read(int fd, uint32_t kind)
{
	int processors = libbpf_num_possible_cpus(), i;
	uint64_t *values, sum = 0;

	values = processors > 0 ? calloc(processors, sizeof(*values)) : NULL;
	if (!values)
		return 0;
	if (!bpf_map_lookup_elem(fd, &kind, values))
		for (i = 0; i < processors; i++)
			sum += values[i];
	free(values);
	return sum;
}

/* The kernel does not run a program while it runs already on that processor, and counts that (5.12). */
static uint64_t recursion_misses(const struct bpf_program *program)
{
	struct bpf_prog_info info = {};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
		return 0;
	return info.recursion_misses;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Of the events of softirqs that their program was skipped at, another had all that it counted, and more unless it was skipped too. */
static uint64_t skipped_softirqs(const struct tcpdwell *skeleton, const struct bpf_program *other)
{
	uint64_t skipped = recursion_misses(skeleton->progs.transition_of_softirq);

	skipped -= least(skipped, counter_read(bpf_map__fd(skeleton->maps.counters), COUNTER_TAKEN_OVER));
	return least(skipped, recursion_misses(other));
}

/*
 * An event is lost when all programs that tell of it were skipped. Tasks': no more often than the luckiest of them was, which is far
 * too high, as the kernel counts softirqs there that interrupted a task's program, too.
 */
static uint64_t skipped_events(const struct tcpdwell *skeleton)
{
	uint64_t of_tasks;

	if (!skeleton->rodata->softirqs_apart)
		return recursion_misses(skeleton->progs.transition);
	if (!skeleton->rodata->programs_preempted)
		return skipped_softirqs(skeleton, skeleton->progs.transition);
	of_tasks = least(recursion_misses(skeleton->progs.transition_of_task),
			 recursion_misses(skeleton->progs.transition_of_task_2));
	return skipped_softirqs(skeleton, skeleton->progs.transition_last) +
	       least(of_tasks, recursion_misses(skeleton->progs.transition_last));
}

void health_read(struct health *health, const struct tracer *tracer)
{
	int fd = bpf_map__fd(tracer->skeleton->maps.counters);

	health->lost = counter_read(fd, COUNTER_LOST_RECORDS);
	health->map_full = counter_read(fd, COUNTER_MAP_FULL);
	health->adopted = counter_read(fd, COUNTER_ADOPTED);
	health->dropped = counter_read(fd, COUNTER_DROPPED);
	health->walk_cut = counter_read(fd, COUNTER_WALK_CUT);
	health->queue_cut = counter_read(fd, COUNTER_QUEUE_CUT);
	health->missed = counter_read(fd, COUNTER_MISSED);
	health->skipped = skipped_events(tracer->skeleton);
}
