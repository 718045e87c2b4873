// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell trace: one line for each transition. */
#include "command.h"
#include "show/trace/lines.h"
#include "util/tcp_state.h"

static uint32_t trace_states(const struct options *options)
{
	if (options->run.filter.state_mask)
		return options->run.filter.state_mask;
	return options->all ? ~0U : 1U << STATE_TIME_WAIT | 1U << STATE_CLOSE_WAIT;
}

/* Only programs read lines that say nothing but who has a socket. */
static bool tells_holders(const struct options *options)
{
	return options->all && options->json && !options->run.filter.state_mask;
}

static void trace_needs(const struct options *options, struct run_needs *needs)
{
	needs->emit_states = trace_states(options);
	needs->track_all = true;
	needs->holder_states = tells_holders(options) ? 1U << STATE_CLOSE_WAIT : 0;
}

static struct view *trace_view_new(const struct options *options, struct output *output)
{
	struct lines_config config = {
		.states = trace_states(options),
		.connect_failed = !options->run.filter.state_mask,
		.holders = tells_holders(options),
		.json = options->json,
		.columns = { options->time, options->wide, options_use_color(options) },
	};

	return lines_view_new(&config, output);
}

const struct command command_trace = {
	.name = "trace",
	.summary = "one line for each transition into and out of TIME_WAIT and CLOSE_WAIT",
	.description = "Shows who makes each TIME_WAIT and CLOSE_WAIT as it happens: a line when a socket enters or leaves one\n"
		       "of these states, and when connect() finds no free local port. Totals at the end.",
	.examples = "  tcpdwell trace                       # into and out of TIME_WAIT and CLOSE_WAIT\n"
		    "  tcpdwell trace --all -p 4711         # every transition of one process's sockets\n"
		    "  tcpdwell trace -D 61616 -j | jq .    # towards a message broker, as JSON\n"
		    "  tcpdwell trace --state SYN_SENT -t   # connects, with the time of day",
	.option_groups = OPTIONS_TRACING | OPTIONS_JSON | OPTIONS_TRACE,
	.view_new = trace_view_new,
	.view_free = lines_view_free,
	.view_needs = trace_needs,
};
