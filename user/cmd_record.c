// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell record: the whole run into a file, for `report`. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "recording/recording.h"
#include "command.h"
#include "event/summary.h"
#include "util/log.h"
#include "util/text.h"

/* Compressing takes longer than the kernel side takes to tell: room for a burst of 180,000 transitions. */
#define RING_BYTES (32 << 20)

/* The recording's own view, and the totals on standard output at the end. */
struct record_view {
	struct view view;
	struct view *recording;
	uint64_t begin_ns;
	char summary[1024];
};

static int record_begin(struct view *view, const struct run *run)
{
	struct record_view *record = (struct record_view *)view;

	record->begin_ns = run->begin_ns;
	return record->recording->begin(record->recording, run);
}

static int record_event(struct view *view, const struct event *event)
{
	struct view *recording = ((struct record_view *)view)->recording;

	return recording->event(recording, event);
}

static int record_recount(struct view *view, bool begins)
{
	struct view *recording = ((struct record_view *)view)->recording;

	return recording->recount(recording, begins);
}

static int record_tick(struct view *view, const struct tick *tick)
{
	struct view *recording = ((struct record_view *)view)->recording;

	return recording->tick(recording, tick);
}

static int record_end(struct view *view, const struct tick *last)
{
	struct record_view *record = (struct record_view *)view;

	summary_text(record->summary, sizeof(record->summary), last, record->begin_ns);
	return record->recording->end(record->recording, last);
}

static int show_summary(const struct record_view *record, const char *path)
{
	struct recording_files files = recording_view_files(record->recording);
	struct output output;
	char size[TEXT_NUMBER], first[16] = "";
	int err;

	text_bytes(size, files.bytes);
	if (files.first)
		snprintf(first, sizeof(first), ".%u", files.first);
	output_init(&output, STDOUT_FILENO);
	output_string(&output, record->summary + (record->summary[0] == '\n'));
	if (files.first == files.last)
		output_printf(&output, "%s in %s%s\n", size, path, first);
	else
		output_printf(&output, "%s in %u files, %s%s to %s.%u\n", size, files.last - files.first + 1, path, first, path,
			      files.last);
	err = output_flush(&output);
	output_release(&output);
	return err;
}

static bool record_options_check(const struct options *options)
{
	if (!options->file || !*options->file)
		log_error("record needs a file to write to: tcpdwell record -o FILE");
	else if (!strcmp(options->file, "-"))
		log_error("-o -: a recording is compressed and needs a file; for a stream use tcpdwell trace --all -j");
	else if (options->keep_files && !options->max_bytes)
		log_error("--keep: there is one file only unless --max-size begins new ones");
	else
		return true;
	return false;
}

static int record_result(const struct record_view *record, const struct options *options, int err, const char *error)
{
	const char *write_error = recording_view_error(record->recording);

	if (!err)
		return run_result(show_summary(record, options->file), "");
	if (!write_error[0])
		return run_result(err, error);
	log_error("%s", write_error);
	return EXIT_FAILED;
}

static int record_run(const struct options *options)
{
	struct run_needs needs = { .emit_states = ~0U, .track_all = true, .writes_files = true };
	struct record_view record = { .view = { record_begin, record_event, record_recount, record_tick, record_end } };
	struct recording_config config = { options->file, options->max_bytes, options->keep_files };
	struct run_options roomy = options->run;
	char error[512];
	int err, code;

	record.recording = recording_view_new(&config);
	if (!record.recording)
		return run_result(-ENOMEM, "");
	roomy.ring_bytes = roomy.ring_bytes ?: RING_BYTES;
	err = machine_run(&roomy, &needs, &record.view, error, sizeof(error));
	code = record_result(&record, options, err, error);
	recording_view_free(record.recording);
	return code;
}

const struct command command_record = {
	.name = "record",
	.summary = "write every transition to a file, for report",
	.arguments = "-o FILE",
	.description = "Writes all that happens to a file until Ctrl-C or for -d SECONDS: JSON lines, compressed with gzip, which\n"
		       "tcpdwell report shows as trace, top, hist or leaks would have, on any machine and without root.\n"
		       "An earlier recording of that name is overwritten, any other file is not. With --max-size MIB the recording\n"
		       "goes on in FILE.1, FILE.2, …; each can be read alone, and together: cat FILE FILE.1 | tcpdwell report -\n"
		       "A crash loses less than a second. All states are recorded, whatever --state says. 32 MiB of memory are\n"
		       "for bursts (--ring-size).",
	.examples = "  tcpdwell record -o friday.rec                       # until Ctrl-C\n"
		    "  tcpdwell record -o friday.rec -d 1h -p 4711         # one process, for an hour\n"
		    "  tcpdwell record -o friday.rec --max-size 100        # friday.rec.1 after 100 MiB, and so on\n"
		    "  zcat friday.rec | jq 'select(.new_state == \"CLOSE_WAIT\")'",
	.option_groups = OPTIONS_TRACING | OPTIONS_RECORD,
	.options_check = record_options_check,
	.run = record_run,
};
