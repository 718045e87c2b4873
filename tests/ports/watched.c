// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Other processes take ports, this one wants them. */
#define _GNU_SOURCE 1
#include "watched.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

#define TAKEN_BY_CONNECTION 40005 /* in the range */
#define TAKEN_BY_GONE 40007
#define TAKEN_BY_LISTENER 8080
#define TAKEN_BY_BOUND 8081
#define TRIES 3

/* A process that takes something and then waits for its end. */
static pid_t holder(void (*take)(struct world *world), struct world *world)
{
	int ends[2];
	pid_t pid;
	char byte;

	if (pipe(ends) || (pid = fork()) < 0)
		world_fail("no process");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		take(world);
		if (write(ends[1], "", 1) == 1)
			pause();
		_exit(0);
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		world_fail("a holder ended");
	close(ends[0]);
	return pid;
}

static void connect_from(const struct world *world, uint16_t port)
{
	struct ends ends = world->ends;
	int fd;

	ends.local = "10.1.1.1";
	ends.local_port = port;
	fd = world_connect(&ends);
	if (fd < 0)
		world_fail("connect from port %u: %s", port, strerror(-fd));
}

static void take_by_connection(struct world *world)
{
	connect_from(world, TAKEN_BY_CONNECTION);
}

static void take_and_go(struct world *world)
{
	connect_from(world, TAKEN_BY_GONE);
}

static void take_by_listener(struct world *world)
{
	(void)world;
	if (world_listen("0.0.0.0", TAKEN_BY_LISTENER) < 0)
		world_fail("listen: %s", strerror(errno));
}

static void take_by_bound(struct world *world)
{
	(void)world;
	if (world_bind("::", TAKEN_BY_BOUND, false, false) < 0)
		world_fail("bind: %s", strerror(errno));
}

static void must_fail(const char *addr, uint16_t port)
{
	int i, fd;

	for (i = 0; i < TRIES; i++) {
		fd = world_bind(addr, port, false, false);
		if (fd != -EADDRINUSE)
			world_fail("bind to %s port %u: %s", addr, port, fd < 0 ? strerror(-fd) : "done");
	}
}

/* Until none is left for this address, and then TRIES times in vain. */
static void exhaust(const char *addr)
{
	while (world_bind(addr, 0, false, false) >= 0)
		;
	must_fail(addr, 0);
}

/* What is said of failures with this address and port: as often as it was tried, by us, and why. */
static json_t *said_of(json_t *objects, const char *addr, uint16_t port, long long failures, const char *reason)
{
	json_t *object, *victims, *found = NULL;
	size_t i;

	json_array_foreach(objects, i, object)
		if (!strcmp(json_string_value(json_object_get(object, "type")), "bind") &&
		    !strcmp(json_string_value(json_object_get(object, "local_addr")), addr) &&
		    json_integer_value(json_object_get(object, "local_port")) == port)
			found = object;
	if (!found)
		world_fail("tcpdwell says nothing of %s port %u", addr, port);
	tool_check(found, "failures", failures);
	victims = json_object_get(found, "victims");
	if (json_array_size(victims) != 1)
		world_fail("port %u has %zu victims", port, json_array_size(victims));
	tool_check(json_array_get(victims, 0), "pid", getpid());
	tool_check(json_array_get(victims, 0), "failures", failures);
	if (strcmp(json_string_value(json_object_get(found, "reason")), reason))
		world_fail("not because of a %s: %s", reason, json_dumps(found, JSON_COMPACT));
	return found;
}

/* `state` NULL: whichever, the last one that was seen. */
static void must_be_held(json_t *said, pid_t holder, const char *state, long long count)
{
	json_t *held = json_array_get(json_object_get(said, "held_by"), 0);

	if (!held || (state && strcmp(json_string_value(json_object_get(held, "state")) ?: "", state)))
		world_fail("not held in %s: %s", state ?: "any state", json_dumps(said, JSON_COMPACT));
	tool_check(held, "pid", holder);
	tool_check(held, "count", count);
}

/* Our end is closed first, so that nothing is left of the other one when its process ends. */
static void end_without_trace(pid_t pid, int accepted)
{
	close(accepted);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	world_wait_free(TAKEN_BY_GONE);
}

