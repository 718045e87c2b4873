// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell top: all states at a glance, what is wrong first. */
#include <errno.h>

#include "account/ranking.h"
#include "command.h"
#include "show/terminal.h"
#include "show/top/top.h"
#include "show/top/screen.h"
#include "top_options.h"
#include "util/failure.h"
#include "util/log.h"
#include "util/tcp_state.h"

#define FIELD(member) offsetof(struct top_options, member)

static const struct top_options top_defaults = { .sort = MEASURE_TROUBLE };

static int parse_sort(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	int sort = sort_key_parse(text);
	char list[256];

	(void)row;
	if (sort >= 0) {
		*(enum measure *)field = sort;
		return 0;
	}
	sort_key_list(list, sizeof(list));
	return fail(error, error_size, "-s: \"%s\" is not one of %s", text, list);
}

static const struct option_row top_rows[] = {
	{ "sort", 's', "KEY", "sort by this column", parse_sort, FIELD(sort) },
	{ "batch", 'b', NULL, "print tables instead of drawing on the terminal", option_flag, FIELD(batch) },
	{ "wide", 'w', NULL, "percentiles, the other end, what each process runs", option_flag, FIELD(wide) },
	{},
};

static const struct option_set top_options[] = { { grouping_rows, FIELD(grouping) }, { top_rows }, {} };

/* Those that records tell of; of all others a look each second does. */
static uint32_t top_states(const struct options *options)
{
	uint32_t waiting = 1U << STATE_TIME_WAIT | 1U << STATE_CLOSE_WAIT;

	return (options->run.filter.state_mask & waiting) ?: waiting;
}

void top_needs(const struct options *options, struct run_needs *needs)
{
	needs->emit_states = top_states(options);
	needs->holder_states = needs->emit_states & 1U << STATE_CLOSE_WAIT;
	needs->filters_processes = true;
	needs->present = needs->namespaces = true;
}

struct top_config top_config_of(const struct options *options)
{
	const struct top_options *own = options->own;

	return (struct top_config){
		.filter = &options->run.filter,
		.by = own->grouping.by,
		.sort = own->sort,
		.states = options->run.filter.state_mask,
		.rows = own->grouping.rows,
		.max_groups = own->grouping.max_groups,
		.interval_ns = own->grouping.interval_ns,
		.count = own->grouping.count,
		.json = options->json,
		.wide = own->wide,
		.color = options->color != COLOR_NEVER,
	};
}

static struct view *top_view(const struct options *options, struct output *output)
{
	struct top_config config = top_config_of(options);

	return top_view_new(&config, output);
}

static int run_on_terminal(const struct options *options)
{
	struct run_needs needs = {};
	struct top_config config = top_config_of(options);
	struct terminal_guard guard;
	struct view *view;
	char error[512];
	int err;

	terminal_guard_begin(&guard);
	view = top_screen_new(&config, &guard);
	top_needs(options, &needs);
	findings_needs(&needs);
	error[0] = '\0';
	err = view ? machine_run(&options->run, &needs, view, error, sizeof(error)) : -ENOMEM;
	top_screen_free(view);
	terminal_guard_end(&guard);
	return run_result(err, error);
}

static int top_run(const struct options *options)
{
	const struct top_options *own = options->own;

	if (!own->batch && !options->json && terminal_is_usable())
		return run_on_terminal(options);
	return command_show(&command_top, options, machine_run);
}

const struct command command_top = {
	.name = "top",
	.summary = "live table of all states: what is wrong first, and who has it",
	.arguments = "[INTERVAL [COUNT]]",
	.description =
		"What stands out, in words; below it a row a process, or whatever --by says (two keys: process,remote), the worst first.\n"
		"On a terminal a table that is redrawn each INTERVAL (1 s): Enter shows a row's sockets, h the keys. Elsewhere, or with\n"
		"-b, a table an interval. WHY says what is wrong with a row:\n"
		"  no port     connect() finds no free local port\n"
		"  no fds      no descriptor left (\"Too many open files\"), and CLOSE_WAIT\n"
		"  leak        CLOSE_WAIT that is not closed, old or growing\n"
		"  queue full  an accept queue is full; drops: it was\n"
		"  gave up     clients closed before the program accepted them\n"
		"  no answer   connects wait in SYN_SENT, timed out or were given up\n"
		"  no route    the network or the host can't be reached\n"
		"  refused     nothing listens there\n"
		"  unclosed    CLOSE_WAIT for more than 10 seconds\n"
		"  half-close  FIN_WAIT2: the process at the other end does not close\n"
		"  many peers  500 remote addresses or more\n"
		"TW is TIME_WAIT, CW is CLOSE_WAIT: NEW entries since the start, NOW there now, from before the start too; OLDEST ends\n"
		"in + where the socket is older than tcpdwell. SYN, ESTAB, FIN2, SYNRCV, LISTEN are sockets in these states, CLOSNG those\n"
		"that wait for an answer to their FIN, QUEUE those that no one accepted yet. -w adds the median (P50) and the 99th\n"
		"percentile of the time that sockets were in TIME_WAIT and CLOSE_WAIT, the other end, and what each process runs.\n"
		"Sort keys: trouble (the default), now (TIME_WAIT and CLOSE_WAIT), sockets, tw-new, tw-rate, tw-now, tw-p50, tw-p99,\n"
		"cw-new, cw-rate, cw-now, cw-oldest, cw-p50, cw-p99, syn-sent, syn-recv, established, fin-wait-2, closing, queue,\n"
		"listen, remotes, failures, name.",
	.examples = "  tcpdwell top                         # on a terminal: interactive\n"
		    "  tcpdwell top --state SYN_SENT        # whose connects wait for an answer\n"
		    "  tcpdwell top --by remote -s tw-rate  # towards whom TIME_WAIT is made, the fastest first\n"
		    "  tcpdwell top -b 10 6                 # six tables, one each 10 seconds\n"
		    "  tcpdwell top -j 1 | jq .totals       # an object a second",
	.own = top_options,
	.own_defaults = &top_defaults,
	.own_size = sizeof(top_defaults),
	.common = COMMON_LIVE | COMMON_JSON,
	.run = top_run,
	.view_new = top_view,
	.view_free = top_view_free,
	.view_needs = top_needs,
	.names_findings = NAMES_PRESENT_FINDINGS,
};
