// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * feed RECORDING FOLDER BUDGET [RATE [all]]: a recording goes through the agent's history as a live run would, only faster; "all":
 * through its metrics and findings too; "serve": once for each line of standard input, in a process of its own, then a line "ended N".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent_findings.h"
#include "export/metrics/metrics.h"
#include "history/history.h"
#include "recording/recording.h"
#include "source/views.h"
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

/* A scrape each ten seconds. */
static int wanted(void *context, uint64_t now_ns)
{
	uint64_t *next_ns = context;

	if (now_ns < *next_ns)
		return 0;
	*next_ns = now_ns + 10000000000ULL;
	return 1;
}

static void publish(void *context, const struct buffer *text, uint64_t now_ns)
{
	(void)context, (void)text, (void)now_ns;
}

struct agent {
	struct views views;
	struct view *metrics, *findings;
	uint64_t scrape_ns;
};

static struct view *open_metrics(struct agent *agent, const struct run_options *options)
{
	const struct metrics_config config = { .filter = &options->filter, .sink = { wanted, publish, NULL, &agent->scrape_ns } };

	agent->metrics = metrics_view_new(&config);
	return agent->metrics;
}

/* As the agent has them. */
static struct view *add_others(struct agent *agent, struct view *history, const struct run_options *options, struct run_needs *needs)
{
	struct run_needs of_metrics = {}, of_findings;

	metrics_view_needs(&of_metrics);
	agent->findings = agent_findings_new(history, &options->filter, metrics_diagnosis(agent->metrics));
	agent_findings_needs(&of_findings, true);
	views_init(&agent->views, NULL, NULL);
	views_add(&agent->views, history, "history", needs, false);
	views_add(&agent->views, agent->metrics, "metrics", &of_metrics, true);
	views_add(&agent->views, agent->findings, "findings", &of_findings, false);
	*needs = views_needs(&agent->views);
	return &agent->views.view;
}

static int feed(int argc, char **argv)
{
	struct history_config config = { .folder = argc > 2 ? argv[2] : NULL, .budget = argc > 3 ? strtoull(argv[3], NULL, 10) : 0,
					 .max_event_rate = argc > 4 ? atoi(argv[4]) : 0 };
	struct recording_findings findings;
	struct run_options options;
	struct run_needs needs = {};
	struct history_state state;
	struct view *history;
	struct agent agent = {};
	char error[512] = "";
	bool all = argc > 5 && !strcmp(argv[5], "all");
	int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1, err;

	if (fd < 0 || !config.budget)
		return complain("usage", "feed RECORDING FOLDER BUDGET [RATE [all]]", 0);
	stop_catch_signals();
	run_options_init(&options);
	config.books = all ? metrics_books(open_metrics(&agent, &options)) : NULL;
	err = history_view_new(&history, &config, error, sizeof(error));
	if (err)
		return complain("open", error, err);
	puts("open");
	fflush(stdout);
	history_view_needs(&needs);
	err = recording_replay(take, &fd, &options, &needs, all ? add_others(&agent, history, &options, &needs) : history,
			       &findings, error, sizeof(error));
	state = history_view_state(history);
	printf("{\"used\": %llu, \"budget\": %llu, \"withheld\": %llu, \"intervals_lost\": %llu, \"set_aside\": %llu, \"lines\": %llu}\n",
	       (unsigned long long)state.used_bytes, (unsigned long long)state.budget_bytes, (unsigned long long)state.events_withheld,
	       (unsigned long long)state.intervals_lost, (unsigned long long)state.set_aside, (unsigned long long)findings.lines);
	agent_findings_free(agent.findings);
	metrics_view_free(agent.metrics);
	history_view_free(history);
	return err ? complain("replay", error, err) : 0;
}

/* Programs are loaded once: a start costs a third. */
static int serve(int argc, char **argv)
{
	char line[16];
	int status;

	while (fgets(line, sizeof(line), stdin)) {
		pid_t child = fork();

		if (!child) {
			status = feed(argc, argv);
			fflush(stdout);
			_exit(status);
		}
		if (child < 0 || waitpid(child, &status, 0) < 0)
			return complain("fork", "no process", -errno);
		printf("ended %d\n", status);
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	return argc > 5 && !strcmp(argv[5], "serve") ? serve(argc, argv) : feed(argc, argv);
}
