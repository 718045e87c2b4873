/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What tcpdwell says of this namespace's ports at this moment. */
#ifndef TESTS_PORTS_TOOL_H
#define TESTS_PORTS_TOOL_H

#include <jansson.h>

#include "world.h"

struct tool_options {
	const char *path; /* of tcpdwell */
	const char *hooks; /* --hooks; NULL: its choice */
	bool polls; /* without BPF */
};

/* Runs `PATH ports -j -n self 0.05 2`, with --no-bpf where it polls. The objects of its last picture, as an array. */
json_t *tool_ports(const struct tool_options *options);

/*
 * Runs `PATH ports -j -n self` beside us so that it sees bind() fail, with --bind-failures where no function is hooked. It attends
 * when this returns, and has said that it sees bind() by the hook that the mode has for it.
 */
struct tool *tool_start(const struct tool_options *options);

/* Until it says of bind() to this port why it fails, and how many sockets have the port. */
void tool_wait_bind(struct tool *tool, uint16_t port, const char *reason, long long count);

/* Until it says that the destination with this port has so many ports in all. Its object. */
json_t *tool_wait_capacity(struct tool *tool, uint16_t remote_port, long long capacity);

/* Ends it. The objects of its last picture; those that it said before are not among them. */
json_t *tool_stop(struct tool *tool);

/*
 * Until a picture is as `is_right` wants it, which is asked of each that is complete: its objects. Ends the process, and shows the last
 * one, when none comes for two minutes.
 */
json_t *tool_wait_picture(struct tool *tool, bool (*is_right)(json_t *objects));

/* What it says a remedy makes of the destination: ports. */
long long tool_promised(json_t *destination, const char *change);

/* The object of this type whose remote_port (0: any) and local_addr (NULL: any) are these; NULL: there is none. */
json_t *tool_find(json_t *objects, const char *type, uint16_t remote_port, const char *local_addr);

/* The same, of a destination whose sockets are bound to the interface with this index; 0: to none. */
json_t *tool_find_bound(json_t *objects, uint16_t remote_port, const char *local_addr, unsigned int device);

/* Ends the process with a reason where a number is not what it should be. */
void tool_check(json_t *object, const char *key, long long wanted);

#endif
