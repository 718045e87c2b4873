// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell hist: how long sockets stay in each state. */
#include "command.h"
#include "options_grouping.h"
#include "show/hist/hist.h"
#include "util/log.h"

struct hist_options {
	struct grouping_options grouping;
	enum hist_sort sort;
};

static const struct hist_options hist_defaults;

static const char *sort_name(unsigned int sort)
{
	return hist_sort_name(sort);
}

static const struct option_row hist_rows[] = {
	{ "sort", 's', "KEY", "sort by count, open or name", option_choice, offsetof(struct hist_options, sort), 0, HIST_SORTS - 1,
	  .choice = sort_name },
	{},
};

static const struct option_set hist_options[] = {
	{ grouping_rows, offsetof(struct hist_options, grouping) },
	{ hist_rows },
	{},
};

static void hist_needs(const struct options *options, struct run_needs *needs)
{
	needs->emit_states = hist_states(options->run.filter.state_mask);
	needs->track_all = true;
	needs->holder_states = needs->emit_states;
	needs->filters_processes = true;
}

static struct view *hist_view(const struct options *options, struct output *output)
{
	const struct hist_options *own = options->own;
	struct hist_config config = {
		.filter = &options->run.filter,
		.states = hist_states(options->run.filter.state_mask),
		.by = own->grouping.by,
		.sort = own->sort,
		.rows = own->grouping.rows,
		.max_groups = own->grouping.max_groups,
		.interval_ns = own->grouping.interval_ns,
		.count = own->grouping.count,
		.json = options->json,
		.color = options_use_color(options),
	};

	return hist_view_new(&config, output);
}

static bool hist_options_check(const struct options *options)
{
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
		"Sort keys: count (those that ended and those still there), open, name.",
	.examples = "  tcpdwell hist -d 60                            # a minute, all states, by process\n"
		    "  tcpdwell hist --state CLOSE_WAIT --by remote   # how long until we close, by remote end\n"
		    "  tcpdwell hist --state ESTABLISHED -L 8080 10   # connection lengths of a service, every 10 seconds\n"
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
