// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Hostile recordings. The first byte chooses the view and how large the reads are, the rest is the file. What is looked for
 * is found by the sanitizers: crashes, undefined behaviour, leaks, endless loops.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "recording/recording.h"

struct memory {
	const uint8_t *data;
	size_t size, at_once;
};

const struct fuzz_variant fuzz_variants[FUZZ_VARIANTS] = {
	{ &command_trace },
	{ &command_trace, { "--all", "-j" } },
	{ &command_trace, { "--all", "-w", "-t" } },
	{ &command_trace, { "-p1", "--state=CLOSE_WAIT" } },
	{ &command_top },
	{ &command_top, { "--by=remote", "--max-rows=2", "1" } },
	{ &command_top, { "--by=container", "-j", "-d3", "1" } },
	{ &command_hist },
	{ &command_hist, { "--by=remote", "--max-rows=2", "1" } },
	{ &command_hist, { "--by=container", "-j", "-d3", "1" } },
	{ &command_leaks },
	{ &command_leaks, { "-j" } },
	{ &command_leaks, { "-p1", "--state=CLOSE_WAIT", "--older-than=0" } },
	{ &command_ports },
	{ &command_diagnose },
};

static long read_memory(void *context, void *buffer, size_t size)
{
	struct memory *memory = context;

	if (size > memory->at_once)
		size = memory->at_once;
	if (size > memory->size)
		size = memory->size;
	memcpy(buffer, memory->data, size);
	memory->data += size;
	memory->size -= size;
	return size;
}

void fuzz_options(struct options *options, const struct command *command, const char *const *words)
{
	char copies[7][32], *argv[8] = { copies[0] };
	int argc = 1;

	strcpy(copies[0], command->name);
	for (; *words; words++) {
		snprintf(copies[argc], sizeof(copies[argc]), "%s", *words);
		argv[argc] = copies[argc];
		argc++;
	}
	if (options_parse(options, command, argc, argv))
		abort();
}

static void replay(const struct fuzz_variant *variant, struct memory *memory, int sink)
{
	struct command command = command_recorded(variant->command, variant->command->name);
	struct recording_findings findings;
	struct run_needs needs = {};
	struct options options;
	struct output output;
	struct view *view;
	char error[256];

	fuzz_options(&options, &command, variant->words);
	output_init(&output, sink);
	command.view_needs(&options, &needs);
	view = command.view_new(&options, &output);
	if (view)
		recording_replay(read_memory, memory, &options.run, &needs, view, &findings, error, sizeof(error));
	command.view_free(view);
	output_release(&output);
	options_release(&options);
}

int fuzz_recording(const uint8_t *data, size_t size)
{
	struct memory memory = { .at_once = 1 << 20 };

	if (!size)
		return 0;
	memory.data = data + 1;
	memory.size = size - 1;
	if (data[0] & 0x80)
		memory.at_once = 7;
	replay(&fuzz_variants[(data[0] & 0x7f) % FUZZ_VARIANTS], &memory, fuzz_sink());
	return 0;
}
