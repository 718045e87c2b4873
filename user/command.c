// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What all commands do alike: run their view over a source of events, and end. */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach/limits.h"
#include "attach/privileges.h"
#include "collect/live.h"
#include "polling/polling.h"
#include "show/findings_line.h"
#include "source/views.h"
#include "util/log.h"

int run_result(int err, const char *error)
{
	char no_memory[160];

	if (!err || err == -EPIPE)
		return EXIT_FINE;
	if (!error[0] && err == -ENOMEM) {
		limits_out_of_memory(no_memory, sizeof(no_memory));
		error = no_memory;
	}
	if (error[0])
		log_error("%s", error);
	else if (err == -EBADF)
		log_error("standard output is closed, or open for reading only");
	else
		log_error("writing the output failed: %s", strerror(-err));
	return error[0] && err == -EPERM ? EXIT_PRIVILEGE : EXIT_FAILED;
}

static int watch_machine(const struct run_options *options, const struct run_needs *needs, struct view *view, char *error,
			 size_t error_size)
{
	privileges_raise();
	return options->polls ? polling_run(options, needs, view, error, error_size) :
				live_run(options, needs, view, error, error_size);
}

/* Silence would look as if nothing had happened on the machine. */
static void tell_early_end(void)
{
	log_warn("ended by a signal before tracing began: nothing was traced");
}

int machine_run(const struct run_options *options, const struct run_needs *needs, struct view *view, char *error,
		size_t error_size)
{
	int err = watch_machine(options, needs, view, error, error_size);

	if (err != -EINTR)
		return err;
	tell_early_end();
	return 0;
}

/* "Nothing is wrong" must not be the answer of a look that was ended before it began. */
static int result_of_early_end(const struct command *command)
{
	if (!command->view_exit) {
		tell_early_end();
		return EXIT_FINE;
	}
	log_error("ended by a signal before it could look: what is wrong is not known");
	return EXIT_FAILED;
}

/* The reader of our output was given up: what it will never see. */
static void explain_unwritten(const struct output *output, int err, char *error, size_t size)
{
	if (err == -ECANCELED && !error[0])
		snprintf(error, size, "standard output took nothing more: %llu bytes, %llu lines, were not written",
			 (unsigned long long)output->unwritten_bytes, (unsigned long long)output->unwritten_lines);
}

/* The command's own view, and beside it the line of findings. */
static int run_with_findings(const struct command *command, const struct options *options, const struct run_needs *needs,
			     struct view *view, struct output *output, char *error, size_t error_size)
{
	bool partial = command->names_findings == NAMES_PRESENT_FINDINGS;
	struct view *line = findings_line_new(&options->run.filter, options->run.max_sockets, partial, output);
	struct run_needs all = { .present = true, .namespaces = true, .namespace_settings = true, .filters_processes = true };
	struct run_needs sum;
	struct views views;
	int err = -ENOMEM;

	if (!partial)
		findings_needs(&all);
	all.emit_states |= needs->emit_states;
	views_init(&views, NULL, NULL);
	if (line && !views_add(&views, view, command->name, needs, true) && !views_add(&views, line, "findings", &all, false)) {
		sum = views_needs(&views);
		err = watch_machine(&options->run, &sum, &views.view, error, error_size);
	}
	findings_line_free(line);
	return err;
}

int command_show(const struct command *command, const struct options *options, run_source *source)
{
	struct run_needs needs = {};
	struct output output;
	struct view *view;
	char error[512] = "";
	int err = -ENOMEM, code = EXIT_FINE;

	output_init(&output, STDOUT_FILENO);
	command->view_needs(options, &needs);
	view = command->view_new(options, &output);
	if (view && command->names_findings && !options->json && source == machine_run)
		err = run_with_findings(command, options, &needs, view, &output, error, sizeof(error));
	else if (view)
		err = (source == machine_run ? watch_machine : source)(&options->run, &needs, view, error, sizeof(error));
	if (view && !err && command->view_exit)
		code = command->view_exit(options, view);
	explain_unwritten(&output, err, error, sizeof(error));
	command->view_free(view);
	output_release(&output);
	if (err == -EINTR)
		return result_of_early_end(command);
	return err ? run_result(err, error) : code;
}

int command_run(const struct command *command, int argc, char **argv)
{
	struct options options;
	int code = options_parse(&options, command, argc, argv);

	if (!code) {
		log_set_verbosity(options.verbosity);
		code = command->run ? command->run(&options) : command_show(command, &options, machine_run);
	}
	options_release(&options);
	return code < 0 ? EXIT_FINE : code;
}
