// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Help within 80 columns. tools/completion reads it too: an option begins a line, what goes on is indented further. */
#include "options_help.h"

#include <stdio.h>
#include <string.h>

#include "command.h"

#define COLUMNS 80
#define NAME_COLUMNS 22

/* Columns of so many bytes: of a character beyond ASCII only the first byte counts. */
static int columns_of(const char *text, size_t size)
{
	int columns = 0;
	size_t i;

	for (i = 0; i < size; i++)
		columns += (text[i] & 0xc0) != 0x80;
	return columns;
}

/* Words from column `at` on; lines that follow begin at `indent`. Ends with a newline. */
static void show_words(const char *text, size_t size, int at, int indent)
{
	const char *end = text + size, *word, *next;
	bool first = true;

	for (word = text; word < end; word = next, first = false) {
		size_t length = strcspn(word, " \n");
		int columns;

		length = length < (size_t)(end - word) ? length : (size_t)(end - word);
		columns = columns_of(word, length);
		if (!first && at + 1 + columns > COLUMNS) {
			printf("\n%*s", indent, "");
			at = indent;
		} else if (!first) {
			printf(" ");
			at++;
		}
		printf("%.*s", (int)length, word);
		at += columns;
		next = word + length + (word + length < end);
	}
	printf("\n");
}

static void show_row(const struct option_row *row)
{
	int indent = 6 + 2 + NAME_COLUMNS + 1, columns;
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s", row->name, row->argument ? "=" : "", row->argument ?: "");
	if (row->letter)
		printf("  -%c, --%s", row->letter, name);
	else
		printf("      --%s", name);
	columns = columns_of(name, strlen(name));
	if (columns > NAME_COLUMNS)
		printf("\n%*s", indent, "");
	else
		printf("%*s", NAME_COLUMNS - columns + 1, "");
	show_words(row->help, strlen(row->help), indent, indent);
}

/* Sentences fill lines; lines that begin with a blank are tables, and stay as they are. */
static void show_description(const char *text)
{
	while (*text) {
		size_t size = strcspn(text, "\n"), line;

		if (*text == ' ') {
			printf("%.*s\n", (int)size, text);
		} else {
			while (text[size] && text[size + 1] != ' ') {
				line = strcspn(text + size + 1, "\n");
				size += 1 + line;
			}
			show_words(text, size, 0, 0);
		}
		text += size + (text[size] == '\n');
	}
}

/* One a line. Where it is longer with what it is for behind it, that comes above it. */
static void show_examples(const char *text)
{
	while (*text) {
		size_t size = strcspn(text, "\n");
		const char *note = memmem(text, size, "  # ", 4);

		if (columns_of(text, size) > COLUMNS && note) {
			size_t command = note - text;

			printf("  %.*s\n", (int)(size - command - 2), note + 2);
			while (command && text[command - 1] == ' ')
				command--;
			printf("%.*s\n", (int)command, text);
		} else {
			printf("%.*s\n", (int)size, text);
		}
		text += size + (text[size] == '\n');
	}
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
	char usage[256];

	if (command->main) /* what it takes decides which options there are */
		snprintf(usage, sizeof(usage), "Usage: tcpdwell %s%s%s [OPTIONS]", command->name, space, arguments);
	else
		snprintf(usage, sizeof(usage), "Usage: tcpdwell %s [OPTIONS]%s%s", command->name, space, arguments);
	show_words(usage, strlen(usage), 0, strlen("Usage: tcpdwell "));
}

void command_help(const struct command *command)
{
	static const struct option_row help = { "help", 'h', NULL, "show this" };
	const struct option_set *set;

	show_usage(command);
	show_description(command->description);
	if (command->own)
		printf("\nOptions:\n");
	for (set = command->own; set && set->rows; set++)
		show_rows(command, NULL, set->rows);
	printf("\nExamples:\n");
	show_examples(command->examples);
	show_rows(command, "Which sockets", filter_rows);
	show_rows(command, "Run and output", common_rows);
	show_row(&help);
}