static long long failures_of(json_t *objects, const char *type)
{
	long long failures = 0;
	json_t *object;
	size_t i;

	json_array_foreach(objects, i, object)
		if (!strcmp(json_string_value(json_object_get(object, "type")), type))
			failures += json_integer_value(json_object_get(object, "failures"));
	return failures;
}

/* All that failed is told of, and the pool as it was when it did. */
static bool all_binds_are_told(json_t *objects)
{
	json_t *pool = tool_find(objects, "pool", 0, "10.1.1.2");

	return pool && !json_integer_value(json_object_get(pool, "usable")) && failures_of(objects, "bind") == 5 * TRIES + TRIES + 1;
}

void watched_binds(struct world *world, const struct tool_options *tcpdwell)
{
	pid_t before = holder(take_by_listener, world), connection, gone, bound;
	struct tool *tool = tool_start(tcpdwell);
	json_t *said, *pool;

	connection = holder(take_by_connection, world);
	world_accept(world->listener);
	gone = holder(take_and_go, world);
	bound = holder(take_by_bound, world);
	must_fail("10.1.1.1", TAKEN_BY_CONNECTION);
	must_fail("10.1.1.1", TAKEN_BY_GONE);
	must_fail("10.1.1.2", TAKEN_BY_LISTENER);
	must_fail("::", TAKEN_BY_LISTENER);
	must_fail("10.1.1.2", TAKEN_BY_BOUND);
	exhaust("10.1.1.2");
	tool_wait_bind(tool, TAKEN_BY_LISTENER, "listener", 1);
	tool_wait_bind(tool, TAKEN_BY_BOUND, "bound", 1);
	end_without_trace(gone, world_accept(world->listener));
	tool_wait_bind(tool, TAKEN_BY_GONE, "connection", 0);
	said = tool_wait_picture(tool, all_binds_are_told);
	must_be_held(said_of(said, "10.1.1.1", TAKEN_BY_CONNECTION, TRIES, "connection"), connection, "ESTABLISHED", 1);
	must_be_held(said_of(said, "10.1.1.1", TAKEN_BY_GONE, TRIES, "connection"), gone, NULL, 0);
	must_be_held(said_of(said, "10.1.1.2", TAKEN_BY_LISTENER, TRIES, "listener"), before, "LISTEN", 1);
	must_be_held(said_of(said, "::", TAKEN_BY_LISTENER, TRIES, "listener"), before, "LISTEN", 1);
	must_be_held(said_of(said, "10.1.1.2", TAKEN_BY_BOUND, TRIES, "bound"), bound, "BOUND", 1);
	said_of(said, "10.1.1.2", 0, TRIES + 1, "pool");
	pool = tool_find(said, "pool", 0, "10.1.1.2");
	if (!pool)
		world_fail("tcpdwell says nothing of the pool");
	tool_check(pool, "usable", 0);
	tool_check(json_array_get(json_object_get(pool, "held_by"), 0), "pid", getpid());
	tool_stop(tool);
}

static uint32_t connections;

static void take_connections(struct world *world)
{
	uint32_t i;
	int fd;

	for (i = 0; i < connections; i++) {
		fd = world_connect(&world->ends);
		if (fd < 0)
			world_fail("connect: %s", strerror(-fd));
	}
}

static pid_t connected(struct world *world, uint32_t count, int accepted[])
{
	pid_t pid;
	uint32_t i;

	connections = count;
	pid = holder(take_connections, world);
	for (i = 0; i < count; i++)
		accepted[i] = world_accept(world->listener);
	return pid;
}

static void must_hold(json_t *destination, pid_t pid, const char *state, long long count)
{
	json_t *held;
	size_t i;

	json_array_foreach(json_object_get(destination, "held_by"), i, held)
		if (json_integer_value(json_object_get(held, "pid")) == pid &&
		    !strcmp(json_string_value(json_object_get(held, "state")), state)) {
			tool_check(held, "count", count);
			return;
		}
	world_fail("process %d is not said to hold any in %s: %s", pid, state, json_dumps(destination, JSON_COMPACT));
}

