/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The commands, each in its cmd_NAME.c. The table is in main.c. */
#ifndef TCPDWELL_COMMAND_H
#define TCPDWELL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "event/event.h"
#include "options.h"
#include "util/output.h"

enum {
	EXIT_FINE = 0,
	EXIT_FAILED = 1,
	EXIT_FINDINGS = 3,
	EXIT_USAGE = 64,
	EXIT_PRIVILEGE = 77,
};

/* Does a text end with a line that names the findings that apply? */
enum names_findings {
	NAMES_NO_FINDINGS,
	NAMES_PRESENT_FINDINGS, /* those that show without all transitions */
	NAMES_ALL_FINDINGS,
};

struct command {
	const char *name;
	const char *summary; /* one line for the list of commands */
	const char *arguments; /* behind the options, as in help; NULL = none */
	const char *description; /* paragraphs for its own help */
	const char *examples; /* lines for its own help */
	const struct option_set *own; /* its own options; ends with an empty set. NULL: it has none */
	const void *own_defaults; /* of the struct that they fill in, options->own */
	size_t own_size;
	unsigned int common; /* enum common_options */
	bool (*options_check)(const struct options *options); /* false after a line on standard error; NULL: any will do */
	int (*run)(const struct options *options); /* returns the exit code; NULL: command_show() of a live run */
	int (*main)(int argc, char **argv); /* takes the arguments itself, argv[0] is its name; returns the exit code */

	/* How it shows events, of a live run and of a recording alike (`report FILE NAME`). view_new NULL: it does not. */
	struct view *(*view_new)(const struct options *options, struct output *output); /* NULL: no memory */
	void (*view_free)(struct view *view); /* accepts NULL */
	void (*view_needs)(const struct options *options, struct run_needs *needs); /* *needs is all zero before */
	enum names_findings names_findings; /* of a live run, in text */
	int (*view_exit)(const struct options *options, const struct view *view); /* the exit code after a run without error; NULL: always EXIT_FINE */
};

/* The source of this machine: the kernel side, or polling where the options say so. */
run_source machine_run;

/* What a view that shows findings needs of its source. */
void findings_needs(struct run_needs *needs);

/* Parses the arguments and runs the command on this machine. Returns the exit code. */
int command_run(const struct command *command, int argc, char **argv);

/* Shows what the source tells with the command's own view on standard output. Returns the exit code. */
int command_show(const struct command *command, const struct options *options, run_source *source);

extern const struct command command_trace, command_top, command_hist, command_leaks, command_ports, command_diagnose, command_record, command_report, command_agent, command_bundle, command_check;

/* Where ports was asked for no interval. */
void ports_default_interval(struct options *options, uint64_t interval_ns);

/* The command as `report FILE NAME`: called `name`, over a recording in place of a live run. */
struct command command_recorded(const struct command *view, const char *name);

/*
 * Ends a command: says what went wrong and returns the exit code. `err` is 0 or negative errno; `error` a sentence, "" for
 * an error of output. A closed pipe is no error.
 */
int run_result(int err, const char *error);

#endif
