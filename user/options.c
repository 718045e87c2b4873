// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The options of all commands in one table; a command takes the groups that it names. Parsing is argp's. */
#include "options.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "attach/kernel.h"
#include "command.h"
#include "util/log.h"
#include "util/text.h"

enum option_key {
	KEY_REMOTE = 0x100,
	KEY_COMM,
	KEY_HOOKS,
	KEY_COLOR,
	KEY_STATE,
	KEY_ALL,
	KEY_MAX_SOCKETS,
	KEY_RING_SIZE,
	KEY_BY,
	KEY_MAX_ROWS,
	KEY_OLDER_THAN,
	KEY_FAIL_ON,
	KEY_MAX_SIZE,
	KEY_KEEP,
	KEY_NO_BPF,
	KEY_CONTAINER,
	KEY_POD,
	KEY_NAMESPACE,
	KEY_UNIT,
	KEY_LOG_DIR,
};

struct option_entry {
	unsigned int groups; /* 0: every command */
	struct argp_option argp;
};

#define OPTIONS_FILTERS (OPTIONS_TRACING | OPTIONS_REPORT)

static const struct option_entry option_table[] = {
	{ OPTIONS_FILTERS, { "pid", 'p', "PID,…", 0, "sockets of these processes", 1 } },
	{ OPTIONS_FILTERS, { "cgroup", 'c', "CGROUP", 0, "sockets of this cgroup (path) and those below it", 1 } },
	{ OPTIONS_FILTERS, { "container", KEY_CONTAINER, "NAME,…", 0, "containers of this name, or whose id begins so", 1 } },
	{ OPTIONS_FILTERS, { "pod", KEY_POD, "NAME,…", 0, "pods of this name or uid", 1 } },
	{ OPTIONS_FILTERS, { "namespace", KEY_NAMESPACE, "NAME,…", 0, "pods of this Kubernetes namespace", 1 } },
	{ OPTIONS_FILTERS, { "unit", KEY_UNIT, "NAME,…", 0, "this systemd unit (nginx, system.slice) and those below it", 1 } },
	{ OPTIONS_FILTERS, { "netns", 'n', "NETNS,…", 0, "network namespaces: inode, name, path, pid, self, all", 1 } },
	{ OPTIONS_FILTERS, { "local-port", 'L', "PORT,…", 0, "these local ports", 1 } },
	{ OPTIONS_FILTERS, { "remote-port", 'D', "PORT,…", 0, "these remote ports", 1 } },
	{ OPTIONS_FILTERS, { "remote", KEY_REMOTE, "ADDR[/LEN][:PORT]", 0, "this remote address or network", 1 } },
	{ OPTIONS_FILTERS, { "ipv4", '4', NULL, 0, "IPv4 only", 1 } },
	{ OPTIONS_FILTERS, { "ipv6", '6', NULL, 0, "IPv6 only", 1 } },
	{ OPTIONS_FILTERS, { "comm", KEY_COMM, "NAME", 0, "processes of this name", 1 } },
	{ OPTIONS_FILTERS, { "state", KEY_STATE, "LIST", 0, "these states, old or new: CLOSE_WAIT,time-wait", 1 } },
	{ OPTIONS_TRACE, { "all", KEY_ALL, NULL, 0, "every transition", 2 } },
	{ OPTIONS_TRACE, { "time", 't', NULL, 0, "begin each line with the time of day", 2 } },
	{ OPTIONS_TRACE | OPTIONS_LEAKS, { "wide", 'w', NULL, 0, "more columns", 2 } },
	{ OPTIONS_GROUPS, { "by", KEY_BY, "KEY", 0, "group by process, cgroup, container, pod, remote or port", 2 } },
	{ OPTIONS_GROUPS, { "sort", 's', "KEY", 0, "sort by this column", 2 } },
	{ OPTIONS_GROUPS | OPTIONS_LEAKS, { "rows", 'r', "ROWS", 0, "show so many rows", 2 } },
	{ OPTIONS_GROUPS, { "max-rows", KEY_MAX_ROWS, "N", 0, "keep so many groups apart, fold the rest into ~other", 2 } },
	{ OPTIONS_BATCH, { "batch", 'b', NULL, 0, "print tables instead of drawing on the terminal", 2 } },
	{ OPTIONS_LEAKS, { "older-than", KEY_OLDER_THAN, "TIME", 0, "in the state for longer than this (10s)", 2 } },
	{ OPTIONS_LEAKS, { "fail-on", KEY_FAIL_ON, "N", 0, "exit with 3 when more than N are found", 2 } },
	{ OPTIONS_RECORD, { "output", 'o', "FILE", 0, "write to this file", 2 } },
	{ OPTIONS_RECORD, { "max-size", KEY_MAX_SIZE, "MIB", 0, "begin a new file when this size is reached", 2 } },
	{ OPTIONS_RECORD, { "keep", KEY_KEEP, "FILES", 0, "remove the oldest files of this run beyond so many (all are kept)", 2 } },
	{ OPTIONS_FILTERS, { "duration", 'd', "SECONDS", 0, "stop after this time", 3 } },
	{ OPTIONS_JSON, { "json", 'j', NULL, 0, "JSON, one object a line", 3 } },
	{ 0, { "verbose", 'v', NULL, 0, "say more on standard error; twice: libbpf's words too", 4 } },
	{ 0, { "color", KEY_COLOR, "WHEN", 0, "auto, always or never (also NO_COLOR)", 4 } },
	{ OPTIONS_TRACING | OPTIONS_HOOKS, { "hooks", KEY_HOOKS, "MODE", 0, "only fentry, kprobe or tracepoint hooks", 4 } },
	{ OPTIONS_TRACING, { "no-bpf", KEY_NO_BPF, NULL, 0, "without privileges: poll /proc, and know less", 4 } },
	{ OPTIONS_TRACING, { "log-dir", KEY_LOG_DIR, "DIR", 0, "where the kubelet's pods and containers are (/var/log)", 4 } },
	{ OPTIONS_TRACING, { "max-sockets", KEY_MAX_SOCKETS, "N", 0, "size of the tables of live sockets", 4 } },
	{ OPTIONS_TRACING, { "ring-size", KEY_RING_SIZE, "KIB", 0, "size of the ring buffer, a power of two", 4 } },
};

