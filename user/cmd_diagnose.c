// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell diagnose: what is wrong, who does it, and what to change. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "diagnose/codes.h"
#include "show/diagnose/diagnose.h"
#include "util/failure.h"
#include "util/log.h"

#define WATCH_S 30 /* where no -d says otherwise */

struct diagnose_options {
	struct thresholds thresholds;
	const char *explain; /* a code, "all", or an error message; NULL: run */
	bool cmdline;
};

#define FIELD(member) offsetof(struct diagnose_options, member)

static int parse_set(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	struct diagnose_options *own = field;

	(void)row;
	if (!own->thresholds.values[TD101_FAILURES])
		thresholds_init(&own->thresholds);
	return thresholds_parse(&own->thresholds, text, error, error_size);
}

static int parse_explain(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	bool codes[CODES];

	(void)row;
	if (code_parse(text) >= 0 || !strcmp(text, "all") || codes_of_error(text, codes)) {
		*(const char **)field = text;
		return 0;
	}
	return fail(error, error_size, "--explain: \"%s\" is no code, and no error message that is known; --explain all lists the codes", text);
}

static const struct diagnose_options diagnose_defaults;

static const struct option_row diagnose_rows[] = {
	{ "set", 0, "CODE.NAME=VALUE,…", "change a threshold; --explain CODE shows them", parse_set, 0 },
	{ "explain", 0, "CODE|ERROR", "what a code means, or which explain an error message; all: the list", parse_explain, FIELD(explain) },
	{ "cmdline", 0, NULL, "command lines in JSON too (they can hold secrets)", option_flag, FIELD(cmdline) },
	{},
};

static const struct option_set diagnose_options[] = { { diagnose_rows }, {} };

void findings_needs(struct run_needs *needs)
{
	needs->emit_states = ~0U;
	needs->track_all = true;
	needs->holder_states = ~0U;
	needs->port_search = needs->ports = needs->present = needs->namespaces = needs->namespace_settings = true;
	needs->filters_processes = true;
}

static void diagnose_needs(const struct options *options, struct run_needs *needs)
{
	(void)options;
	findings_needs(needs);
}

static bool diagnose_options_check(const struct options *options)
{
	if (!options->run.filter.state_mask)
		return true;
	log_error("--state: diagnose looks at all states; findings of single ones are told by their codes");
	return false;
}

static struct view *diagnose_view(const struct options *options, struct output *output)
{
	const struct diagnose_options *own = options->own;
	const struct diagnose_config config = {
		.thresholds = own->thresholds.values[TD101_FAILURES] ? &own->thresholds : NULL,
		.filter = &options->run.filter,
		.max_sockets = options->run.max_sockets,
		.seconds = options->run.seconds,
		.json = options->json,
		.cmdline = own->cmdline,
		.color = options_use_color(options),
		.live = !options->run.recording && !options->run.recordings,
	};

	return diagnose_view_new(&config, output);
}

static int diagnose_exit(const struct options *options, const struct view *view)
{
	(void)options;
	return diagnose_view_found(view) ? EXIT_FINDINGS : EXIT_FINE;
}

static void explain_thresholds(const char *code)
{
	size_t i;

	for (i = 0; i < THRESHOLDS; i++)
		if (!strncasecmp(threshold_rows[i].name, code, strlen(code)) && threshold_rows[i].name[strlen(code)] == '.')
			printf("  --set %s=%g%s%s\n      %s\n", threshold_rows[i].name, threshold_rows[i].value,
			       *threshold_rows[i].unit ? "    " : "", threshold_rows[i].unit, threshold_rows[i].reason);
}

/* Of an error message those that explain it, else all. */
static int list_codes(const char *name)
{
	bool all = !strcmp(name, "all"), codes[CODES];
	size_t code;

	if (!all) {
		codes_of_error(name, codes);
		printf("\"%s\" comes of one of these:\n", name);
	}
	for (code = 0; code < CODES; code++)
		if (all || codes[code])
			printf("%s  %s\n", code_rows[code].name, code_rows[code].title);
	if (!all)
		printf("tcpdwell diagnose finds which it is here; tcpdwell diagnose --explain CODE says what each means.\n");
	return EXIT_FINE;
}

static int explain(const char *name)
{
	int code = code_parse(name);

	if (code < 0)
		return list_codes(name);
	printf("%s: %s\n\n%s\nThresholds:\n", code_rows[code].name, code_rows[code].title, code_explanation(code));
	explain_thresholds(code_rows[code].name);
	return EXIT_FINE;
}

/* A watch of half a minute, unless another time is asked for. */
static int diagnose_run(const struct options *options)
{
	const struct diagnose_options *own = options->own;
	struct options run = *options;

	if (own->explain)
		return explain(own->explain);
	if (run.run.seconds < 0)
		run.run.seconds = WATCH_S;
	return command_show(&command_diagnose, &run, machine_run);
}

/* A file in place of this machine: as report has it. */
static int diagnose_main(int argc, char **argv)
{
	static char report[] = "report", diagnose[] = "diagnose";
	char **words;
	int code;

	if (argc < 2 || (argv[1][0] == '-' && argv[1][1]))
		return command_run(&command_diagnose, argc, argv);
	words = calloc(argc + 2, sizeof(*words));
	if (!words)
		return run_result(-ENOMEM, "");
	words[0] = report;
	words[1] = argv[1];
	words[2] = diagnose;
	memcpy(words + 3, argv + 2, (argc - 2) * sizeof(*words));
	code = command_report.main(argc + 1, words);
	free(words);
	return code;
}

const struct command command_diagnose = {
	.name = "diagnose",
	.summary = "what is wrong, who does it, since when, and what to change",
	.arguments = "[FILE|DIR]",
	.description =
		"Looks at what is there, watches for half a minute (or -d), and says in sentences what is wrong: NOW something fails,\n"
		"SOON it will, NOTE is worth knowing. Each finding has its evidence with the command that shows it, what to change for\n"
		"this machine, and the advice that does nothing here. What needs no watching is told within two seconds; Ctrl-C ends it\n"
		"with what is known. What could not be examined is named, with the reason. Exit code 3: something is NOW or SOON.",
	.examples = "  tcpdwell diagnose                     # half a minute\n"
		    "  tcpdwell diagnose -d 2                # at once, what needs no watching\n"
		    "  tcpdwell diagnose -p 4711 -d 5m       # what concerns this process\n"
		    "  tcpdwell diagnose -j | jq -r 'select(.type == \"finding\") | .title'\n"
		    "  tcpdwell diagnose --explain TD121     # what a code means, the errors that lead there, its thresholds\n"
		    "  tcpdwell diagnose --explain \"Cannot assign requested address\"    # the codes that explain an error\n"
		    "  tcpdwell diagnose friday.rec          # a recording: the same as report friday.rec diagnose\n"
		    "  tcpdwell diagnose /var/lib/tcpdwell --since 2h    # of the agent's history",
	.own = diagnose_options,
	.own_defaults = &diagnose_defaults,
	.own_size = sizeof(diagnose_defaults),
	.common = COMMON_LIVE | COMMON_JSON,
	.options_check = diagnose_options_check,
	.run = diagnose_run,
	.main = diagnose_main,
	.view_new = diagnose_view,
	.view_free = diagnose_view_free,
	.view_needs = diagnose_needs,
	.view_exit = diagnose_exit,
};
