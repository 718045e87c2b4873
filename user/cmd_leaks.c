// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell leaks: sockets stuck in a state. */
#include <unistd.h>

#include "command.h"
#include "show/leaks/leaks.h"
#include "util/log.h"
#include "util/tcp_state.h"

/* States that a healthy socket leaves soon, and TIME_WAIT, which ends by itself; ESTABLISHED may last. */
#define STUCK_STATES                                                                                                     \
	(1U << STATE_CLOSE_WAIT | 1U << STATE_FIN_WAIT1 | 1U << STATE_FIN_WAIT2 | 1U << STATE_LAST_ACK |                  \
	 1U << STATE_SYN_SENT | 1U << STATE_CLOSING | 1U << STATE_TIME_WAIT)

struct leaks_options {
	uint64_t older_than_ns;
	uint64_t fail_on; /* UINT64_MAX: never */
	uint32_t rows; /* 0 = default */
	bool wide, cmdline;
};

#define FIELD(member) offsetof(struct leaks_options, member)

static const struct leaks_options leaks_defaults = { .older_than_ns = 10000000000, .fail_on = UINT64_MAX };

static const struct option_row leaks_rows[] = {
	{ "older-than", 0, "TIME", "in the state for longer than this (10s)", option_duration, FIELD(older_than_ns) },
	{ "fail-on", 0, "N", "exit with 3 when more than N are found", option_u64, FIELD(fail_on), 0, UINT32_MAX },
	{ "rows", 'r', "ROWS", "show so many rows", option_u32, FIELD(rows), 1, 1 << 20 },
	{ "wide", 'w', NULL, "more columns, and command lines", option_flag, FIELD(wide) },
	{ "cmdline", 0, NULL, "command lines in JSON too (they can hold secrets)", option_flag, FIELD(cmdline) },
	{},
};

static const struct option_set leaks_options[] = { { leaks_rows }, {} };

static uint32_t states_of(const struct options *options)
{
	return options->run.filter.state_mask ?: 1U << STATE_CLOSE_WAIT;
}

static void leaks_needs(const struct options *options, struct run_needs *needs)
{
	needs->emit_states = states_of(options);
	needs->holder_states = needs->emit_states;
	needs->filters_processes = true;
	needs->track_all = needs->emit_states & ~(1U << STATE_CLOSE_WAIT | 1U << STATE_TIME_WAIT);
	needs->local_ports = true;
	needs->present = needs->namespaces = true;
}

static struct view *leaks_view(const struct options *options, struct output *output)
{
	const struct leaks_options *own = options->own;
	struct leaks_config config = {
		.filter = &options->run.filter,
		.states = states_of(options),
		.older_than_ns = own->older_than_ns,
		.watches = options->run.seconds >= 0,
		.countdown_s = !options->json && isatty(STDOUT_FILENO) ? options->run.seconds : 0,
		.rows = own->rows,
		.max_sockets = options->run.max_sockets,
		.json = options->json,
		.wide = own->wide,
		.cmdline = own->cmdline,
	};

	return leaks_view_new(&config, output);
}

static int leaks_exit(const struct options *options, const struct view *view)
{
	const struct leaks_options *own = options->own;

	return leaks_view_found(view) > own->fail_on ? EXIT_FINDINGS : EXIT_FINE;
}

static bool leaks_options_check(const struct options *options)
{
	if (!(states_of(options) & ~STUCK_STATES))
		return true;
	log_error("--state: leaks looks at CLOSE_WAIT, FIN_WAIT1, FIN_WAIT2, LAST_ACK, CLOSING, SYN_SENT and TIME_WAIT; healthy "
		  "sockets may be in the others for long");
	return false;
}

const struct command command_leaks = {
	.name = "leaks",
	.summary = "sockets stuck in CLOSE_WAIT (or another state): who has them, age",
	.description = "Lists the sockets that are in CLOSE_WAIT for longer than --older-than: a line for each cause first, with the process\n"
		       "that has them, what it runs, what of them was read, and its descriptors; then each socket, the oldest first. Sockets\n"
		       "from before tcpdwell are there too; their age is then \"at least\". Without -d it looks once; with -d it watches first,\n"
		       "and says how each group grows: from 20 seconds on at which rate, and when the process has no descriptor left then.\n"
		       "--state TIME_WAIT lists them with the time that is left.\n"
		       "Accept queues that are full, or where a client waits for longer than --older-than, have a line each.",
	.examples = "  tcpdwell leaks                        # what is stuck now\n"
		    "  tcpdwell leaks -d 60                  # watch for a minute: is it growing?\n"
		    "  tcpdwell leaks --fail-on 100 >/dev/null || echo leaking   # in a script; exit code 3\n"
		    "  tcpdwell leaks --older-than 1h -j | jq -r '.holder_comm // empty'\n"
		    "  tcpdwell leaks --state FIN_WAIT2,LAST_ACK --older-than 2m -d 2m",
	.own = leaks_options,
	.own_defaults = &leaks_defaults,
	.own_size = sizeof(leaks_defaults),
	.common = COMMON_LIVE | COMMON_JSON,
	.options_check = leaks_options_check,
	.view_new = leaks_view,
	.view_free = leaks_view_free,
	.view_needs = leaks_needs,
	.names_findings = NAMES_PRESENT_FINDINGS,
	.view_exit = leaks_exit,
};
