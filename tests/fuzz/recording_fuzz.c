// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Hostile recordings. The first byte chooses the view and how large the reads are, the rest is the file. What is looked for
 * is found by the sanitizers: crashes, undefined behaviour, leaks, endless loops.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "recording/recording.h"
#include "command.h"

struct memory {
	const uint8_t *data;
	size_t size, at_once;
};

struct variant {
	const struct command *command;
	void (*set)(struct options *options);
};

static void set_nothing(struct options *options)
{
	(void)options;
}

static void set_json(struct options *options)
{
	options->json = true;
	options->all = true;
}

static void set_wide(struct options *options)
{
	options->all = options->wide = options->time = true;
}

static void set_interval(struct options *options)
{
	options->interval = 1;
	options->group = GROUP_REMOTE;
	options->max_rows = 2;
}

static void set_json_interval(struct options *options)
{
	options->interval = 1;
	options->json = true;
	options->group = GROUP_CONTAINER;
	options->run.seconds = 3;
}

static void set_filter(struct options *options)
{
	options->run.filter.pids[0] = 1;
	options->run.filter.n_pids = 1;
	options->run.filter.state_mask = 1 << 8;
	options->older_than_ns = 0;
}

static const struct variant variants[] = {
	{ &command_trace, set_nothing },  { &command_trace, set_json },	    { &command_trace, set_wide },
	{ &command_trace, set_filter },	  { &command_top, set_nothing },    { &command_top, set_interval },
	{ &command_top, set_json_interval }, { &command_hist, set_nothing }, { &command_hist, set_interval },
	{ &command_hist, set_json_interval }, { &command_leaks, set_nothing }, { &command_leaks, set_json },
	{ &command_leaks, set_filter },
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

static void replay(const struct variant *variant, struct memory *memory, int sink)
{
	struct recording_findings findings;
	struct run_needs needs = {};
	struct options options;
	struct output output;
	struct view *view;
	char error[256];

	options_init(&options);
	options.run.filter.recorded = options.batch = true;
	variant->set(&options);
	output_init(&output, sink);
	variant->command->view_needs(&options, &needs);
	view = variant->command->view_new(&options, &output);
	if (view)
		recording_replay(read_memory, memory, &options.run, &needs, view, &findings, error, sizeof(error));
	variant->command->view_free(view);
	output_release(&output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int sink = -1;
	struct memory memory = { .at_once = 1 << 20 };

	if (!size)
		return 0;
	if (sink < 0)
		sink = open("/dev/null", O_WRONLY | O_CLOEXEC);
	memory.data = data + 1;
	memory.size = size - 1;
	if (data[0] & 0x80)
		memory.at_once = 7;
	replay(&variants[(data[0] & 0x7f) % (sizeof(variants) / sizeof(variants[0]))], &memory, sink);
	return 0;
}