/* The process ends, so that it closes first; then we do. */
static void end_and_close(pid_t pid, const int accepted[], uint32_t count)
{
	uint32_t i;

	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (i = 0; i < count; i++)
		world_wait_closed(accepted[i]);
	world_wait_time_wait(count);
}

#define BEFORE 10
#define KEPT 30
#define CLOSED 20

/* As many of each state as there are, and all failures. */
static bool all_holders_are_told(json_t *objects)
{
	json_t *destination = tool_find(objects, "destination", SERVICE, "127.0.0.1");

	return destination && json_integer_value(json_object_get(destination, "time_wait")) == CLOSED &&
	       json_integer_value(json_object_get(destination, "open")) == BEFORE + KEPT &&
	       json_integer_value(json_object_get(destination, "failures")) == TRIES;
}

void watched_holders(struct world *world, const struct tool_options *tcpdwell)
{
	int accepted[BEFORE + KEPT + CLOSED], i;
	json_t *said, *destination;
	pid_t before, kept, gone;
	struct tool *tool;

	world_sysctl("ipv4/tcp_tw_reuse", "0");
	before = connected(world, BEFORE, accepted);
	tool = tool_start(tcpdwell);
	kept = connected(world, KEPT, accepted + BEFORE);
	gone = connected(world, CLOSED, accepted + BEFORE + KEPT);
	end_and_close(gone, accepted + BEFORE + KEPT, CLOSED);
	for (i = 0; i < TRIES; i++)
		if (world_connect(&world->ends) != -EADDRNOTAVAIL)
			world_fail("a port was found");
	said = tool_wait_picture(tool, all_holders_are_told);
	destination = tool_find(said, "destination", SERVICE, "127.0.0.1");
	tool_check(destination, "usable", 0);
	tool_check(json_array_get(json_object_get(destination, "victims"), 0), "pid", getpid());
	must_hold(destination, before, "ESTABLISHED", BEFORE);
	must_hold(destination, kept, "ESTABLISHED", KEPT);
	must_hold(destination, gone, "TIME_WAIT", CLOSED);
	tool_stop(tool);
}

#define CONNECTIONS 20

/* The connections among `ports` that sit in this part of the range. */
static unsigned int in_use(const uint16_t ports[CONNECTIONS], uint16_t low, uint16_t high)
{
	unsigned int count = 0;
	int i;

	for (i = 0; i < CONNECTIONS; i++)
		count += ports[i] >= low && ports[i] <= high;
	return count;
}

static void must_have(struct tool *tool, uint32_t capacity, uint32_t used)
{
	json_t *destination = tool_wait_capacity(tool, SERVICE, capacity);

	tool_check(destination, "used", used);
	tool_check(destination, "usable", capacity - used);
}

/* As many as are said to be usable are found, and no more. */
static void must_find(const struct world *world, uint32_t usable)
{
	uint32_t found = 0;

	while (world_connect(&world->ends) >= 0)
		found++;
	if (found != usable)
		world_fail("connect() found %u ports, and not %u", found, usable);
}

void watched_changes(struct world *world, const struct tool_options *tcpdwell)
{
	uint16_t ports[CONNECTIONS];
	struct tool *tool;
	int i, bound;

	for (i = 0; i < CONNECTIONS; i++)
		ports[i] = world_local_port(world_connect(&world->ends));
	tool = tool_start(tcpdwell);
	must_have(tool, 200, CONNECTIONS);
	world_sysctl("ipv4/ip_local_port_range", "40100 40399");
	must_have(tool, 300, in_use(ports, 40100, 40399));
	world_sysctl("ipv4/ip_local_reserved_ports", "40150-40309,50000");
	must_have(tool, 140, in_use(ports, 40100, 40149));
	bound = world_bind("10.1.1.2", 40399, false, false);
	must_have(tool, 139, in_use(ports, 40100, 40149));
	close(bound);
	must_have(tool, 140, in_use(ports, 40100, 40149));
	world_sysctl("ipv4/ip_local_port_range", "40400 40419");
	must_have(tool, 20, 0);
	must_find(world, 20);
	tool_stop(tool);
}
