// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell ports: how many local ports each destination has left. */
#include <errno.h>

#include "command.h"
#include "filter/event_filter.h"
#include "options.h"
#include "show/ports/names.h"
#include "show/ports/ports.h"
#include "show/ports/screen.h"
#include "show/terminal.h"
#include "util/log.h"

struct ports_options {
	enum ports_by by;
	uint32_t rows; /* 0 = default */
	uint32_t max_rows;
	uint64_t interval_ns, count; /* 0 = default; no end */
	bool batch;
	bool bind_failures;
};

#define FIELD(member) offsetof(struct ports_options, member)
#define INTERVAL_MIN_NS 10000000

static const struct ports_options ports_defaults;

static const struct option_row ports_rows[] = {
	{ "by", 0, "KEY", "by destination, process, local, peer or bind", option_choice, FIELD(by), 0, PORTS_BY_COUNT - 1,
	  .choice = ports_by_name },
	{ "rows", 'r', "ROWS", "show so many rows", option_u32, FIELD(rows), 1, 1 << 20 },
	{ "max-rows", 0, "N", "keep so many destinations apart", option_u32, FIELD(max_rows), 1, 1 << 24 },
	{ "bind-failures", 0, NULL, "see bind() fail, if it takes a hook on all system calls", option_flag, FIELD(bind_failures) },
	{ "batch", 'b', NULL, "print tables instead of drawing on the terminal", option_flag, FIELD(batch) },
	{ NULL, 0, "INTERVAL", NULL, option_duration, FIELD(interval_ns), INTERVAL_MIN_NS },
	{ NULL, 0, "COUNT", NULL, option_u64, FIELD(count), 1, UINT32_MAX },
	{},
};

static const struct option_set ports_options[] = { { ports_rows }, {} };

/* Who has a port is of interest in every state in which one can have it. */
static void ports_needs(const struct options *options, struct run_needs *needs)
{
	const struct ports_options *own = options->own;

	needs->bind_failures = own->bind_failures ? BIND_FAILURES_ALWAYS : BIND_FAILURES_WHERE_FREE;
	needs->emit_states = ~0U;
	needs->track_all = true;
	needs->holder_states = ~0U;
	needs->port_search = needs->ports = true;
	needs->filters_processes = true;
}

/* All sockets of a destination count, so what selects single ones is of no use. */
static bool ports_options_check(const struct options *options)
{
	const struct ports_options *own = options->own;

	if (options->run.polls && own->bind_failures)
		log_error("--bind-failures: what fails leaves no trace in the kernel's list of sockets, so --no-bpf can't see it");
	else if (options->run.filter.state_mask)
		log_error("--state: a port is in use in every state; ports shows how many are in which");
	else if (options->run.filter.n_local_ports)
		log_error("-L: connect() chooses local ports; -D and --remote select destinations");
	else
		return true;
	return false;
}

/* Rows are shown where a process that is asked for has ports, or fails. */
static bool selects(const void *context, const struct known_process *process)
{
	const struct filter *filter = context;

	return process_decide(filter, &process->process, process->cgroup->path, &process->cgroup->container) == NAMES_PASS;
}

static struct ports_config config_of(const struct options *options)
{
	const struct ports_options *own = options->own;

	return (struct ports_config){
		.model = {
			.by = own->by,
			.max_rows = own->max_rows,
			.max_sockets = options->run.max_sockets,
			.interval_ns = own->interval_ns,
			.selects = filter_has_processes(&options->run.filter) ? selects : NULL,
			.context = &options->run.filter,
		},
		.rows = own->rows,
		.count = own->count,
		.json = options->json,
		.color = options->color != COLOR_NEVER,
	};
}

static struct view *ports_view(const struct options *options, struct output *output)
{
	struct ports_config config = config_of(options);

	return ports_view_new(&config, output);
}

void ports_default_interval(struct options *options, uint64_t interval_ns)
{
	struct ports_options *own = options->own;

	if (!own->interval_ns)
		own->interval_ns = interval_ns;
}

static int run_on_terminal(const struct options *options)
{
	struct run_needs needs = {};
	struct ports_config config = config_of(options);
	struct terminal_guard guard;
	struct view *view;
	char error[512];
	int err;

	terminal_guard_begin(&guard);
	view = ports_screen_new(&config, &guard);
	ports_needs(options, &needs);
	error[0] = '\0';
	err = view ? machine_run(&options->run, &needs, view, error, sizeof(error)) : -ENOMEM;
	ports_screen_free(view);
	terminal_guard_end(&guard);
	return run_result(err, error);
}

static int ports_run(const struct options *options)
{
	const struct ports_options *own = options->own;

	if (!own->batch && !options->json && terminal_is_usable())
		return run_on_terminal(options);
	return command_show(&command_ports, options, machine_run);
}

const struct command command_ports = {
	.name = "ports",
	.summary = "local ports left for each destination, and when they run out",
	.arguments = "[INTERVAL [COUNT]]",
	.description =
		"How many local ports connect() has left for each destination: a remote address and port, from one local\n"
		"address of a network namespace. The fullest comes first. FREE 0 is \"Cannot assign requested address\". With\n"
		"more than half of them in use connect() still finds a port, but looks through that half first, each time. SLOW\n"
		"and FULL say when, at the present rate; MAX/s is the rate that the ports bear for ever. Below the table: who fails,\n"
		"who has the ports, when they come back, and what would help by how much.",
	.examples = "  tcpdwell ports                       # each second\n"
		    "  tcpdwell ports -b 10 6               # six tables, one each 10 seconds\n"
		    "  tcpdwell ports --by process          # who uses how many\n"
		    "  tcpdwell ports --by local            # what bind(address, 0) chooses from\n"
		    "  tcpdwell ports --by bind             # \"Address already in use\": who has the port\n"
		    "  tcpdwell ports --by peer             # ports that others use towards our services\n"
		    "  tcpdwell ports -j 1 | jq 'select(.type == \"destination\" and .usable == 0)'",
	.own = ports_options,
	.own_defaults = &ports_defaults,
	.own_size = sizeof(ports_defaults),
	.common = COMMON_LIVE | COMMON_JSON,
	.options_check = ports_options_check,
	.run = ports_run,
	.view_new = ports_view,
	.view_free = ports_view_free,
	.view_needs = ports_needs,
	.names_findings = NAMES_ALL_FINDINGS,
};
