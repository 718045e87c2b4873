// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Command lines: words that end with a line feed. The first byte chooses the command. Devices are not opened by chance. */
#include "fuzz.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 24

static const struct command *const commands[] = { &command_trace, &command_top,   &command_hist,     &command_leaks, &command_ports,
						  &command_record, &command_check, &command_diagnose, &command_agent };

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int split(char *text, char **words)
{
	char *save, *word;
	int count = 1;

	for (word = strtok_r(text, "\n", &save); word && count < WORDS_MAX; word = strtok_r(NULL, "\n", &save))
		words[count++] = word;
	words[count] = NULL;
	return count;
}

int fuzz_options_line(const uint8_t *data, size_t size)
{
	char name[32], *words[WORDS_MAX + 1] = { name }, *text;
	const struct command *command;
	struct options options;

	if (!size || memmem(data, size, "/dev", 4))
		return 0;
	command = commands[data[0] % COMMANDS];
	strcpy(name, command->name);
	text = strndup((const char *)data + 1, size - 1);
	if (!text)
		abort();
	optind = 0;
	options_parse(&options, command, split(text, words), words);
	options_release(&options);
	free(text);
	return 0;
}
