// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell hist: how long sockets stay in each state. */
#include "command.h"
#include "options_grouping.h"
#include "show/hist/hist.h"
#include "util/log.h"
#include "util/tcp_state.h"

struct hist_options {
	struct grouping_options grouping;
	enum hist_sort sort;
	enum hist_of of;
	bool heat;
};

#define HEAT_INTERVAL_NS 1000000000ULL

static const struct hist_options hist_defaults;

static const char *sort_name(unsigned int sort)
{
	return hist_sort_name(sort);
}

static const char *of_name(unsigned int of)
{
	return hist_of_name(of);
}

static const struct option_row hist_rows[] = {
	{ "of", 0, "WHAT", "of the time in states, of search: how long connect() looks for a port, or of accept: how long connections wait for accept()",
	  option_choice,
	  offsetof(struct hist_options, of), 0, HIST_OFS - 1, .choice = of_name },
	{ "heat", 0, NULL, "over time: a line an interval, a column a power of two, the shade is the count", option_flag,
	  offsetof(struct hist_options, heat) },
	{ "sort", 's', "KEY", "sort by count, open or name", option_choice, offsetof(struct hist_options, sort), 0, HIST_SORTS - 1,
	  .choice = sort_name },
	{},
};

static const struct option_set hist_options[] = {
	{ grouping_rows, offsetof(struct hist_options, grouping) },
	{ hist_rows },
	{},
};

static uint32_t states_of(const struct options *options)
{
	const struct hist_options *own = options->own;

	if (own->of == HIST_OF_SEARCH)
		return 1U << STATE_SYN_SENT;
	if (own->of == HIST_OF_ACCEPT)
		return 1U << STATE_ESTABLISHED;
	return hist_states(options->run.filter.state_mask);
}

static void hist_needs(const struct options *options, struct run_needs *needs)
{
	const struct hist_options *own = options->own;

	needs->port_search = own->of == HIST_OF_SEARCH;
	needs->accepts = own->of == HIST_OF_ACCEPT;
	/* Those that are closed by their client while they wait go on doing so in CLOSE_WAIT. */
	needs->emit_states = states_of(options) | (needs->accepts ? 1U << STATE_CLOSE_WAIT : 0);
	needs->track_all = true;
	needs->holder_states = needs->emit_states;
	needs->filters_processes = true;
}

static struct view *hist_view(const struct options *options, struct output *output)
{
	const struct hist_options *own = options->own;
	struct hist_config config = {
		.filter = &options->run.filter,
		.of = own->of,
		.states = states_of(options),
		.by = own->grouping.by,
		.sort = own->sort,
		.rows = own->grouping.rows,
		.max_groups = own->grouping.max_groups,
		.interval_ns = own->grouping.interval_ns ?: own->heat ? HEAT_INTERVAL_NS : 0,
		.count = own->grouping.count,
		.json = options->json,
		.heat = own->heat,
		.color = options_use_color(options),
	};

	return hist_view_new(&config, output);
}

static bool hist_options_check(const struct options *options)
{
	const struct hist_options *own = options->own;

	if (own->of == HIST_OF_SEARCH && options->run.filter.state_mask) {
		log_error("--state: --of search is of connects alone");
		return false;
	}
	if (own->of == HIST_OF_ACCEPT && options->run.filter.state_mask) {
		log_error("--state: --of accept is of connections that wait for accept(), whatever their state");
		return false;
	}
	if (own->of == HIST_OF_ACCEPT && options->run.polls) {
		log_error("--of accept: /proc does not tell when accept() takes a connection; leave --no-bpf out (as root). How many wait, and for how "
			  "long, is in tcpdwell top --no-bpf");
		return false;
	}
	if (hist_states(options->run.filter.state_mask))
		return true;
	log_error("--state: hist shows states of connections, not CLOSE or LISTEN");
	return false;
}

const struct command command_hist = {
	.name = "hist",
	.summary = "dwell-time histograms by state and by any key",
	.arguments = "[INTERVAL [COUNT]]",
	.description =
		"How long sockets stay in each state, by process, or by whatever --by says (two keys: process,remote). Shown once at\n"
		"the end (Ctrl-C, -d), or with INTERVAL for each interval. Sockets that are still in the state are counted\n"
		"apart with their age so far, so that a leak shows though no socket ever ended; \"or more\" where some are\n"
		"older than tcpdwell. Bounds are inclusive; with -j there are eight buckets to a power of two.\n"
		"--heat shows the intervals (1 s) below each other, a line each: columns are powers of two from a microsecond on.\n"
		"Sort keys: count (those that ended and those still there), open, name.",
	.examples = "  tcpdwell hist -d 60                            # a minute, all states, by process\n"
		    "  tcpdwell hist --state CLOSE_WAIT --by remote   # how long until we close, by remote end\n"
		    "  tcpdwell hist --state ESTABLISHED -L 8080 10   # connection lengths of a service, every 10 seconds\n"
		    "  tcpdwell hist --heat --state CLOSE_WAIT 5      # a line each 5 seconds: does it get slower?\n"
		    "  tcpdwell hist --of search --by remote -d 60    # how long connect() looks for a local port\n"
		    "  tcpdwell hist --of accept --by port -d 60      # how long connections wait for accept()\n"
		    "  tcpdwell hist -j -d 60 | jq 'select(.state==\"TIME_WAIT\")'",
	.own = hist_options,
	.own_defaults = &hist_defaults,
	.own_size = sizeof(hist_defaults),
	.common = COMMON_LIVE | COMMON_JSON,
	.options_check = hist_options_check,
	.view_new = hist_view,
	.view_free = hist_view_free,
	.view_needs = hist_needs,
};
