// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell report: another command's view over a recording in place of a live run. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history/status.h"
#include "recording/files.h"
#include "recording/recording.h"
#include "command.h"
#include "option_time.h"
#include "options_help.h"
#include "report_findings.h"
#include "report_top.h"
#include "util/log.h"
#include "show/summary/summary.h"
#include "top_options.h"
#include "util/moment.h"
#include "util/number.h"
#include "util/stop.h"
#include "util/tcp_state.h"
#include "util/text.h"


#define PATHS_MAX 1000
#define ARGUMENTS_MAX 256
#define AT_NS 60000000000ULL /* --at: so long from then on */

static void summary_needs(const struct options *options, struct run_needs *needs)
{
	(void)options;
	*needs = (struct run_needs){ .emit_states = ~0U, .track_all = true, .holder_states = 1U << STATE_CLOSE_WAIT };
}

static struct view *summary_view(const struct options *options, struct output *output)
{
	const struct summary_config config = { options->json };

	return summary_view_new(&config, output);
}

/* Where no view is named. */
static const struct command view_summary = {
	.name = "summary",
	.description = "What happened: failed connects, what was stuck, who made TIME_WAIT and CLOSE_WAIT, what was lost.",
	.examples = "  tcpdwell report friday.rec",
	.common = COMMON_LIVE | COMMON_JSON,
	.view_new = summary_view,
	.view_free = summary_view_free,
	.view_needs = summary_needs,
};

static const struct command *const views[] = { &command_trace, &command_top, &command_hist, &command_leaks, &command_ports, &command_diagnose,
					       &view_summary };

static const struct command *view_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		if (!strcmp(views[i]->name, name))
			return views[i];
	return NULL;
}

static int usage_error(const char *sentence, const char *word)
{
	log_error("%s%s%s: tcpdwell report FILE|DIR… [summary|trace|top|hist|leaks|ports|diagnose] [OPTIONS]", word, *word ? ": " : "", sentence);
	return EXIT_USAGE;
}

/* A replay may be refused for lack of permission to read the file, which no privilege of tcpdwell's would mend. */
static int replay(const struct run_options *options, const struct run_needs *needs, struct view *view, char *error,
		  size_t error_size)
{
	int err;

	stop_catch_signals();
	err = recording_run(options, needs, view, error, error_size);
	return err == -EPERM && error[0] ? -EACCES : err;
}

struct command command_recorded(const struct command *view, const char *name)
{
	struct command command = *view;

	command.name = name;
	command.common = (view->common & ~(COMMON_LIVE | COMMON_HOOKS)) | COMMON_REPLAY;
	return command;
}

/* What stands before the view's own options, and the times that may stand anywhere. */
struct report {
	const char *paths[PATHS_MAX + 1];
	size_t n_paths;
	const struct command *view;
	const char *since, *until, *at;
	int argc; /* of the view's: its name, its options */
	char *argv[ARGUMENTS_MAX];
};

static int select_times(const struct report *report, struct recording_selection *selection)
{
	uint64_t now_ns = clock_unix_ns();

	if (report->at && (report->since || report->until)) {
		log_error("--at shows the minute that begins then; give it alone, or --since and --until");
		return -EINVAL;
	}
	if (option_time("--since", report->since, now_ns, &selection->since_unix_ns) ||
	    option_time("--until", report->until, now_ns, &selection->until_unix_ns) ||
	    option_time("--at", report->at, now_ns, &selection->since_unix_ns))
		return -EINVAL;
	if (report->at)
		selection->until_unix_ns = selection->since_unix_ns + AT_NS;
	if (selection->until_unix_ns && selection->until_unix_ns <= selection->since_unix_ns) {
		log_error("--until is not after --since: nothing can be between them");
		return -EINVAL;
	}
	return 0;
}

static void look_for_agents(struct recording_selection *selection)
{
	bool is_written;
	size_t i;

	for (i = 0; i < selection->count; i++) {
		selection->is_history |= history_is_at(selection->paths[i], &is_written);
		selection->is_written |= is_written;
	}
}

