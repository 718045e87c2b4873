/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command line as data. Parsed once, then passed down as const. */
#ifndef TCPDWELL_OPTIONS_H
#define TCPDWELL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "account/group.h"
#include "source/run.h"

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct options {
	struct run_options run;
	bool json, wide, time, all, batch;
	int verbosity;
	enum color color;

	enum group_key group; /* --by */
	const char *sort; /* -s, NULL = the command's default */
	uint32_t max_rows; /* --max-rows: groups kept apart; 0 = default */
	uint32_t rows; /* -r: rows shown; 0 = default */
	double interval; /* seconds; 0 = the command's default */
	uint64_t count; /* intervals; 0 = no end */
	uint64_t older_than_ns; /* leaks --older-than */
	uint64_t fail_on; /* leaks --fail-on; UINT64_MAX = not given */
	const char *file; /* record -o */
	uint64_t max_bytes; /* record --max-size; 0 = no limit */
	uint32_t keep_files; /* record --keep; 0 = all */
};

/* Groups of options: a command takes those it names. */
enum option_group {
	OPTIONS_TRACING = 1 << 0, /* filters, hooks, -d, --no-bpf: a live run */
	OPTIONS_JSON = 1 << 1, /* -j */
	OPTIONS_TRACE = 1 << 2, /* --all -t -w */
	OPTIONS_GROUPS = 1 << 3, /* --by -s -r --max-rows INTERVAL COUNT */
	OPTIONS_BATCH = 1 << 4, /* -b */
	OPTIONS_LEAKS = 1 << 5, /* --older-than --fail-on */
	OPTIONS_RECORD = 1 << 6, /* -o --max-size */
	OPTIONS_REPORT = 1 << 7, /* filters, -d: of a recording, in place of OPTIONS_TRACING */
	OPTIONS_HOOKS = 1 << 8, /* --hooks alone */
};

struct command; /* command.h */

/*
 * Parses `argv` (argv[0] is the command's name) into *options. 0 to go on; EX_USAGE (64) after one line on standard
 * error; -1 when help was shown and the program is to end with 0.
 */
int options_parse(struct options *options, const struct command *command, int argc, char **argv);

/* Should standard output be coloured? */
bool options_use_color(const struct options *options);

/* As options_parse() would leave it without any option. */
void options_init(struct options *options);

#endif
