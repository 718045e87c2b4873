// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell trace: one line for each transition. */
#include "command.h"
#include "show/trace/lines.h"
#include "util/tcp_state.h"

struct trace_options {
	bool all, time, wide, accepts, cmdline;
};

#define FIELD(member) offsetof(struct trace_options, member)

static const struct trace_options trace_defaults;

static const struct option_row trace_rows[] = {
	{ "all", 0, NULL, "every transition", option_flag, FIELD(all) },
	{ "time", 't', NULL, "begin each line with the time of day", option_flag, FIELD(time) },
	{ "wide", 'w', NULL, "more columns", option_flag, FIELD(wide) },
	{ "accepts", 0, NULL, "each accept() too: how long the connection waited for it", option_flag, FIELD(accepts) },
	{ "cmdline", 0, NULL, "command lines in JSON too (they can hold secrets)", option_flag, FIELD(cmdline) },
	{},
};

static const struct option_set trace_options[] = { { trace_rows }, {} };

static uint32_t trace_states(const struct options *options)
{
	const struct trace_options *own = options->own;

	if (options->run.filter.state_mask)
		return options->run.filter.state_mask;
	return own->all ? ~0U : 1U << STATE_TIME_WAIT | 1U << STATE_CLOSE_WAIT;
}

/* Only programs read lines that say nothing but who has a socket. */
static bool tells_holders(const struct options *options)
{
	const struct trace_options *own = options->own;

	return own->all && options->json && !options->run.filter.state_mask;
}

static void trace_needs(const struct options *options, struct run_needs *needs)
{
	needs->emit_states = trace_states(options);
	needs->track_all = true;
	needs->port_search = options->json;
	needs->accepts = ((const struct trace_options *)options->own)->accepts;
	needs->holder_states = tells_holders(options) ? 1U << STATE_CLOSE_WAIT : 0;
}

static struct view *trace_view_new(const struct options *options, struct output *output)
{
	const struct trace_options *own = options->own;
	struct lines_config config = {
		.states = trace_states(options),
		.connect_failed = !options->run.filter.state_mask,
		.holders = tells_holders(options),
		.accepts = own->accepts,
		.json = options->json,
		.cmdline = own->cmdline,
		.at_once = options->run.seconds == 0,
		.columns = { own->time, own->wide, options_use_color(options) },
	};

	return lines_view_new(&config, output);
}

const struct command command_trace = {
	.name = "trace",
	.summary = "a line for each socket that enters or leaves TIME_WAIT, CLOSE_WAIT",
	.description = "Shows who makes each TIME_WAIT and CLOSE_WAIT as it happens: a line when a socket enters or leaves one\n"
		       "of these states, and when connect() fails, with the reason. Totals at the end.",
	.examples = "  tcpdwell trace                       # into and out of TIME_WAIT and CLOSE_WAIT\n"
		    "  tcpdwell trace --all -p 4711         # every transition of one process's sockets\n"
		    "  tcpdwell trace -D 61616 -j | jq .    # towards a message broker, as JSON\n"
		    "  tcpdwell trace --state SYN_SENT -t   # connects, with the time of day\n"
		    "  tcpdwell trace --accepts -L 8080     # how long each connection waited for accept()",
	.own = trace_options,
	.own_defaults = &trace_defaults,
	.own_size = sizeof(trace_defaults),
	.common = COMMON_LIVE | COMMON_JSON,
	.view_new = trace_view_new,
	.view_free = lines_view_free,
	.view_needs = trace_needs,
};
