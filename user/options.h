/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The command line as data: parsed once, then passed down as const. A command's own options, their defaults and their struct
 * are beside the command in its cmd_*.c; those that commands share are in options_common.c and options_grouping.c. Each option
 * is a row.
 */
#ifndef TCPDWELL_OPTIONS_H
#define TCPDWELL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/run.h"

struct command; /* command.h */

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct options {
	struct run_options run;
	bool json;
	unsigned int verbosity;
	enum color color;
	void *own; /* the command's own struct, which its cmd_*.c knows; NULL = it has none */
};

struct option_row;

/*
 * Takes a value over into the field that the row names; `text` is NULL where it takes none. 0, or -EINVAL with a sentence in
 * `error` that begins with the option and says what is accepted.
 */
typedef int option_parse(const struct option_row *row, void *field, const char *text, char *error, size_t error_size);

struct option_row {
	const char *name; /* without dashes; NULL: an argument by its place, in the order of the rows */
	char letter; /* 0 = none */
	const char *argument; /* the value's name in help, or the argument's own; NULL: it takes no value */
	const char *help;
	option_parse *parse;
	size_t field; /* offset in the struct of the set */
	uint64_t min, max; /* of numbers and choices */
	uint64_t unit; /* numbers are multiplied by it; 0 = 1 */
	const char *(*choice)(unsigned int value); /* names of choices */
	int (*filter)(struct filter *filter, const char *text, char *error, size_t error_size);
	unsigned int commands; /* of shared rows: enum common_options; 0 = every command */
};

/* Rows that fill in one struct. Ends with an empty row. */
struct option_set {
	const struct option_row *rows;
	size_t offset; /* of their struct in the command's own */
};

/* Which of the shared options a command takes. */
enum common_options {
	COMMON_LIVE = 1 << 0, /* a run on this machine: filters, hooks, sizes */
	COMMON_REPLAY = 1 << 1, /* of a recording in place of it: filters, -d */
	COMMON_JSON = 1 << 2,
	COMMON_HOOKS = 1 << 3, /* --hooks alone */
};

/* All that every command takes, filters first; their struct is struct options. */
extern const struct option_row filter_rows[], common_rows[];

/* What rows are made of: each fills in a field of the type that is named. */
option_parse option_flag; /* bool */
option_parse option_counter; /* unsigned int: how often it was given */
option_parse option_text; /* const char * */
option_parse option_folder; /* const char *: one that is there */
option_parse option_u32, option_u64; /* min to max, times unit */
option_parse option_choice; /* an enum: min to max, by their names */
option_parse option_seconds; /* double */
option_parse option_duration; /* uint64_t: ns, at least min */

/* The option as errors call it: "-d", "--by", "INTERVAL". */
const char *option_label(const struct option_row *row, char text[32]);

/*
 * Parses `argv` (argv[0] is the command's name) into *options. 0 to go on; EX_USAGE (64) after one line on standard
 * error; -1 when help was shown and the program is to end with 0. options_release() in any case.
 */
int options_parse(struct options *options, const struct command *command, int argc, char **argv);
void options_release(struct options *options);

/* Is one of these words --help, -h or -?: then help is shown, whatever else is wrong. argv[0] is the command's. */
bool options_ask_for_help(int argc, char **argv);

/* Should standard output be coloured? */
bool options_use_color(const struct options *options);

#endif
