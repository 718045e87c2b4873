/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Runs tcpdwell beside a test: its output goes to memory files, so the test never slows it down, and is read
 * from there line by line.
 */
#ifndef SCENARIOS_TOOL_H
#define SCENARIOS_TOOL_H

#include "stream.h"

#include <sys/types.h>

struct tool_config {
	const char *path;
	const char *hooks; /* NULL: tcpdwell's own choice */
};

struct tool {
	pid_t pid;
	int out, err; /* memory files */
	off_t read_to;
	struct stream stream;
};

/* Starts `PATH trace -j [--hooks=…] ARGS…` (ARGS ends with NULL). -errno on failure. */
int tool_start(struct tool *t, const struct tool_config *config, const char *const *args);
/* Reads what came since. */
void tool_poll(struct tool *t);
/* True once the header is there: everything is attached. False after `ms` or when it ended. */
bool tool_wait_header(struct tool *t, int ms);
/* Sends a signal and reads the rest; its exit status, -1 when the signal itself or 20 s ended it. */
int tool_stop(struct tool *t, int signal);
/* What it wrote to stderr; a static buffer. */
const char *tool_stderr(const struct tool *t);
void tool_free(struct tool *t);

#endif
