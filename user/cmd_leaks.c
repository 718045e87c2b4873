// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell leaks: sockets stuck in a state. */
#include "command.h"
#include "show/leaks/leaks.h"
#include "util/log.h"
#include "util/tcp_state.h"

/* States that a healthy socket leaves soon; TIME_WAIT ends by itself, ESTABLISHED may last. */
#define STUCK_STATES                                                                                                     \
	(1U << STATE_CLOSE_WAIT | 1U << STATE_FIN_WAIT1 | 1U << STATE_FIN_WAIT2 | 1U << STATE_LAST_ACK |                  \
	 1U << STATE_SYN_SENT | 1U << STATE_CLOSING)

static uint32_t states_of(const struct options *options)
{
	return options->run.filter.state_mask ?: 1U << STATE_CLOSE_WAIT;
}

static void leaks_needs(const struct options *options, struct run_needs *needs)
{
	needs->emit_states = states_of(options);
	needs->holder_states = needs->emit_states;
	needs->track_all = needs->emit_states != 1U << STATE_CLOSE_WAIT;
}

static struct view *leaks_view(const struct options *options, struct output *output)
{
	struct leaks_config config = {
		.states = states_of(options),
		.older_than_ns = options->older_than_ns,
		.watches = options->run.seconds >= 0,
		.rows = options->rows,
		.max_sockets = options->run.max_sockets,
		.json = options->json,
		.wide = options->wide,
	};

	return leaks_view_new(&config, output);
}

static int leaks_exit(const struct options *options, const struct view *view)
{
	return leaks_view_found(view) > options->fail_on ? EXIT_FINDINGS : EXIT_FINE;
}

static bool leaks_options_check(const struct options *options)
{
	if (!(states_of(options) & ~STUCK_STATES))
		return true;
	log_error("--state: leaks looks at CLOSE_WAIT, FIN_WAIT1, FIN_WAIT2, LAST_ACK, SYN_SENT and CLOSING; "
		  "sockets leave TIME_WAIT by themselves, and may be in the others for long");
	return false;
}

const struct command command_leaks = {
	.name = "leaks",
	.summary = "sockets stuck in CLOSE_WAIT (or another state): owner, descriptors, age",
	.description = "Lists the sockets that are in CLOSE_WAIT for longer than --older-than: oldest first, with the owner, every\n"
		       "process that has a descriptor, the age, what is not read yet, and whether it was ever accepted. Sockets\n"
		       "from before tcpdwell are there too; their age is then \"at least\". Without -d it looks once; with -d it\n"
		       "watches first, and says how fast each group grows.",
	.examples = "  tcpdwell leaks                        # what is stuck now\n"
		    "  tcpdwell leaks -d 60                  # watch for a minute: is it growing?\n"
		    "  tcpdwell leaks --fail-on 100 >/dev/null || echo leaking   # in a script; exit code 3\n"
		    "  tcpdwell leaks --older-than 1h -j | jq -r 'select(.type == \"leak\") | .owner_comm' | sort | uniq -c\n"
		    "  tcpdwell leaks --state FIN_WAIT2,LAST_ACK --older-than 2m -d 2m",
	.option_groups = OPTIONS_TRACING | OPTIONS_JSON | OPTIONS_LEAKS,
	.options_check = leaks_options_check,
	.view_new = leaks_view,
	.view_free = leaks_view_free,
	.view_needs = leaks_needs,
	.view_exit = leaks_exit,
};
