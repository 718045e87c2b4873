// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From words to a command's options: getopt_long() finds them, their rows take them over. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "attach/kernel.h"
#include "attach/limits.h"
#include "command.h"
#include "options_help.h"
#include "util/failure.h"
#include "util/log.h"

#define ROWS_MAX 64
#define HELP_KEY 'h'
#define LONG_KEY 0x100 /* of a row without a letter: LONG_KEY + its number */

/* The rows that a command takes, and the structs that they fill in. */
struct parsing {
	const struct command *command;
	const struct option_row *rows[ROWS_MAX];
	void *structs[ROWS_MAX];
	size_t count;
	char letters[2 * ROWS_MAX + 3];
	struct option words[ROWS_MAX + 2];
	char error[256];
};

static void add_rows(struct parsing *parsing, const struct option_row *row, void *into)
{
	for (; row->parse && parsing->count < ROWS_MAX; row++) {
		if (row->commands && !(row->commands & parsing->command->common))
			continue;
		parsing->rows[parsing->count] = row;
		parsing->structs[parsing->count++] = into;
	}
}

static void parsing_init(struct parsing *parsing, const struct command *command, struct options *options)
{
	const struct option_set *set;

	memset(parsing, 0, sizeof(*parsing));
	parsing->command = command;
	for (set = command->own; set && set->rows; set++)
		add_rows(parsing, set->rows, (char *)options->own + set->offset);
	add_rows(parsing, filter_rows, options);
	add_rows(parsing, common_rows, options);
}

/* The tables that getopt_long() wants. A colon first: it tells a missing value from an unknown option. */
static void make_tables(struct parsing *parsing)
{
	struct option *word = parsing->words;
	char *letter = parsing->letters;
	size_t i;

	*letter++ = ':';
	*letter++ = HELP_KEY;
	*word++ = (struct option){ "help", no_argument, NULL, HELP_KEY };
	for (i = 0; i < parsing->count; i++) {
		const struct option_row *row = parsing->rows[i];

		if (!row->name)
			continue;
		*word++ = (struct option){ row->name, row->argument ? required_argument : no_argument, NULL, LONG_KEY + i };
		if (row->letter)
			*letter++ = row->letter;
		if (row->letter && row->argument)
			*letter++ = ':';
	}
}

static const struct option_row *row_of_key(const struct parsing *parsing, int key, size_t *ret_index)
{
	size_t i;

	for (i = 0; i < parsing->count; i++) {
		if (key != LONG_KEY + (int)i && !(parsing->rows[i]->letter && key == parsing->rows[i]->letter))
			continue;
		*ret_index = i;
		return parsing->rows[i];
	}
	return NULL;
}

static int take(struct parsing *parsing, size_t index, const char *text)
{
	const struct option_row *row = parsing->rows[index];

	return row->parse(row, (char *)parsing->structs[index] + row->field, text, parsing->error, sizeof(parsing->error));
}

/* Options whose name begins with the word, as a list; how many there are. */
static unsigned int beginning_with(const struct parsing *parsing, const char *word, char *list, size_t size)
{
	unsigned int found = 0;
	size_t i, used = 0;

	for (i = 0; i < parsing->count; i++) {
		const char *name = parsing->rows[i]->name;

		if (!name || strncmp(name, word, strlen(word)))
			continue;
		used += snprintf(list + used, used < size ? size - used : 0, "%s--%s", found++ ? ", " : "", name);
	}
	return found;
}

/* getopt_long() does not know the option: `word` as it was given. */
static int unknown_option(struct parsing *parsing, const char *word)
{
	int size = strcspn(word, "=");
	char name[64], list[160] = "";

	snprintf(name, sizeof(name), "%.*s", size, word);
	if (!optopt && name[0] && name[1] && beginning_with(parsing, name + 2, list, sizeof(list)) > 1)
		return fail(parsing->error, sizeof(parsing->error), "%s: it could be %s", name, list);
	if (optopt && optopt < LONG_KEY)
		snprintf(name, sizeof(name), "-%c", optopt);
	if (parsing->command->view_new && (!strcmp(name, "--since") || !strcmp(name, "--until") || !strcmp(name, "--at")))
		return fail(parsing->error, sizeof(parsing->error), "%s: is for recordings: tcpdwell report FILE|DIR %s %s=TIME", name,
			    parsing->command->name, name);
	return fail(parsing->error, sizeof(parsing->error), "%s: tcpdwell %s has no such option; tcpdwell %s --help lists them", name,
		    parsing->command->name, parsing->command->name);
}

