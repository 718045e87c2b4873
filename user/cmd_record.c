// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell record: the whole run into a file, for `report`. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach/host.h"
#include "attach/privileges.h"
#include "recording/recording.h"
#include "recording/series.h"
#include "command.h"
#include "event/summary.h"
#include "source/views.h"
#include "util/log.h"
#include "util/text.h"

/* Compressing takes longer than the kernel side takes to tell: room for a burst of 180,000 transitions. */
#define RING_BYTES (32 << 20)

#define PATIENCE 4 /* no look at all sockets, holders or namespaces takes more than a quarter of a hundredth of a processor */

#define FIELD(member) offsetof(struct recording_config, member)

static const struct recording_config record_defaults;

static const struct option_row record_rows[] = {
	{ "output", 'o', "FILE", "write to this new file; a folder gets one with the date", option_text, FIELD(file) },
	{ "max-size", 0, "MIB", "begin a new file when this size is reached", option_u64, FIELD(max_bytes), 1, 1 << 20, 1 << 20 },
	{ "keep", 0, "FILES", "remove the oldest recordings of that name beyond so many", option_u32, FIELD(keep_files), 1,
	  1 << 20 },
	{ "cmdline", 0, NULL, "command lines of the processes too (they can hold secrets)", option_flag, FIELD(cmdline) },
	{ "ports", 0, NULL, "settings and searches of local ports too, for report FILE ports", option_flag, FIELD(ports) },
	{ "accepts", 0, NULL, "how long connections wait for accept(), for report FILE hist --of accept", option_flag, FIELD(accepts) },
	{},
};

static const struct option_set record_options[] = { { record_rows }, {} };

/* The totals, for standard output when the file is complete. */
struct totals_view {
	struct view view;
	uint64_t begin_ns;
	char text[1024];
};

static int totals_begin(struct view *view, const struct run *run)
{
	((struct totals_view *)view)->begin_ns = run->begin_ns;
	return 0;
}

static int totals_end(struct view *view, const struct tick *last)
{
	struct totals_view *totals = (struct totals_view *)view;

	summary_text(totals->text, sizeof(totals->text), last, totals->begin_ns);
	return 0;
}

static int show_summary(const struct totals_view *totals, const struct view *recording)
{
	char files[2 * PATH_MAX + 64];
	struct output output;
	int err;

	recording_view_describe(recording, files, sizeof(files));
	output_init(&output, STDOUT_FILENO);
	output_string(&output, totals->text + (totals->text[0] == '\n'));
	output_printf(&output, "%s\n", files);
	err = output_flush(&output);
	output_release(&output);
	return err;
}

static bool record_options_check(const struct options *options)
{
	const struct recording_config *own = options->own;

	if (!own->file || !*own->file)
		log_error("record needs a file to write to: tcpdwell record -o FILE");
	else if (!strcmp(own->file, "-"))
		log_error("-o -: a recording is compressed and needs a file; for a stream use tcpdwell trace --all -j");
	else if (own->keep_files && !own->max_bytes && !recording_series_is_folder(own->file))
		log_error("--keep: give --max-size too, or a folder with -o; else there is one file only");
	else
		return true;
	return false;
}

static int failure(const struct view *recording, int err, const char *error)
{
	const char *write_error = recording_view_error(recording);

	if (!write_error[0])
		return run_result(err, error);
	log_error("%s", write_error);
	return EXIT_FAILED;
}

/* The file leads: without it there is nothing to go on for. */
static int run_views(const struct run_options *options, const struct recording_config *config, struct view *recording, struct view *totals, char *error,
		     size_t error_size)
{
	struct run_needs all = { .emit_states = ~0U, .track_all = true, .holder_states = ~0U, .local_ports = true, .writes_files = true }, none = {};
	struct views views;

	all.ports = all.port_search = config->ports;
	all.accepts = config->accepts;
	all.present = all.namespaces = all.namespace_settings = true;
	all.bind_failures = config->ports ? BIND_FAILURES_WHERE_FREE : BIND_FAILURES_NEVER;
	views_init(&views, NULL, NULL);
	views_add(&views, recording, "recording", &all, true);
	views_add(&views, totals, "totals", &none, false);
	all = views_needs(&views);
	return machine_run(options, &all, &views.view, error, error_size);
}

/* Who may not trace is told so, rather than that he may not write there. Returns the exit code. */
static int refused_file(const struct run_options *options, int err, const char *error)
{
	struct kernel kernel = {};
	char reason[512];
	bool may_trace;

	privileges_raise();
	may_trace = options->polls || kernel_probe(&kernel, reason, sizeof(reason)) ||
		    host_check(&kernel, reason, sizeof(reason)) != -EPERM;
	kernel_release(&kernel);
	return may_trace ? run_result(err, error) : run_result(-EPERM, reason);
}

static int record_run(const struct options *options)
{
	struct recording_config config = *(const struct recording_config *)options->own;
	struct totals_view totals = { .view = { .begin = totals_begin, .end = totals_end } };
	struct run_options roomy = options->run;
	struct view *recording;
	char error[768] = "";
	int err, code = EXIT_FINE;

	config.wait_seconds = options->run.seconds;
	config.filter = filter_digest(&options->run.filter);
	err = recording_view_new(&recording, &config, error, sizeof(error));
	if (err == -EPERM || err == -EACCES)
		return refused_file(&options->run, -EACCES, error);
	if (err)
		return run_result(err, error);
	roomy.ring_bytes = roomy.ring_bytes ?: RING_BYTES;
	roomy.patience = PATIENCE;
	err = run_views(&roomy, &config, recording, &totals.view, error, sizeof(error));
	if (err)
		code = failure(recording, err, error);
	else if (totals.text[0]) /* else it was ended before it began */
		code = run_result(show_summary(&totals, recording), "");
	if (!code && !recording_view_is_in_place(recording)) {
		log_error("the recording is lost: its last file was deleted, replaced or made shorter, or its file system unmounted, while it was written");
		code = EXIT_FAILED;
	}
	recording_view_free(recording);
	return code;
}

const struct command command_record = {
	.name = "record",
	.summary = "write every transition to a file, for report",
	.arguments = "-o FILE|FOLDER",
	.description = "Writes all that happens to a file until Ctrl-C or for -d SECONDS: JSON lines, compressed with gzip, which\n"
		       "tcpdwell report shows as trace, top, hist or leaks would have, on any machine and without root.\n"
		       "What is there already is never overwritten; a FOLDER gets a file with the date in its name. With --max-size MIB\n"
		       "the recording goes on in FILE.1, FILE.2, …, after a restart behind the last; each can be read alone, and together:\n"
		       "cat FILE FILE.1 | tcpdwell report -. With --keep the oldest recordings of that name go. Others may not read them.\n"
		       "A crash loses less than a second. All states are recorded, whatever --state says. 32 MiB of memory are\n"
		       "for bursts (--ring-size).",
	.examples = "  tcpdwell record -o friday.rec                       # until Ctrl-C\n"
		    "  tcpdwell record -o friday.rec -d 1h -p 4711         # one process, for an hour\n"
		    "  tcpdwell record -o friday.rec --max-size 100        # friday.rec.1 after 100 MiB, and so on\n"
		    "  tcpdwell record -o /var/tmp/ --max-size 100 --keep 9  # never more than 9 files, started as often as you like\n"
		    "  zcat friday.rec | jq 'select(.new_state == \"CLOSE_WAIT\")'",
	.own = record_options,
	.own_defaults = &record_defaults,
	.own_size = sizeof(record_defaults),
	.common = COMMON_LIVE,
	.options_check = record_options_check,
	.run = record_run,
};
