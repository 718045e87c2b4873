// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell top: who makes TIME_WAIT, who holds CLOSE_WAIT. */
#include <errno.h>

#include "account/ranking.h"
#include "command.h"
#include "show/terminal.h"
#include "show/top/top.h"
#include "show/top/screen.h"
#include "util/log.h"
#include "util/tcp_state.h"

static uint32_t top_states(const struct options *options)
{
	uint32_t waiting = 1U << STATE_TIME_WAIT | 1U << STATE_CLOSE_WAIT;

	return options->run.filter.state_mask ? options->run.filter.state_mask & waiting : waiting;
}

static void top_needs(const struct options *options, struct run_needs *needs)
{
	needs->emit_states = top_states(options);
	needs->holder_states = needs->emit_states & 1U << STATE_CLOSE_WAIT;
}

static bool top_options_check(const struct options *options)
{
	char list[256];

	sort_key_list(list, sizeof(list));
	if (options->sort && sort_key_parse(options->sort) < 0)
		log_error("-s: \"%s\" is not one of %s", options->sort, list);
	else if (!top_states(options))
		log_error("--state: top shows TIME_WAIT and CLOSE_WAIT; for other states there is tcpdwell hist");
	else
		return true;
	return false;
}

static struct top_config config_of(const struct options *options)
{
	return (struct top_config){
		.group = options->group,
		.sort = options->sort ? sort_key_parse(options->sort) : MEASURE_NOW,
		.rows = options->rows,
		.max_groups = options->max_rows,
		.interval_ns = options->interval * 1e9,
		.count = options->count,
		.json = options->json,
		.color = options->color != COLOR_NEVER,
	};
}

static struct view *top_view(const struct options *options, struct output *output)
{
	struct top_config config = config_of(options);

	return top_view_new(&config, output);
}

static int run_on_terminal(const struct options *options)
{
	struct run_needs needs = {};
	struct top_config config = config_of(options);
	struct terminal_guard guard;
	struct view *view;
	char error[512];
	int err;

	terminal_guard_begin(&guard);
	view = top_screen_new(&config, &guard);
	top_needs(options, &needs);
	error[0] = '\0';
	err = view ? machine_run(&options->run, &needs, view, error, sizeof(error)) : -ENOMEM;
	top_screen_free(view);
	terminal_guard_end(&guard);
	return run_result(err, error);
}

static int top_run(const struct options *options)
{
	if (!options->batch && !options->json && terminal_is_usable())
		return run_on_terminal(options);
	return command_show(&command_top, options, machine_run);
}

const struct command command_top = {
	.name = "top",
	.summary = "live table: who makes TIME_WAIT, who holds CLOSE_WAIT",
	.arguments = "[INTERVAL [COUNT]]",
	.description =
		"Who makes TIME_WAIT and who holds CLOSE_WAIT, by process, cgroup, container, pod, remote end or port.\n"
		"On a terminal a table that is redrawn each INTERVAL (1 s): h shows the keys. Elsewhere, or with -b, a table\n"
		"an interval. TW is TIME_WAIT, CW is CLOSE_WAIT; NEW counts entries since the start, NOW those that are there,\n"
		"from before the start too. OLDEST ends in + where the socket is older than tcpdwell. P50 and P99: half, and\n"
		"99 in 100, of the sockets that left stayed at most so long.\n"
		"Sort keys: now (TIME_WAIT and CLOSE_WAIT together), tw-new, tw-rate, tw-now, tw-p50, tw-p99, cw-new, cw-rate,\n"
		"cw-now, cw-oldest, cw-p50, cw-p99, name.",
	.examples = "  tcpdwell top                         # on a terminal: interactive\n"
		    "  tcpdwell top --by remote -s tw-rate  # towards whom TIME_WAIT is made, the fastest first\n"
		    "  tcpdwell top -b 10 6                 # six tables, one each 10 seconds\n"
		    "  tcpdwell top -j 1 | jq .totals       # an object a second",
	.option_groups = OPTIONS_TRACING | OPTIONS_JSON | OPTIONS_GROUPS | OPTIONS_BATCH,
	.options_check = top_options_check,
	.run = top_run,
	.view_new = top_view,
	.view_free = top_view_free,
	.view_needs = top_needs,
};