#define OPTIONS (sizeof(option_table) / sizeof(option_table[0]))

static const char *const group_names[GROUP_KEYS] = { "process", "cgroup", "container", "pod", "remote", "port" };

struct parsing {
	struct options *options;
	const struct command *command;
	char error[256];
	unsigned int positional;
	int next; /* index of the word that argp looks at next: the wrong one when it gives up */
};

void options_init(struct options *options)
{
	memset(options, 0, sizeof(*options));
	run_options_init(&options->run);
	options->older_than_ns = 10000000000ULL;
	options->fail_on = UINT64_MAX;
}

bool options_use_color(const struct options *options)
{
	return options->color == COLOR_AUTO ? isatty(STDOUT_FILENO) : options->color == COLOR_ALWAYS;
}

static int parse_number(struct parsing *parsing, const char *option, const char *text, uint64_t min, uint64_t max,
			uint64_t *value)
{
	uint64_t number;

	if (!text_parse_u64(text, max, &number) && number >= min) {
		*value = number;
		return 0;
	}
	snprintf(parsing->error, sizeof(parsing->error), "%s: \"%s\" is not a number from %llu to %llu", option, text,
		 (unsigned long long)min, (unsigned long long)max);
	return -EINVAL;
}

static int parse_u32(struct parsing *parsing, const char *option, const char *text, uint32_t max, uint32_t *value)
{
	uint64_t number = 0;
	int err = parse_number(parsing, option, text, 1, max, &number);

	if (!err)
		*value = number;
	return err;
}

static int parse_seconds(struct parsing *parsing, const char *option, const char *text, double *seconds)
{
	uint64_t ns;

	if (!text_parse_duration(text, &ns)) {
		*seconds = ns / 1e9;
		return 0;
	}
	snprintf(parsing->error, sizeof(parsing->error), "%s: \"%s\" is not a time; give seconds, or 500ms, 2m, 1h30m", option,
		 text);
	return -EINVAL;
}

/* One of a list of names; names[i] NULL are passed over. */
static int parse_name(struct parsing *parsing, const char *option, const char *text, const char *const *names, int count)
{
	size_t used;
	int i;

	for (i = 0; i < count; i++)
		if (!strcmp(names[i], text))
			return i;
	used = snprintf(parsing->error, sizeof(parsing->error), "%s: \"%s\" is not one of", option, text);
	for (i = 0; i < count && used < sizeof(parsing->error); i++)
		used += snprintf(parsing->error + used, sizeof(parsing->error) - used, "%s %s", i ? "," : "", names[i]);
	return -EINVAL;
}

static int parse_hooks(struct parsing *parsing, const char *text)
{
	static const char *const names[] = { "fentry", "kprobe", "tracepoint" };
	int mode = parse_name(parsing, "--hooks", text, names, 3);

	if (mode < 0)
		return mode;
	parsing->options->run.hooks = HOOK_MODE_FENTRY + mode;
	return 0;
}

static int parse_color(struct parsing *parsing, const char *text)
{
	static const char *const names[] = { "auto", "always", "never" };
	int color = parse_name(parsing, "--color", text, names, 3);

	if (color < 0)
		return color;
	parsing->options->color = color;
	return 0;
}

