// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Most ports are taken; each remedy that tcpdwell names is carried out, and ports are taken until there is none. */
#define _GNU_SOURCE 1
#include "remedies.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TAKEN 130 /* of 200, so that something is to be done */
#define BOUND_FIRST 20

static json_t *destination_now(const struct tool_options *tcpdwell, const struct ends *ends)
{
	json_t *destination = tool_find(tool_ports(tcpdwell), "destination", SERVICE, ends->local ?: ends->remote);

	if (!destination)
		world_fail("tcpdwell says nothing of the destination");
	return destination;
}

static void promise(json_t *destination, const char *change, long long ports)
{
	long long promised = tool_promised(destination, change);

	if (promised != ports)
		world_fail("%s is said to make %lld ports, and it makes %lld", change, promised, ports);
}

static int take(const struct world *world, const struct ends *ends)
{
	int fd = world_connect(ends);

	if (fd < 0)
		world_fail("connect: %s", strerror(-fd));
	return world_accept(world->listener);
}

static void take_some(const struct world *world, const struct ends *ends, int count)
{
	while (count--)
		take(world, ends);
}

/* Until there is none. */
static uint32_t take_all(const struct ends *ends)
{
	uint32_t found = 0;
	int fd;

	while ((fd = world_connect(ends)) >= 0)
		found++;
	if (fd != -EADDRNOTAVAIL)
		world_fail("connect: %s", strerror(-fd));
	return found;
}

static void must_come(const char *change, uint32_t found, uint32_t promised)
{
	if (found != promised)
		world_fail("%s was said to make %u ports, and made %u", change, promised, found);
}

void remedy_reserved(struct world *world, const struct tool_options *tcpdwell)
{
	/* A service has one of those that are reserved: it keeps that. */
	if (world_bind("10.1.1.2", 40020, false, false) < 0)
		world_fail("bind: %s", strerror(errno));
	take_some(world, &world->ends, TAKEN);
	promise(destination_now(tcpdwell, &world->ends), "ip_local_reserved_ports", 199);
	world_sysctl("ipv4/ip_local_reserved_ports", "\n");
	must_come("ip_local_reserved_ports", TAKEN + take_all(&world->ends), 199);
}

/* Services have ports there, and the administrator has some. What the kernel makes of a range is found by other experiments. */
void remedy_range(struct world *world, const struct tool_options *tcpdwell)
{
	const long long ports = 65535 - 10240 + 1 - 2 - 11;

	if (world_bind("10.1.1.2", 12345, false, false) < 0 || world_listen("::1", 20001) < 0)
		world_fail("bind: %s", strerror(errno));
	world_bind("10.1.1.2", 9000, false, false);
	world_sysctl("ipv4/ip_local_reserved_ports", "8000-9000,15000-15009,50000");
	take_some(world, &world->ends, TAKEN);
	promise(destination_now(tcpdwell, &world->ends), "ip_local_port_range", ports);
	world_sysctl("ipv4/ip_local_port_range", "10240 65535");
	tool_check(destination_now(tcpdwell, &world->ends), "capacity", ports);
}

void remedy_range_to_the_end(struct world *world, const struct tool_options *tcpdwell)
{
	remedy_range(world, tcpdwell);
	must_come("ip_local_port_range", TAKEN + take_all(&world->ends), 65535 - 10240 + 1 - 2 - 11);
}

/* bind() before connect() costs the others its ports, and the destination itself none. */
void remedy_second_address(struct world *world, const struct tool_options *tcpdwell)
{
	struct ends bound = world->ends, second = world->ends;
	json_t *destination;
	uint32_t found;

	bound.local = world->ends.remote;
	bound.way = WAY_BIND_ZERO;
	take_some(world, &bound, BOUND_FIRST);
	take_some(world, &world->ends, TAKEN - BOUND_FIRST);
	destination = destination_now(tcpdwell, &world->ends);
	promise(destination, "bind_address_no_port", 200);
	promise(destination, "local_address", 200 + 200 - BOUND_FIRST);
	promise(destination, "remote", 200 + 200 - BOUND_FIRST);
	second.local = "127.0.0.2";
	second.way = WAY_NO_PORT;
	found = take_all(&second);
	must_come("local_address", TAKEN + take_all(&world->ends) + found, 200 + 200 - BOUND_FIRST);
}

/* Of a client of another service, whose server closes first: nothing of it stays. */
void remedy_no_port(struct world *world, const struct tool_options *tcpdwell)
{
	int listener = world_listen(world->ends.remote, OTHER_SERVICE), clients[BOUND_FIRST], i, server;
	struct ends other = world->ends;

	if (listener < 0)
		world_fail("listen: %s", strerror(-listener));
	other.port = OTHER_SERVICE;
	other.local = world->ends.remote;
	other.way = WAY_BIND_ZERO;
	take_some(world, &world->ends, TAKEN);
	for (i = 0; i < BOUND_FIRST; i++)
		clients[i] = world_connect(&other);
	promise(destination_now(tcpdwell, &world->ends), "bind_address_no_port", 200);
	for (i = 0; i < BOUND_FIRST; i++) {
		server = world_accept(listener);
		close(server);
	}
	for (i = 0; i < BOUND_FIRST; i++)
		world_wait_closed(clients[i]);
	other.way = WAY_NO_PORT;
	for (i = 0; i < BOUND_FIRST; i++)
		if (world_connect(&other) < 0)
			world_fail("connect: %s", strerror(errno));
	must_come("bind_address_no_port", TAKEN + take_all(&world->ends), 200);
}

/* What is in TIME_WAIT is taken over; it is old enough on every kernel then. */
void remedy_reuse(struct world *world, const struct tool_options *tcpdwell)
{
	const struct timespec old_enough = { .tv_sec = 2, .tv_nsec = 100000000 };
	int i, fd;

	world_sysctl("ipv4/tcp_tw_reuse", "0");
	for (i = 0; i < TAKEN; i++) {
		fd = world_connect(&world->ends);
		world_close(fd, world_accept(world->listener), true);
	}
	world_wait_time_wait(TAKEN);
	promise(destination_now(tcpdwell, &world->ends), "tcp_tw_reuse", 200);
	world_sysctl("ipv4/tcp_tw_reuse", "1");
	nanosleep(&old_enough, NULL);
	must_come("tcp_tw_reuse", take_all(&world->ends), 200);
}
