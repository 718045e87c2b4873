// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell trace: one line for each transition. */
#include "command.h"
#include "show/trace/lines.h"

static void trace_needs(const struct options *options, struct live_needs *needs)
{
	needs->emit_states = lines_states(options);
	needs->track_all = true;
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
	.view_new = lines_view_new,
	.view_free = lines_view_free,
	.view_needs = trace_needs,
};
