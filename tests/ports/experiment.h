/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An experiment: a namespace is made as told, its limit is computed, then connect() or bind() goes on until it fails. */
#ifndef TESTS_PORTS_EXPERIMENT_H
#define TESTS_PORTS_EXPERIMENT_H

#include "tool.h"
#include "world.h"

struct experiment {
	const char *name;
	const char *range, *reserved;
	struct ends ends; /* local NULL and remote NULL: 127.0.0.1 */
	void (*prepare)(struct world *world); /* makes sockets and notes what they do to ports; NULL: none */
	void (*watched)(struct world *world, const struct tool_options *tcpdwell); /* in place of all else, and only with tcpdwell; NULL: no */
	bool binds; /* bind(ends.local, 0) is tried, and not connect() */
	bool large; /* takes long: only when it is asked for */
	bool knee; /* connect() must take much longer behind the cliff; not looked at on an emulated machine */
};

struct run_options {
	bool timed; /* the machine is not emulated */
	struct tool_options tcpdwell; /* that is to say the same beforehand; path NULL: it is not asked */
};

extern const struct experiment experiments[]; /* name NULL ends it */

/*
 * In a process of its own, which ends with 1 when it fails. Prints "!REASON" then, "~REASON" where this kernel can't do it, and
 * figures behind "#".
 */
void experiment_run(const struct experiment *experiment, const struct run_options *options);

#endif
