// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Help as tools/completion reads it too: a line an option. */
#include "options_help.h"

#include <stdio.h>

#include "command.h"

#define NAME_COLUMNS 28

/* printf's width counts bytes; "…" has three of them in one column. */
static int width_of(const char *text, int columns)
{
	for (; *text; text++)
		columns += (*text & 0xc0) == 0x80;
	return columns;
}

static void show_row(const struct option_row *row)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s", row->name, row->argument ? "=" : "", row->argument ?: "");
	if (row->letter)
		printf("  -%c, --%-*s %s\n", row->letter, width_of(name, NAME_COLUMNS), name, row->help);
	else
		printf("      --%-*s %s\n", width_of(name, NAME_COLUMNS), name, row->help);
}

/* Those of the command, under a title where there are any. */
static void show_rows(const struct command *command, const char *title, const struct option_row *row)
{
	for (; row->parse; row++) {
		if (!row->name || (row->commands && !(row->commands & command->common)))
			continue;
		if (title)
			printf("\n%s:\n", title);
		title = NULL;
		show_row(row);
	}
}

static void show_usage(const struct command *command)
{
	const char *arguments = command->arguments ?: "", *space = command->arguments ? " " : "";

	if (command->main) /* what it takes decides which options there are */
		printf("Usage: tcpdwell %s%s%s [OPTIONS]\n", command->name, space, arguments);
	else
		printf("Usage: tcpdwell %s [OPTIONS]%s%s\n", command->name, space, arguments);
}

void command_help(const struct command *command)
{
	static const struct option_row help = { "help", 'h', NULL, "show this" };
	const struct option_set *set;

	show_usage(command);
	printf("%s\n", command->description);
	if (command->own)
		printf("\nOptions:\n");
	for (set = command->own; set && set->rows; set++)
		show_rows(command, NULL, set->rows);
	printf("\nExamples:\n%s\n", command->examples);
	show_rows(command, "Which sockets", filter_rows);
	show_rows(command, "Run and output", common_rows);
	show_row(&help);
}
