// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Computes a limit with user/ports/, then finds the kernel's. */
#define _GNU_SOURCE 1
#include "experiment.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

struct found {
	uint16_t ports[WORLD_PORTS];
	uint32_t took_ns[WORLD_PORTS];
	uint32_t count;
	int error;
};

static struct world world;
static struct found found;

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static int try_once(const struct experiment *experiment)
{
	const struct ends *ends = &world.ends;

	return experiment->binds ? world_bind(ends->local, 0, ends->reuse_addr, ends->reuse_port) : world_connect(ends);
}

static void fill(const struct experiment *experiment)
{
	uint64_t begin;
	int fd;

	for (;;) {
		begin = now_ns();
		fd = try_once(experiment);
		if (fd < 0)
			break;
		found.took_ns[found.count] = now_ns() - begin;
		found.ports[found.count++] = world_local_port(fd);
	}
	found.error = -fd;
}

/* Where a port of the other parity was chosen first; the number of all where none was. */
static uint32_t first_of_parity(unsigned int parity)
{
	uint32_t i;

	for (i = 0; i < found.count && (found.ports[i] & 1) != parity; i++)
		;
	return i;
}

/* Where the number of ports is odd each search leaves out one of the range's ends. */
static bool agrees(uint32_t predicted, uint32_t actual, bool odd)
{
	return actual == predicted || (odd && actual + 1 == predicted);
}

static void check_error(int wanted)
{
	if (found.error != wanted)
		world_fail("ended with %s after %u, not with %s", strerror(found.error), found.count, strerror(wanted));
}

static void check_count(uint32_t predicted, bool odd)
{
	if (!agrees(predicted, found.count, odd))
		world_fail("predicted %u, found %u", predicted, found.count);
}

/* A port is in use once. */
static void check_ports(const struct port_space *space)
{
	static struct port_set seen;
	uint32_t i;

	for (i = 0; i < found.count; i++) {
		if (port_space_half(space, found.ports[i]) < 0)
			world_fail("port %u was chosen, which should not be possible", found.ports[i]);
		if (port_set_has(&seen, found.ports[i]))
			world_fail("port %u was chosen twice", found.ports[i]);
		port_set_add(&seen, found.ports[i]);
	}
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static uint32_t median(const uint32_t *values, uint32_t count)
{
	uint32_t sorted[256];

	memcpy(sorted, values, count * sizeof(*values));
	qsort(sorted, count, sizeof(*sorted), ascending);
	return sorted[count / 2];
}

#define KNEE_SAMPLE 200
#define KNEE_FACTOR 4

static void check_knee(uint32_t cliff)
{
	uint32_t before = median(&found.took_ns[cliff - KNEE_SAMPLE], KNEE_SAMPLE);
	uint32_t behind = median(&found.took_ns[cliff], KNEE_SAMPLE);

	if (behind < KNEE_FACTOR * before)
		world_fail("connect() took %u ns before the cliff at %u and %u ns behind it", before, cliff, behind);
	printf("# connect() takes %u ns before the cliff at %u, %u ns behind it\n", before, cliff, behind);
}

/* The address that connections to the destination come from. */
static const char *local_addr(void)
{
	return world.ends.local ?: world.ends.remote;
}

static void ask_of_destination(const struct run_options *options, const struct headroom *left)
{
	json_t *objects = tool_ports(&options->tcpdwell), *space = tool_find(objects, "namespace", 0, NULL);
	unsigned int device = world.ends.device ? if_nametoindex(world.ends.device) : 0;
	json_t *destination = tool_find_bound(objects, SERVICE, local_addr(), device);

	if (!space || !destination)
		world_fail("tcpdwell says nothing of the %s", space ? "destination" : "namespace");
	tool_check(space, "tcp_tw_reuse", world.settings.tw_reuse);
	tool_check(space, "ip_local_port_step_width", world.settings.step_width);
	tool_check(destination, "capacity", left->capacity);
	tool_check(destination, "used", left->used);
	tool_check(destination, "usable", left->usable);
	tool_check(destination, "reusable", left->reusable);
	tool_check(destination, "blocked", left->blocked);
	tool_check(destination, "reserved", left->reserved);
	tool_check(destination, "cliff_capacity", left->cliff_capacity);
	tool_check(destination, "cliff_usable", left->cliff_usable);
}

static void ask_of_pool(const struct run_options *options, const struct bind_pool *pool)
{
	json_t *found = tool_find(tool_ports(&options->tcpdwell), "pool", 0, local_addr());

	if (!found)
		world_fail("tcpdwell says nothing of the pool");
	tool_check(found, "capacity", pool->capacity);
	tool_check(found, "used", pool->used);
	tool_check(found, "usable", pool->usable);
}

/* Nothing is said of a destination that nobody connects to. */
static void connect_once(void)
{
	int fd;

	if (world.n_used)
		return;
	fd = world_connect(&world.ends);
	if (fd >= 0)
		world_note_used(&world, world_local_port(fd), false);
}

static void take_once(void)
{
	int fd = world_bind(world.ends.local, 0, false, false);

	if (fd < 0)
		world_fail("bind: %s", strerror(-fd));
	port_set_add(&world.taken, world_local_port(fd));
}

static void check_connect(const struct experiment *experiment, const struct run_options *options)
{
	struct port_tally tally = {};
	struct port_space space;
	struct headroom left;
	uint32_t i, other;

	if (options->tcpdwell.path)
		connect_once();
	port_space_init(&space, port_range_of(&world.settings, world.ends.own_low, world.ends.own_high), &world.reserved,
			&world.blocked);
	for (i = 0; i < world.n_used; i++)
		port_tally_add(&tally, &space, world.used[i].port, world.used[i].reusable);
	headroom_of(&left, &space, &tally);
	if (options->tcpdwell.path && world.n_used)
		ask_of_destination(options, &left);
	fill(experiment);
	check_error(EADDRNOTAVAIL);
	check_count(left.usable, left.odd);
	check_ports(&space);
	if (!space.range.whole) {
		other = first_of_parity(~space.range.low & 1);
		if (!agrees(left.cliff_usable, other, left.odd))
			world_fail("the cliff was predicted at %u, and found at %u", left.cliff_usable, other);
	}
	if (experiment->knee && options->timed)
		check_knee(left.cliff_usable);
	printf("# %u of %u ports, cliff at %u\n", found.count, left.capacity, left.cliff_usable);
}

/* bind() with SO_REUSEADDR looks in the lower half of the range first, so its parity tells nothing. */
static void check_bind(const struct experiment *experiment, const struct run_options *options)
{
	struct port_range range = port_range_of(&world.settings, 0, 0);
	struct bind_pool pool;

	if (options->tcpdwell.path)
		take_once();
	bind_pool_of(&pool, range, &world.reserved, &world.taken);
	if (options->tcpdwell.path)
		ask_of_pool(options, &pool);
	fill(experiment);
	check_error(EADDRINUSE);
	check_count(pool.usable, pool.odd);
	printf("# %u of %u ports\n", found.count, pool.capacity);
}

void experiment_run(const struct experiment *experiment, const struct run_options *options)
{
	world.ends = experiment->ends;
	world.ends.port = SERVICE;
	if (!world.ends.remote)
		world.ends.remote = "127.0.0.1";
	world_make(&world, experiment->range, experiment->reserved);
	if (experiment->prepare)
		experiment->prepare(&world);
	if (experiment->watched) {
		experiment->watched(&world, &options->tcpdwell);
		return;
	}
	if (world.skip[0])
		printf("~%s\n", world.skip);
	else if (experiment->binds)
		check_bind(experiment, options);
	else
		check_connect(experiment, options);
}
