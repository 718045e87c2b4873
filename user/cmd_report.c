// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell report: another command's view over a recording in place of a live run. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "recording/recording.h"
#include "command.h"
#include "options_help.h"
#include "util/log.h"
#include "util/stop.h"

static const struct command *const views[] = { &command_trace, &command_top, &command_hist, &command_leaks,
					       &command_ports, &command_diagnose };

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
	log_error("%s%s%s: tcpdwell report FILE [trace|top|hist|leaks|ports|diagnose] [OPTIONS]", word, *word ? ": " : "", sentence);
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

/* `argv` is the view's name and its options. */
static int show(const struct command *view, const char *file, int argc, char **argv)
{
	struct command command;
	struct options options;
	char name[64];
	int code;

	snprintf(name, sizeof(name), "report FILE %s", view->name);
	command = command_recorded(view, name);
	code = options_parse(&options, &command, argc, argv);
	if (!code) {
		options.run.recording = file;
		log_set_verbosity(options.verbosity);
		code = command_show(&command, &options, replay);
	}
	options_release(&options);
	return code < 0 ? EXIT_FINE : code;
}

static bool is_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "-?");
}

static int report_main(int argc, char **argv)
{
	static char default_name[] = "trace";
	const struct command *view;
	const char *file = argv[1];

	if (argc > 1 && is_help(file)) {
		command_help(&command_report);
		return EXIT_FINE;
	}
	if (argc < 2)
		return usage_error("give the file to read", "");
	if (file[0] == '-' && file[1])
		return usage_error("the file comes first", file);
	if (argc == 2 || argv[2][0] == '-') {
		argv[1] = default_name;
		return show(&command_trace, file, argc - 1, argv + 1);
	}
	view = view_find(argv[2]);
	if (!view)
		return usage_error("not a view of recordings", argv[2]);
	return show(view, file, argc - 2, argv + 2);
}

const struct command command_report = {
	.name = "report",
	.summary = "show a recorded file as trace, top, hist, leaks, ports or diagnose would have, without root",
	.arguments = "FILE [trace|top|hist|leaks|ports|diagnose]",
	.description = "Shows a file that tcpdwell record wrote, as the live command would have shown it then, with that command's\n"
		       "options and filters; trace where none is named. FILE - is standard input. Output of trace --all -j can be\n"
		       "shown too. What is missing or damaged is said on standard error; the rest is shown.",
	.examples = "  tcpdwell report friday.rec                          # as trace\n"
		    "  tcpdwell report friday.rec top --by container 10    # a table for every ten seconds\n"
		    "  tcpdwell report friday.rec hist --state CLOSE_WAIT\n"
		    "  tcpdwell report friday.rec leaks --older-than 1m\n"
		    "  tcpdwell report friday.rec ports 60                 # of a recording that was made with --ports\n"
		    "  cat friday.rec friday.rec.1 | tcpdwell report - trace -p 4711 -j",
	.common = COMMON_REPLAY,
	.main = report_main,
};