/* One file as it is, or what is chosen of several. */
static int choose(struct options *options, const struct report *report, struct recording_selection *selection)
{
	struct stat status;
	bool is_folder = !stat(report->paths[0], &status) && S_ISDIR(status.st_mode);

	*selection = (struct recording_selection){ .paths = report->paths, .count = report->n_paths };
	if (select_times(report, selection))
		return -EINVAL;
	if (report->n_paths == 1 && !is_folder && !selection->since_unix_ns && !selection->until_unix_ns) {
		options->run.recording = report->paths[0];
		return 0;
	}
	look_for_agents(selection);
	options->run.recordings = selection;
	if (selection->since_unix_ns && options->run.seconds >= 0) { /* -d counts from there */
		selection->until_unix_ns = selection->since_unix_ns + number_u64(options->run.seconds * 1e9);
		options->run.seconds = -1;
	}
	return 0;
}

static bool is_interactive(const struct options *options, const struct report *report)
{
	const struct recording_selection files = { .paths = report->paths, .count = report->n_paths };

	return report_top_is_wanted(options, &files);
}

/* --at is where the cursor in time stands first; --since and --until are how far it goes. */
static int show_top(const struct options *options, const struct report *report)
{
	struct recording_selection selection = { .paths = report->paths, .count = report->n_paths };
	uint64_t at_unix_ns;

	if (select_times(report, &selection))
		return EXIT_USAGE;
	at_unix_ns = report->at ? selection.since_unix_ns : 0;
	if (report->at)
		selection.since_unix_ns = selection.until_unix_ns = 0;
	log_set_verbosity(options->verbosity);
	return report_top_run(options, &selection, at_unix_ns);
}

/* A minute is one table, where no interval is asked for. */
static void default_to_minute(struct options *options, const struct report *report)
{
	struct top_options *own = options->own;

	if (!report->at)
		return;
	if (report->view == &command_ports)
		ports_default_interval(options, AT_NS);
	if (report->view == &command_top && !own->grouping.interval_ns)
		own->grouping.interval_ns = AT_NS;
}

static int show(struct report *report)
{
	struct recording_selection selection;
	struct command command;
	struct options options;
	char name[64];
	int code;

	snprintf(name, sizeof(name), "report FILE %s", report->view->name);
	command = command_recorded(report->view, name);
	code = options_parse(&options, &command, report->argc, report->argv);
	if (!code && report->view == &command_top && is_interactive(&options, report)) {
		code = show_top(&options, report);
		options_release(&options);
		return code;
	}
	if (!code && choose(&options, report, &selection))
		code = EXIT_USAGE;
	if (!code) {
		default_to_minute(&options, report);
		log_set_verbosity(options.verbosity);
		if (report->view == &view_summary && !options.json)
			report_findings_show(&selection);
		code = command_show(&command, &options, replay);
	}
	options_release(&options);
	return code < 0 ? EXIT_FINE : code;
}

static bool is_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "-?");
}

/* "--since X" or "--since=X" at argv[*i]. 1: it was one; -EINVAL: without its value. */
static int take_time(struct report *report, int argc, char **argv, int *i)
{
	const struct {
		const char *name;
		const char **value;
	} times[] = { { "--since", &report->since }, { "--until", &report->until }, { "--at", &report->at } };
	size_t k, size;

	for (k = 0; k < sizeof(times) / sizeof(times[0]); k++) {
		size = strlen(times[k].name);
		if (strncmp(argv[*i], times[k].name, size) || (argv[*i][size] && argv[*i][size] != '='))
			continue;
		if (!argv[*i][size] && *i + 1 == argc) {
			log_error("%s: its value is missing; " MOMENT_FORMS, times[k].name);
			return -EINVAL;
		}
		*times[k].value = argv[*i][size] ? argv[*i] + size + 1 : argv[++*i];
		return 1;
	}
	return 0;
}