static int parse_group(struct parsing *parsing, const char *text)
{
	int group = parse_name(parsing, "--by", text, group_names, GROUP_KEYS);

	if (group < 0)
		return group;
	parsing->options->group = group;
	return 0;
}

static int parse_ring_size(struct parsing *parsing, const char *text)
{
	uint64_t kib = 0;
	int err = parse_number(parsing, "--ring-size", text, 4, 1 << 20, &kib);

	if (!err && kib & (kib - 1)) {
		snprintf(parsing->error, sizeof(parsing->error), "--ring-size: %s is not a power of two, in KiB", text);
		err = -EINVAL;
	}
	if (!err)
		parsing->options->run.ring_bytes = kib << 10;
	return err;
}

static int parse_max_size(struct parsing *parsing, const char *text)
{
	uint64_t mib = 0;
	int err = parse_number(parsing, "--max-size", text, 1, 1 << 20, &mib);

	if (!err)
		parsing->options->max_bytes = mib << 20;
	return err;
}

static int parse_older_than(struct parsing *parsing, const char *text)
{
	double seconds = 0;
	int err = parse_seconds(parsing, "--older-than", text, &seconds);

	if (!err)
		parsing->options->older_than_ns = seconds * 1e9;
	return err;
}

/* INTERVAL [COUNT] as in vmstat. */
static int parse_positional(struct parsing *parsing, const char *text)
{
	struct options *options = parsing->options;
	unsigned int groups = parsing->command->option_groups, position = parsing->positional++;

	if (groups & OPTIONS_GROUPS && position == 0) {
		if (parse_seconds(parsing, "INTERVAL", text, &options->interval))
			return -EINVAL;
		if (options->interval >= 0.01)
			return 0;
		snprintf(parsing->error, sizeof(parsing->error), "INTERVAL: at least 10ms");
		return -EINVAL;
	}
	if (groups & OPTIONS_GROUPS && position == 1)
		return parse_number(parsing, "COUNT", text, 1, UINT32_MAX, &options->count);
	snprintf(parsing->error, sizeof(parsing->error), "\"%s\" is one argument too many", text);
	return -EINVAL;
}

