// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * How long a line waits: from the event's own time to the moment its line can be read. Bound: 100 ms. The median
 * is asserted, because on a busy machine a single line may wait for the processor; the longest is printed.
 */
#define _GNU_SOURCE 1
#include "suites.h"

#include "actor.h"
#include "clock.h"
#include "expect.h"
#include "report.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define HEADER_MS 120000
#define CONNECTIONS 15
#define PAUSE_MS 70 /* apart, so that each waits on its own */
#define SLOW_ROUND_MS 15
#define BOUND_NS 100000000LL
#define LINES 10 /* of one connection: five steps of each end until TIME_WAIT rests */
#define MAX_LINES 512

static void slow_traffic(void)
{
	struct pair p = { .client = actor_new("client"), .server = actor_new("server") };

	for (int i = 0; i < CONNECTIONS; i++) {
		p.client_port = 0;
		pair_open(&p);
		pair_close_client(&p);
		pair_wait_server(&p, "CLOSE_WAIT");
		pair_close_server(&p);
		life_pass(PAUSE_MS);
	}
}

static const struct life slow = { .name = "latency", .make = slow_traffic };

static int64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Notes for each new line of a namespace how old its event is. */
static int note_new(struct tool *t, unsigned long netns, int *seen, int64_t *waited, int n)
{
	tool_poll(t);
	for (; *seen < t->stream.count; ++*seen) {
		const struct record *r = &t->stream.records[*seen];

		if (record_is(r, "transition") && r->netns == netns && n < MAX_LINES)
			waited[n++] = wall_ns() - r->time_ns;
	}
	return n;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* round_ms: how long this program itself took from one look to the next; a look is due each millisecond. */
static void judge(int64_t *waited, int n, double round_ms)
{
	qsort(waited, n, sizeof(*waited), compare);
	printf("  %d lines waited %.1f ms in the middle, %.1f ms at most\n", n, waited[n / 2] / 1e6,
	       waited[n - 1] / 1e6);
	if (round_ms > SLOW_ROUND_MS)
		report_skip("latency", "this machine is too busy to measure it: a look every %.0f ms", round_ms);
	else if (waited[0] < 0)
		report_not_ok("latency", "a line before its own event: %.3f ms", waited[0] / 1e6);
	else if (waited[n / 2] > BOUND_NS)
		report_not_ok("latency", "half of the lines waited longer than %.1f ms, bound 100",
			      waited[n / 2] / 1e6);
	else
		report_ok("latency");
}

static void watch(struct director *d, struct tool *t)
{
	int64_t waited[MAX_LINES];
	int seen = 0, n = 0, wanted = CONNECTIONS * LINES, rounds = 0;
	long begin = clock_ms();

	director_go(d);
	for (; clock_ms() < begin + 60000 && n < wanted; poll(NULL, 0, 1), rounds++)
		n = note_new(t, d->truth->netns, &seen, waited, n);
	if (*d->truth->fail || n < wanted)
		report_not_ok("latency", "%d lines of %d %s", n, wanted, d->truth->fail);
	else
		judge(waited, n, (double)(clock_ms() - begin) / (rounds + 1));
}

void suite_latency(const struct tool_config *config)
{
	struct director d = { 0 };
	struct tool t = { .out = -1, .err = -1 };
	char netns[24];
	const char *args[] = { "--all", "-n", netns, NULL };

	if (director_start(&d, &slow) || !director_wait(&d, STAGE_READY, 10000)) {
		report_not_ok("latency", "no director");
		return;
	}
	director_go(&d);
	director_wait(&d, STAGE_BEFORE, 10000);
	snprintf(netns, sizeof(netns), "%lu", d.truth->netns);
	if (tool_start(&t, config, args) || !tool_wait_header(&t, HEADER_MS))
		report_not_ok("latency", "tcpdwell printed no header: %.300s", tool_stderr(&t));
	else
		watch(&d, &t);
	tool_free(&t);
	director_free(&d);
}
