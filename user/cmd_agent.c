// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcpdwell agent: one run that never ends by itself, several views of it. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "agent_findings.h"
#include "agent_metrics.h"
#include "agent_status.h"
#include "command.h"
#include "export/http/listen.h"
#include "export/http/listen.h"
#include "history/budget.h"
#include "history/history.h"
#include "show/findings_ask.h"
#include "source/views.h"
#include "util/failure.h"
#include "util/log.h"
#include "util/notify.h"
#include "util/text.h"

/* Writing and answering take longer than the kernel side takes to tell: room for a burst of 45,000 transitions. */
#define RING_BYTES (8 << 20)
#define WATCHDOG_SHARE 3 /* the service manager hears of us so often within its time */

#define MMAP_BYTES (128 << 10) /* pieces from here on, as of a file that is closed, go back to the system; else the first of them ends that */
#define CALM_S 5 /* between two looks at listening sockets and namespaces where nothing is wrong */
#define PATIENCE 8 /* no look at all sockets, ports, holders or namespaces takes more than an eighth of a hundredth of a processor */

struct agent_options {
	const char *word; /* NULL: run */
	const char *folder; /* NULL: no history */
	uint64_t budget; /* bytes */
	uint32_t max_event_rate;
	struct agent_metrics_options metrics;
};

#define FIELD(member) offsetof(struct agent_options, member)

static const struct agent_options agent_defaults = {
	.budget = BUDGET_DEFAULT,
	.max_event_rate = 2000,
	.metrics.listen = "127.0.0.1:9669",
};

static int parse_budget(const struct option_row *row, void *field, const char *text, char *error, size_t error_size)
{
	uint64_t bytes;

	if (text_parse_bytes(text, &bytes) || bytes < row->min)
		return fail(error, error_size, "--budget: \"%s\" is not a size of 8MiB or more; give 256MiB, or 2GiB", text);
	*(uint64_t *)field = bytes;
	return 0;
}

static const struct option_row agent_rows[] = {
	{ NULL, 0, "WORD", NULL, option_text, FIELD(word) },
	{ "dir", 0, "DIR", "keep a history in this folder; else there is none", option_text, FIELD(folder) },
	{ "budget", 0, "SIZE", "of all its files together, never more (256MiB)", parse_budget, FIELD(budget), BUDGET_MIN },
	{ "max-event-rate", 0, "N", "above so many events a second keep only what fails or leaks (2000)", option_u32,
	  FIELD(max_event_rate), 1, 1 << 30 },
	{ "listen", 0, "ADDR:PORT", "serve metrics here (127.0.0.1:9669), or at a socket /PATH; none: do not", option_text, FIELD(metrics.listen) },
	{ "allow-host", 0, "NAME[,…]", "answer requests to these host names too", option_text, FIELD(metrics.allowed_hosts) },
	{ "series", 0, "N", "series of metrics at most (2000)", option_u32, FIELD(metrics.series), 500, 1 << 20 },
	{},
};

static const struct option_set agent_options[] = { { agent_rows }, {} };

/*
 * The service manager hears that the run began, and that it goes on: both from the run itself, so that one that hangs is found. Without
 * one, whoever started it sees in a line where all of it goes.
 */
struct notify_view {
	struct view view;
	struct notify notify;
	char about[512];
	uint64_t told_ns; /* 0: not ready yet */
};

/* "history in /var/lib/tcpdwell, 256.0MiB at most; metrics at http://127.0.0.1:9669/metrics" */
static void describe(char *out, size_t size, const struct agent_options *own, const struct http *http)
{
	char budget[TEXT_NUMBER], folder[256] = "";
	int used;

	if (own->folder)
		text_sanitise(folder, sizeof(folder), own->folder, strlen(own->folder), sizeof(folder));
	text_bytes(budget, own->budget);
	if (own->folder)
		used = snprintf(out, size, "history in %s, %s at most", folder, budget);
	else
		used = snprintf(out, size, "no history (--dir keeps one)");
	if (http)
		snprintf(out + used, size - used, "; metrics at %s%.200s%s", *http_where(http) == '/' ? "" : "http://", http_where(http),
			 *http_where(http) == '/' ? "" : "/metrics");
	else
		snprintf(out + used, size - used, "; no metrics are served");
}

