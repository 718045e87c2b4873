// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "agent_status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "event/event.h"
#include "history/status.h"
#include "util/log.h"
#include "util/moment.h"
#include "util/number.h"
#include "util/text.h"

/* "6d04h of intervals" up to now, or to the end of what there is, without the holes. */
static void span(const char *what, uint64_t begin_ns, uint64_t end_ns, uint64_t holes_ns)
{
	char length[TEXT_NUMBER], since[MOMENT_TEXT];

	if (!begin_ns) {
		printf("  no %s\n", what);
		return;
	}
	text_duration(length, elapsed_ns(elapsed_ns(end_ns, begin_ns), holes_ns));
	moment_text(since, begin_ns);
	printf("  %s of %s, since %s\n", length, what, since);
}

#define DAY_NS (24 * 3600 * 1000000000ULL)
#define GOING_ON 5 /* findings that are named at most */

struct found {
	unsigned int count, going_on;
};

/* Notes are there all the time. */
static void note_finding(void *context, uint64_t begin_ns, uint64_t end_ns, const char *code, const char *severity, const char *text)
{
	char since[MOMENT_TEXT], name[16], sentence[1024];
	struct found *found = context;

	if (strcmp(severity, "now") && strcmp(severity, "soon"))
		return;
	found->count++;
	if (end_ns || found->going_on++ >= GOING_ON)
		return;
	moment_text(since, begin_ns);
	text_sanitise(name, sizeof(name), code, strlen(code), sizeof(name));
	text_sanitise(sentence, sizeof(sentence), text, strlen(text), sizeof(sentence) / 4);
	printf("  since %s %s %s\n", since, name, sentence);
}

/* What was found in the last day that was written. */
static void show_findings(const char *folder, uint64_t end_ns)
{
	struct found found = {};

	if (history_findings_read(folder, end_ns > DAY_NS ? end_ns - DAY_NS : 0, 0, note_finding, &found))
		return;
	if (found.count)
		printf("  %u finding%s in the last day%s; tcpdwell report tells them\n", found.count, found.count == 1 ? "" : "s",
		       found.going_on ? ", some of them go on" : "");
	else
		printf("  nothing was found in the last day that fails or will\n");
}

int agent_status_show(const char *folder)
{
	struct history_status status;
	char error[512], used[TEXT_NUMBER], budget[TEXT_NUMBER], holes[HOLES_TEXT];
	uint64_t bytes, end_ns;

	if (history_status_read(&status, folder, error, sizeof(error))) {
		log_error("%s", error);
		return EXIT_FAILED;
	}
	bytes = status.events_bytes + status.intervals_bytes;
	end_ns = status.running ? clock_unix_ns() : status.intervals_end_ns;
	text_bytes(used, bytes);
	text_bytes(budget, status.budget_bytes);
	printf("%s: %s\n", folder, status.running ? "an agent writes there" : "no agent writes there");
	span("intervals", status.intervals_begin_ns, end_ns, status.holes.ns);
	span("events", status.events_begin_ns, end_ns, status.events_holes_ns);
	if (holes_text(holes, "no agent ran, or none could write,", &status.holes))
		printf("  %s\n", holes);
	if (status.budget_bytes)
		printf("  %s, %" PRIu64 " %% of %s\n", used, bytes * 100 / status.budget_bytes, budget);
	else
		printf("  %s\n", used);
	if (status.readable)
		show_findings(folder, end_ns);
	else
		printf("  intervals.db can't be read\n");
	if (status.withheld)
		printf("  %" PRIu64 " events were not kept: more a second than --max-event-rate, or no room; intervals count them\n", status.withheld);
	if (status.intervals_lost)
		printf("  %" PRIu64 " intervals could not be written\n", status.intervals_lost);
	if (status.passed_over)
		printf("  %" PRIu64 " event files can't be read\n", status.passed_over);
	if (status.set_aside)
		printf("  %u database%s set aside: damaged, or of another version\n", status.set_aside, status.set_aside == 1 ? "" : "s");
	return EXIT_FINE;
}