/* A file may be called like a view where it is the only one that is named. */
static int take_words(struct report *report, int argc, char **argv)
{
	bool in_options = false;
	int i, taken;

	report->argv[report->argc++] = argv[0];
	for (i = 1; i < argc; i++) {
		taken = take_time(report, argc, argv, &i);
		if (taken < 0)
			return EXIT_USAGE;
		if (taken)
			continue;
		if (!report->view && report->n_paths && view_find(argv[i])) {
			report->view = view_find(argv[i]);
			in_options = true;
		} else if (!in_options && report->n_paths && argv[i][0] != '-' && access(argv[i], F_OK)) {
			return usage_error("neither a view of recordings nor a file", argv[i]);
		} else if (!in_options && (argv[i][0] != '-' || !argv[i][1]) && report->n_paths < PATHS_MAX) {
			report->paths[report->n_paths++] = argv[i];
		} else if (report->argc < ARGUMENTS_MAX - 1) {
			in_options = true;
			report->argv[report->argc++] = argv[i];
		}
	}
	report->argv[report->argc] = NULL;
	return 0;
}

static int report_main(int argc, char **argv)
{
	struct report report = {};

	if (argc > 1 && is_help(argv[1])) {
		command_help(&command_report);
		return EXIT_FINE;
	}
	if (argc > PATHS_MAX)
		return usage_error("too many words", "");
	if (take_words(&report, argc, argv))
		return EXIT_USAGE;
	if (!report.n_paths)
		return usage_error(argc > 1 ? "the file comes first" : "give the file to read", argc > 1 ? argv[1] : "");
	if (report.n_paths > 1 && !strcmp(report.paths[0], "-"))
		return usage_error("standard input is read alone", "-");
	report.view = report.view ?: report.argc > 1 ? &command_trace : &view_summary; /* options without a view: as ever */
	return show(&report);
}

/* For help: take_time() takes them. */
static const struct option_row report_rows[] = {
	{ "since", 0, "TIME", "from then on: 2h, 10m ago, 03:12, yesterday 03:12, 2026-11-28 03:12", option_text },
	{ "until", 0, "TIME", "up to then", option_text },
	{ "at", 0, "TIME", "the minute that begins then", option_text },
	{},
};

static const struct option_set report_options[] = { { report_rows }, {} };

const struct command command_report = {
	.name = "report",
	.summary = "show what was recorded as any of these views did, without root",
	.arguments = "FILE|DIR… [summary|trace|top|hist|leaks|ports|diagnose]",
	.description = "Shows what tcpdwell record or agent wrote, as the live command would have shown it then, with that command's\n"
		       "options and filters; without a view what happened, in sentences. Files of one or several runs are read in the order\n"
		       "of time, in whatever order they are named; what they tell of the same time of one machine is counted once. DIR is a folder\n"
		       "of recordings, or the agent's history. With --since a view begins as if tracing had begun then. On a terminal top\n"
		       "is interactive and goes back and forward in time: h shows the keys.\n"
		       "FILE - is standard input; output of trace --all -j can be shown too.\n"
		       "What is missing or damaged is said on standard error; the rest is shown.",
	.examples = "  tcpdwell report friday.rec                          # what happened\n"
		    "  tcpdwell report /var/lib/tcpdwell --since 2h        # of the agent's history\n"
		    "  tcpdwell report /var/lib/tcpdwell top --at \"yesterday 03:12\"    # on a terminal: [ ] go back and on in time\n"
		    "  tcpdwell report friday.rec top -b --by container 10    # a table for every ten seconds\n"
		    "  tcpdwell report friday.rec hist --state CLOSE_WAIT\n"
		    "  tcpdwell report friday.rec* leaks --older-than 1m --until 12:00\n"
		    "  tcpdwell report friday.rec ports 60                 # of a recording that was made with --ports\n"
		    "  cat friday.rec friday.rec.1 | tcpdwell report - trace -p 4711 -j",
	.own = report_options,
	.common = COMMON_REPLAY,
	.main = report_main,
};