static void tell_ready(const struct notify_view *own)
{
	char text[600];

	snprintf(text, sizeof(text), "READY=1\nSTATUS=tracing: %s", own->about);
	notify_send(&own->notify, text);
	if (own->notify.fd < 0)
		log_warn("tracing until it is stopped: %s", own->about);
}

static int notify_tick(struct view *view, const struct tick *tick)
{
	struct notify_view *own = (struct notify_view *)view;

	if (!own->told_ns)
		tell_ready(own);
	else if (!own->notify.watchdog_ns || tick->time_ns - own->told_ns < own->notify.watchdog_ns / WATCHDOG_SHARE)
		return 0;
	notify_send(&own->notify, "WATCHDOG=1");
	own->told_ns = tick->time_ns;
	return 0;
}

static int notify_end(struct view *view, const struct tick *last)
{
	(void)last;
	notify_send(&((struct notify_view *)view)->notify, "STOPPING=1");
	return 0;
}

/* Also while nothing happens it is heard of in time. */
static unsigned int notify_tick_ms(const struct notify *notify)
{
	uint64_t ms = notify->watchdog_ns / WATCHDOG_SHARE / 1000000;

	return ms && ms < VIEW_IDLE_MS ? ms : VIEW_IDLE_MS;
}

#define LEADS "metrics" /* the run ends with it, and says so itself */

static void view_failed(void *context, const char *name, int err)
{
	(void)context;
	if (!strcmp(name, LEADS))
		return;
	log_error("%s: %s; everything else goes on", name, strerror(-err));
}

static const struct family history_families[] = {
	{ "history_budget_bytes", "All files of the history together take no more.", FAMILY_GAUGE },
	{ "history_used_bytes", "What they take.", FAMILY_GAUGE },
	{ "history_events_withheld_total", "Events that are not in the history: no room, or too many a second.", FAMILY_COUNTER },
	{ "history_intervals_lost_total", "Intervals that could not be written.", FAMILY_COUNTER },
	{ "history_suspended", "1: events can't be written at the moment.", FAMILY_GAUGE },
};

/* `context` is where the history's view is, NULL while there is none. */
static void write_history(void *context, struct metrics_text *text, const struct tick *tick)
{
	const struct view *history = *(struct view **)context;
	struct history_state state;
	size_t i;

	(void)tick;
	if (!history)
		return;
	state = history_view_state(history);
	const uint64_t values[] = { state.budget_bytes, state.used_bytes, state.events_withheld, state.intervals_lost, state.suspended };

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		metrics_family(text, &history_families[i]);
		metrics_u64(text, &(struct sample){}, values[i]);
	}
}

