// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ports: where does connect() stop finding a port, and where does it begin to search long? Computed by user/ports/, found by
 * experiment, each in a network namespace of its own. Result lines as everywhere; each experiment's figures behind "#".
 */
#define _GNU_SOURCE 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../scenarios/report.h"
#include "experiment.h"

#define SECONDS_MAX 300

/* What the experiment said last but its figures: "" is all well. */
static void outcome_read(int fd, const char *name, char *outcome, size_t size)
{
	FILE *file = fdopen(fd, "r");
	char line[4096];

	outcome[0] = '\0';
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			printf("# %s:%s\n", name, line + 1);
		else
			snprintf(outcome, size, "%s", line);
	}
	fclose(file);
}

static void run(const struct experiment *experiment, const struct run_options *options)
{
	const char *mode = options->tcpdwell.hooks;
	char outcome[4096], name[96];
	int ends[2], status;
	pid_t pid;

	snprintf(name, sizeof(name), "%s%s%s", mode ?: "", mode ? "/" : "", experiment->name);
	fflush(stdout);
	if (pipe(ends) || (pid = fork()) < 0) {
		report_not_ok(name, "no process");
		return;
	}
	if (!pid) {
		close(ends[0]);
		dup2(ends[1], STDOUT_FILENO);
		alarm(SECONDS_MAX);
		experiment_run(experiment, options);
		exit(0);
	}
	close(ends[1]);
	outcome_read(ends[0], name, outcome, sizeof(outcome));
	waitpid(pid, &status, 0);
	if (outcome[0] == '~')
		report_skip(name, "%s", outcome + 1);
	else if (!status)
		report_ok(name);
	else
		report_not_ok(name, "%s", outcome[0] ? outcome + 1 : "it ended without a word");
}

/* Those that are named; without names all, the large ones only when they are asked for. */
static bool selected(const struct experiment *experiment, char **names, bool large, const struct run_options *options)
{
	if (experiment->watched && !options->tcpdwell.path)
		return false;
	if (!*names)
		return large || !experiment->large;
	for (; *names; names++)
		if (!strcmp(*names, experiment->name))
			return true;
	return false;
}

static int list(void)
{
	const struct experiment *experiment;

	for (experiment = experiments; experiment->name; experiment++)
		if (!experiment->large)
			puts(experiment->name);
	return 0;
}

/* ports --list, or ports [--large] [--untimed] [--tcpdwell PATH [--polls | --hooks MODE]] [NAME…]. With --hooks results are called MODE/NAME. */
int main(int argc, char **argv)
{
	struct run_options options = { .timed = true };
	const struct experiment *experiment;
	char **names = argv + (argc > 0);
	bool large = false;

	for (; *names && (*names)[0] == '-'; names++) {
		if (!strcmp(*names, "--list"))
			return list();
		large |= !strcmp(*names, "--large");
		options.tcpdwell.polls |= !strcmp(*names, "--polls");
		options.timed &= strcmp(*names, "--untimed") != 0;
		if (!strcmp(*names, "--tcpdwell") && names[1])
			options.tcpdwell.path = *++names;
		else if (!strcmp(*names, "--hooks") && names[1])
			options.tcpdwell.hooks = *++names;
	}
	for (experiment = experiments; experiment->name; experiment++)
		if (selected(experiment, names, large, &options))
			run(experiment, &options);
	return report_failures() ? 1 : 0;
}
