// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of commands. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attach/limits.h"
#include "command.h"
#include "util/bus.h"
#include "util/capabilities.h"
#include "util/descriptor.h"
#include "util/environment.h"
#include "util/log.h"
#include "util/shortage.h"

#define LARGE_BYTES 131072

static const struct command *const commands[] = {
	&command_trace,
	&command_top,
	&command_hist,
	&command_leaks,
	&command_ports,
	&command_diagnose,
	&command_record,
	&command_report,
	&command_agent,
	&command_bundle,
	&command_check,
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void show_help(void)
{
	size_t i;

	printf("tcpdwell: who puts this machine's sockets into TIME_WAIT and CLOSE_WAIT,\nsince when, and who closed first\n\n"
	       "Usage: tcpdwell [COMMAND] [OPTIONS]\n\nCommands:\n");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
	printf("\nWithout a command: top on a terminal, trace otherwise.\ntcpdwell COMMAND --help shows its options and examples.\n");
}

static const struct command *command_find(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int no_such_command(const char *name)
{
	char list[256] = "";
	size_t i;

	for (i = 0; i < COMMANDS; i++) {
		strcat(list, i ? ", " : "");
		strcat(list, commands[i]->name);
	}
	log_error("\"%s\" is not a command; there are %s", name, list);
	return EXIT_USAGE;
}

/* Help opens nothing. */
static int run(const struct command *command, int argc, char **argv)
{
	char error[160];
	int err = 0;

	limits_raise_files();
	limits_raise_stack();
	if (!options_ask_for_help(argc, argv))
		err = limits_check_files(FILES_OF_ANY_COMMAND, error, sizeof(error)) ?: limits_check_stack(error, sizeof(error));
	if (err)
		return run_result(err, error);
	return command->main ? command->main(argc, argv) : command_run(command, argc, argv);
}

static int run_words(int argc, char **argv)
{
	const struct command *command = isatty(STDOUT_FILENO) ? &command_top : &command_trace;

	if (argc > 1 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
		printf("tcpdwell %s\n", VERSION);
		return EXIT_FINE;
	}
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))) {
		show_help();
		return EXIT_FINE;
	}
	if (argc > 1 && argv[1][0] != '-') {
		command = command_find(argv[1]);
		if (!command)
			return no_such_command(argv[1]);
		argc--;
		argv++;
	}
	return run(command, argc, argv);
}

/* Help and versions are printed through stdio: what it could not write is told here. */
static int finish(int code)
{
	int err = fflush(stdout) || ferror(stdout) ? -errno : 0;

	if (shortage_count())
		log_warn("there was not enough memory, %lu times: rows, names or counts are missing, or part of ~other", shortage_count());
	return err && code == EXIT_FINE ? run_result(err, "") : code;
}

/*
 * glibc takes each large piece that is given back as a sign that more like it come, and keeps them: the kernel's BTF, which only loading
 * needs, would have it keep megabytes, and tables that grow would be copied.
 */
static void give_memory_back(void)
{
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
}

int main(int argc, char **argv)
{
	give_memory_back();
	descriptors_occupy_standard();
	bus_catch();
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error that can be told */
	environment_restrict();
	capabilities_suspend();
	return finish(run_words(argc, argv));
}
