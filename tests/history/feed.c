// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* feed RECORDING FOLDER BUDGET [RATE]: a recording goes through the agent's history as a live run would, only faster. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history/history.h"
#include "recording/recording.h"
#include "util/stop.h"

static long take(void *context, void *buffer, size_t size)
{
	long got = read(*(int *)context, buffer, size);

	return got < 0 ? -errno : got;
}

static int complain(const char *what, const char *error, int err)
{
	fprintf(stderr, "feed: %s: %s (%s)\n", what, error, strerror(-err));
	return 1;
}

int main(int argc, char **argv)
{
	struct history_config config = { .folder = argc > 2 ? argv[2] : NULL, .budget = argc > 3 ? strtoull(argv[3], NULL, 10) : 0,
					 .max_event_rate = argc > 4 ? atoi(argv[4]) : 0 };
	struct recording_findings findings;
	struct run_options options;
	struct run_needs needs = {};
	struct history_state state;
	struct view *history;
	char error[512] = "";
	int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1, err;

	if (fd < 0 || !config.budget)
		return complain("usage", "feed RECORDING FOLDER BUDGET [RATE]", 0);
	stop_catch_signals();
	run_options_init(&options);
	err = history_view_new(&history, &config, error, sizeof(error));
	if (err)
		return complain("open", error, err);
	puts("open");
	fflush(stdout);
	history_view_needs(&needs);
	err = recording_replay(take, &fd, &options, &needs, history, &findings, error, sizeof(error));
	state = history_view_state(history);
	printf("{\"used\": %llu, \"budget\": %llu, \"withheld\": %llu, \"intervals_lost\": %llu, \"set_aside\": %llu, \"lines\": %llu}\n",
	       (unsigned long long)state.used_bytes, (unsigned long long)state.budget_bytes, (unsigned long long)state.events_withheld,
	       (unsigned long long)state.intervals_lost, (unsigned long long)state.set_aside, (unsigned long long)findings.lines);
	history_view_free(history);
	return err ? complain("replay", error, err) : 0;
}