static int refused(struct parsing *parsing, int key, const char *word)
{
	const struct option_row *row;
	size_t index;

	row = optopt ? row_of_key(parsing, optopt, &index) : NULL;
	if (!row)
		return unknown_option(parsing, word);
	if (key != ':')
		return fail(parsing->error, sizeof(parsing->error), "--%s: it takes no value", row->name);
	if (optopt < LONG_KEY)
		return fail(parsing->error, sizeof(parsing->error), "-%c: its value is missing; give -%c %s (%s)", optopt, optopt,
			    row->argument, row->help);
	return fail(parsing->error, sizeof(parsing->error), "--%s: its value is missing; give --%s=%s (%s)", row->name, row->name,
		    row->argument, row->help);
}

/* 1: help is asked for. */
static int parse_words(struct parsing *parsing, int argc, char **argv)
{
	size_t index = 0;
	int key, err;

	optind = 0;
	opterr = 0;
	while ((key = getopt_long(argc, argv, parsing->letters, parsing->words, NULL)) != -1) {
		if (key == '?' || key == ':')
			return refused(parsing, key, argv[optind - 1]);
		if (key == HELP_KEY)
			return 1;
		row_of_key(parsing, key, &index);
		err = take(parsing, index, optarg);
		if (err)
			return err;
	}
	return 0;
}

/* What is left: arguments by their place. */
static int parse_arguments(struct parsing *parsing, int argc, char **argv)
{
	int at = optind, err;
	size_t i;

	for (i = 0; i < parsing->count && at < argc; i++) {
		if (parsing->rows[i]->name)
			continue;
		err = take(parsing, i, argv[at++]);
		if (err)
			return err;
	}
	if (at < argc)
		return fail(parsing->error, sizeof(parsing->error), "\"%s\" is one argument too many; give tcpdwell %s [OPTIONS]%s%s",
			    argv[at], parsing->command->name, parsing->command->arguments ? " " : "",
			    parsing->command->arguments ?: "");
	return 0;
}

static int options_init(struct options *options, const struct command *command)
{
	memset(options, 0, sizeof(*options));
	run_options_init(&options->run);
	options->run.filter.recorded = command->common & COMMON_REPLAY;
	if (!command->own_size)
		return 0;
	options->own = malloc(command->own_size);
	if (!options->own)
		return -ENOMEM;
	memcpy(options->own, command->own_defaults, command->own_size);
	return 0;
}

void options_release(struct options *options)
{
	free(options->own);
	options->own = NULL;
}

/* What follows from several options together, or from the environment. */
static void conclude(struct options *options, const struct command *command)
{
	const char *no_color = getenv("NO_COLOR");

	options->run.for_programs = options->json;
	if (command->common & COMMON_LIVE)
		filter_own_netns(&options->run.filter, !kernel_own_pid_namespace());
	if (no_color && *no_color && options->color == COLOR_AUTO)
		options->color = COLOR_NEVER;
}

bool options_ask_for_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h") || !strcmp(argv[i], "-?"))
			return true;
	return false;
}

/* What would be without effect is refused: it was given for a reason. */
static int check_source(const struct run_options *run, char *error, size_t error_size)
{
	if (run->polls && run->hooks != HOOK_MODE_ANY)
		return fail(error, error_size, "--hooks: there are none with --no-bpf; give one of them");
	if (run->polls && run->ring_bytes)
		return fail(error, error_size, "--ring-size: there is no ring buffer with --no-bpf; give one of them");
	return 0;
}

int options_parse(struct options *options, const struct command *command, int argc, char **argv)
{
	struct parsing parsing;
	int err;

	if (options_init(options, command)) {
		limits_out_of_memory(parsing.error, sizeof(parsing.error));
		log_error("%s", parsing.error);
		return EXIT_FAILED;
	}
	parsing_init(&parsing, command, options);
	make_tables(&parsing);
	err = options_ask_for_help(argc, argv) ? 1 : parse_words(&parsing, argc, argv);
	if (err > 0) {
		command_help(command);
		return -1;
	}
	if (err || parse_arguments(&parsing, argc, argv) || check_source(&options->run, parsing.error, sizeof(parsing.error)) ||
	    filter_check(&options->run.filter, parsing.error, sizeof(parsing.error))) {
		log_error("%s", parsing.error);
		return EX_USAGE;
	}
	conclude(options, command);
	return command->options_check && !command->options_check(options) ? EX_USAGE : 0;
}

bool options_use_color(const struct options *options)
{
	return options->color == COLOR_AUTO ? isatty(STDOUT_FILENO) : options->color == COLOR_ALWAYS;
}