static int parse_filter(struct parsing *parsing, int key, char *text)
{
	struct filter *filter = &parsing->options->run.filter;
	char *error = parsing->error;
	size_t size = sizeof(parsing->error);

	switch (key) {
	case 'p':
		return filter_parse_pids(filter, text, error, size);
	case 'c':
		return filter_parse_cgroup(filter, text, error, size);
	case 'n':
		return filter_parse_netns(filter, text, error, size);
	case 'L':
		return filter_parse_local_ports(filter, text, error, size);
	case 'D':
		return filter_parse_remote_ports(filter, text, error, size);
	case KEY_REMOTE:
		return filter_parse_remote(filter, text, error, size);
	case KEY_COMM:
		return filter_parse_comm(filter, text, error, size);
	case KEY_STATE:
		return filter_parse_states(filter, text, error, size);
	case KEY_CONTAINER:
	case KEY_POD:
	case KEY_NAMESPACE:
	case KEY_UNIT:
		return filter_parse_names(filter, NAME_CONTAINER + (key - KEY_CONTAINER), text, error, size);
	case '4':
		filter->ipv4_only = true;
		return 0;
	case '6':
		filter->ipv6_only = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static int parse_value(struct parsing *parsing, int key, char *text)
{
	struct options *options = parsing->options;

	switch (key) {
	case KEY_HOOKS:
		return parse_hooks(parsing, text);
	case KEY_COLOR:
		return parse_color(parsing, text);
	case KEY_BY:
		return parse_group(parsing, text);
	case KEY_RING_SIZE:
		return parse_ring_size(parsing, text);
	case KEY_KEEP:
		return parse_u32(parsing, "--keep", text, 1 << 20, &options->keep_files);
	case KEY_MAX_SIZE:
		return parse_max_size(parsing, text);
	case KEY_OLDER_THAN:
		return parse_older_than(parsing, text);
	case KEY_MAX_SOCKETS:
		return parse_u32(parsing, "--max-sockets", text, 1 << 26, &options->run.max_sockets);
	case KEY_MAX_ROWS:
		return parse_u32(parsing, "--max-rows", text, 1 << 24, &options->max_rows);
	case KEY_FAIL_ON:
		return parse_number(parsing, "--fail-on", text, 0, UINT32_MAX, &options->fail_on);
	case 'r':
		return parse_u32(parsing, "-r", text, 1 << 20, &options->rows);
	case 'd':
		return parse_seconds(parsing, "-d", text, &options->run.seconds);
	case ARGP_KEY_ARG:
		return parse_positional(parsing, text);
	}
	return ARGP_ERR_UNKNOWN;
}

static int parse_flag(struct options *options, int key, char *text)
{
	switch (key) {
	case 'j':
		options->json = options->run.for_programs = true;
		return 0;
	case 'w':
		options->wide = true;
		return 0;
	case 't':
		options->time = true;
		return 0;
	case 'b':
		options->batch = true;
		return 0;
	case 'v':
		options->verbosity++;
		return 0;
	case 's':
		options->sort = text;
		return 0;
	case 'o':
		options->file = text;
		return 0;
	case KEY_LOG_DIR:
		options->run.log_directory = text;
		return 0;
	case KEY_ALL:
		options->all = true;
		return 0;
	case KEY_NO_BPF:
		options->run.polls = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct parsing *parsing = state->input;
	int err;

	parsing->next = state->next;
	err = parse_flag(parsing->options, key, text);

	if (err == ARGP_ERR_UNKNOWN)
		err = parse_filter(parsing, key, text);
	if (err == ARGP_ERR_UNKNOWN)
		err = parse_value(parsing, key, text);
	return err == ARGP_ERR_UNKNOWN ? ARGP_ERR_UNKNOWN : err ? EINVAL : 0;
}

static void select_options(struct argp_option *selected, const struct command *command)
{
	size_t i, count = 0;

	for (i = 0; i < OPTIONS; i++)
		if (!option_table[i].groups || option_table[i].groups & command->option_groups)
			selected[count++] = option_table[i].argp;
	selected[count++] = (struct argp_option){ "help", 'h', NULL, 0, "show this", -1 };
	selected[count] = (struct argp_option){};
}

/* printf's width counts bytes; "…" has three of them in one column. */
static int width_of(const char *text, int columns)
{
	for (; *text; text++)
		columns += (*text & 0xc0) == 0x80;
	return columns;
}

static void show_help(const struct command *command, const struct argp_option *selected)
{
	const char *arguments = command->arguments ?: "", *space = command->arguments ? " " : "";
	char name[64];

	if (command->main) /* what it takes decides which options there are */
		printf("Usage: tcpdwell %s%s%s [OPTIONS]\n%s\n\nOptions:\n", command->name, space, arguments, command->description);
	else
		printf("Usage: tcpdwell %s [OPTIONS]%s%s\n%s\n\nOptions:\n", command->name, space, arguments, command->description);
	for (; selected->name; selected++) {
		snprintf(name, sizeof(name), "%s%s%s", selected->name, selected->arg ? "=" : "", selected->arg ?: "");
		if (selected->key < 0x100)
			printf("  -%c, --%-*s %s\n", selected->key, width_of(name, 28), name, selected->doc);
		else
			printf("      --%-*s %s\n", width_of(name, 28), name, selected->doc);
	}
	printf("\nEXAMPLES\n%s\n", command->examples);
}

/* argp's own words are for its own help; a user gets one line that names the word and where to look. */
static int usage_error(const struct parsing *parsing, int argc, char **argv)
{
	int index = parsing->next > 0 ? parsing->next : 1;

	while (index < argc && argv[index][0] != '-')
		index++;
	if (parsing->error[0])
		log_error("%s", parsing->error);
	else
		log_error("%s: not an option of tcpdwell %s, or its value is missing; see tcpdwell %s --help",
			  index < argc ? argv[index] : argv[argc - 1], parsing->command->name, parsing->command->name);
	return EX_USAGE;
}

static bool asks_for_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h") || !strcmp(argv[i], "-?"))
			return true;
	return false;
}

int options_parse(struct options *options, const struct command *command, int argc, char **argv)
{
	struct argp_option selected[OPTIONS + 2];
	struct parsing parsing = { .options = options, .command = command };
	struct argp argp = { .options = selected, .parser = parse_option };

	options_init(options);
	options->run.filter.recorded = command->option_groups & OPTIONS_REPORT;
	select_options(selected, command);
	if (asks_for_help(argc, argv)) {
		show_help(command, selected);
		return -1;
	}
	if (argp_parse(&argp, argc, argv, ARGP_SILENT, NULL, &parsing) ||
	    filter_check(&options->run.filter, parsing.error, sizeof(parsing.error)))
		return usage_error(&parsing, argc, argv);
	if (command->option_groups & OPTIONS_TRACING)
		filter_own_netns(&options->run.filter, !kernel_own_pid_namespace());
	if (getenv("NO_COLOR") && *getenv("NO_COLOR") && options->color == COLOR_AUTO)
		options->color = COLOR_NEVER;
	return command->options_check && !command->options_check(options) ? EX_USAGE : 0;
}