static int run_views(const struct run_options *options, const struct agent_options *own, char *error, size_t error_size)
{
	struct notify_view notify = { .view = { .tick = notify_tick, .end = notify_end } };
	struct run_needs needs = {};
	struct view *history = NULL, *findings = NULL;
	const struct metrics_config more = {
		.filter = &options->filter,
		.ask = findings_ask_process,
		.more = write_history,
		.context = &history,
	};
	struct agent_metrics metrics;
	struct views views;
	int err = agent_metrics_open(&metrics, &own->metrics, &more, error, error_size);

	if (!err && own->folder) {
		const struct history_config config = {
			.folder = own->folder,
			.budget = own->budget,
			.max_event_rate = own->max_event_rate,
			.books = metrics.view ? metrics_books(metrics.view) : NULL,
		};

		err = history_view_new(&history, &config, error, error_size);
	}
	if (err) {
		agent_metrics_close(&metrics);
		return err;
	}
	describe(notify.about, sizeof(notify.about), own, metrics.http);
	notify_open(&notify.notify);
	notify.view.tick_ms = notify_tick_ms(&notify.notify);
	views_init(&views, view_failed, NULL);
	views_add(&views, &notify.view, "notify", &needs, false);
	if (history) { /* before metrics, whose books say what was there before an event */
		history_view_needs(&needs);
		views_add(&views, history, "history", &needs, false);
	}
	if (metrics.view)
		views_add(&views, metrics.view, LEADS, &metrics.needs, true);
	if (history) { /* behind metrics, whose rules it takes: one model of ports less */
		const struct diagnosis *rules = metrics.view ? metrics_diagnosis(metrics.view) : NULL;

		findings = agent_findings_new(history, &options->filter, rules);
		agent_findings_needs(&needs, rules);
		if (findings)
			views_add(&views, findings, "findings", &needs, false);
	}
	needs = views_needs(&views);
	err = machine_run(options, &needs, &views.view, error, error_size);
	if (err == -ECONNRESET && !error[0])
		snprintf(error, error_size, "the process that serves metrics is gone, killed perhaps: the agent ends, to be started again");
	notify_close(&notify.notify);
	agent_findings_free(findings);
	history_view_free(history);
	agent_metrics_close(&metrics);
	return err;
}

static bool agent_options_check(const struct options *options)
{
	const struct agent_options *own = options->own;
	char error[256];

	if (!own->word && strcmp(own->metrics.listen, "none") && listen_check(own->metrics.listen, error, sizeof(error))) {
		log_error("%s", error);
		return false;
	}
	if (!own->word || (!strcmp(own->word, "status") && own->folder))
		return true;
	if (!strcmp(own->word, "status"))
		log_error("status: give the history's folder with --dir, as --dir /var/lib/tcpdwell");
	else
		log_error("\"%s\" is not a word of tcpdwell agent; there is status", own->word);
	return false;
}

static int agent_run(const struct options *options)
{
	const struct agent_options *own = options->own;
	struct run_options run = options->run;
	char error[512] = "";

	if (own->word)
		return agent_status_show(own->folder);
	signal(SIGHUP, SIG_IGN);
	mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
	run.for_programs = true;
	run.patience = PATIENCE;
	run.calm_s = CALM_S;
	run.ring_bytes = run.ring_bytes ?: RING_BYTES;
	return run_result(run_views(&run, options->own, error, sizeof(error)), error);
}

const struct command command_agent = {
	.name = "agent",
	.summary = "trace always: a history within a budget of bytes, and metrics",
	.description = "Traces until it is stopped, for a service manager (systemd's Type=notify and watchdog). With --dir it keeps a\n"
		       "history, which tcpdwell report DIR shows: counts of each process and remote service each 10 s, minute and hour,\n"
		       "and the newest events. All its files together never take more than --budget; the oldest go first.\n"
		       "Above --max-event-rate only connections that fail, get stuck or are known already are kept as events.\n"
		       "Metrics for Prometheus (or OpenMetrics) are served at --listen, with /healthz and /readyz, by a process without any\n"
		       "right; alert rules and a dashboard are in share/tcpdwell/monitoring.",
	.examples = "  tcpdwell agent                                          # metrics alone: curl http://127.0.0.1:9669/metrics\n"
		    "  tcpdwell agent --dir /var/lib/tcpdwell                  # until it is stopped\n"
		    "  tcpdwell agent --listen :9669 --allow-host web1.example  # for a Prometheus elsewhere\n"
		    "  tcpdwell agent --dir /var/lib/tcpdwell --budget 1GiB\n"
		    "  tcpdwell agent status --dir /var/lib/tcpdwell           # what it holds\n"
		    "  tcpdwell report /var/lib/tcpdwell --since 2h            # what happened\n"
		    "  tcpdwell report /var/lib/tcpdwell top --at 03:12 10     # who had what then",
	.own = agent_options,
	.own_defaults = &agent_defaults,
	.own_size = sizeof(agent_defaults),
	.common = COMMON_LIVE,
	.arguments = "[status]",
	.options_check = agent_options_check,
	.run = agent_run,
};
