// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * How long connections wait in the accept queue: as each hook mode tells it, against the clock of who let them wait. One is accepted
 * after its client's FIN, by another process than the one that listens; one is never accepted; one by io_uring, which tracepoints
 * don't see: then the wait is not known, and that is what must be told; two by the system calls of 32-bit programs.
 */
#define _GNU_SOURCE 1
#include "suites.h"

#include "actor.h"
#include "call32.h"
#include "expect.h"
#include "report.h"
#include "uring.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define HEADER_MS 240000
#define LINES_MS 20000
#define FIRST_PORT 7000
#define PAUSE_MS 120
#define SLACK_US 2000

enum { PLAIN, LATE, NEVER, URING, ACCEPT4_32, OLDER_32, CASES };
static const char *const names[CASES] = {
	"accept_wait", "accept_wait_close_wait", "accept_wait_never", "accept_wait_uring", "accept_wait_32_bit", "accept_wait_32_bit_old",
};
static const char *const owners[CASES] = { "server", "worker", "server", "server", "server", "server" };
static const char *const needs[CASES] = { [URING] = "io_uring", [ACCEPT4_32] = "32-bit calls", [OLDER_32] = "32-bit calls" };

/* In truth->note: the shortest and the longest that it can have been, in us; both 0: not made. */
static int *least(struct truth *truth, int i)
{
	return &truth->note[2 * i];
}

static int now_us(void)
{
	static struct timespec begin;
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	if (!begin.tv_sec)
		begin = t;
	return (t.tv_sec - begin.tv_sec) * 1000000 + (t.tv_nsec - begin.tv_nsec) / 1000;
}

static struct pair queued(struct actor *client, struct actor *server, int i)
{
	struct pair p = { .client = client, .server = server, .port = FIRST_PORT + i };
	int *bounds = least(life_truth(), i);

	bounds[1] = now_us();
	pair_connect(&p);
	bounds[0] = now_us();
	return p;
}

/* The wait ends between these two moments. */
static void ended(int i, int earliest, int latest)
{
	int *bounds = least(life_truth(), i);

	bounds[0] = earliest - bounds[0];
	bounds[1] = latest - bounds[1];
}

static void accepted(const struct pair *p, struct actor *who, operation op, int i)
{
	int begin = now_us();

	actor_do(who, op, p->listener, 0, 0);
	ended(i, begin, now_us());
}

static void accept_traffic(void)
{
	struct actor *client = actor_new("client"), *server = actor_new("server"), *worker;
	struct pair plain = queued(client, server, PLAIN), late = queued(client, server, LATE), never = queued(client, server, NEVER);
	struct pair by_uring = { 0 }, by_accept4 = { 0 }, by_older = { 0 };
	bool has_uring = !actor_try(server, op_uring_probe, 0, 0, 0), has_call32 = !actor_try(server, op_call32_probe, 0, 0, 0);
	int begin;

	if (has_uring)
		by_uring = queued(client, server, URING);
	if (has_call32) {
		by_accept4 = queued(client, server, ACCEPT4_32);
		by_older = queued(client, server, OLDER_32);
	}
	worker = actor_fork(server, "worker");
	life_pass(PAUSE_MS);
	pair_close_client_small(&late);
	pair_wait_server(&late, "CLOSE_WAIT");
	accepted(&plain, server, op_accept, PLAIN);
	life_pass(PAUSE_MS);
	accepted(&late, worker, op_accept, LATE);
	if (has_uring) {
		accepted(&by_uring, server, op_uring_accept, URING);
		pair_close_client(&by_uring);
	}
	if (has_call32) {
		accepted(&by_accept4, server, op_call32_accept4, ACCEPT4_32);
		accepted(&by_older, server, op_call32_older, OLDER_32);
	}
	actor_do(client, op_linger_zero, never.client_fd, 0, 0);
	begin = now_us();
	pair_close_client(&never);
	pair_wait_server(&never, "");
	ended(NEVER, begin, now_us());
}

static const struct life accept_life = { .name = "accept", .make = accept_traffic };

static const struct record *told(struct tool *t, unsigned long netns, int i)
{
	tool_poll(t);
	for (int n = 0; n < t->stream.count; n++) {
		const struct record *r = &t->stream.records[n];

		if (record_is(r, "accepted") && r->netns == netns && record_number(r, "local_port") == FIRST_PORT + i)
			return r;
	}
	return NULL;
}

static void judge(const struct record *r, struct truth *truth, int i, bool sees_functions)
{
	const int *bounds = least(truth, i);
	long long us = record_number(r, "accept_wait_ns") / 1000;

	if (record_true(r, "in_accept_queue") != (i == NEVER))
		report_not_ok(names[i], "in_accept_queue is %d", record_true(r, "in_accept_queue"));
	else if (strcmp(record_text(r, "owner_comm"), owners[i]))
		report_not_ok(names[i], "owner is \"%s\", not %s", record_text(r, "owner_comm"), owners[i]);
	else if (record_null(r, "accept_wait_ns") && i == URING && !sees_functions)
		report_ok(names[i]);
	else if (record_null(r, "accept_wait_ns") || us < bounds[0] - SLACK_US || us > bounds[1] + SLACK_US)
		report_not_ok(names[i], "%lld us, not %d to %d", us, bounds[0], bounds[1]);
	else
		report_ok(names[i]);
}

static void watch(struct director *d, struct tool *t)
{
	bool sees_functions = !strstr(json_string_value(json_object_get(json_object_get(t->stream.header, "hooks"), "accepted")) ?: "", "sys_exit");

	director_go(d);
	director_wait(d, STAGE_DONE, 60000);
	if (*d->truth->fail) {
		report_not_ok("accept", "%s", d->truth->fail);
		return;
	}
	for (int i = 0; i < CASES; i++) {
		const struct record *r = NULL;

		if (!least(d->truth, i)[0] && !least(d->truth, i)[1]) {
			report_skip(names[i], "no %s", needs[i]);
			continue;
		}
		for (int ms = 0; ms < LINES_MS && !(r = told(t, d->truth->netns, i)); ms += 10)
			poll(NULL, 0, 10);
		if (r)
			judge(r, d->truth, i, sees_functions);
		else
			report_not_ok(names[i], "nothing was told");
	}
}

void suite_accept(const struct tool_config *config)
{
	struct director d = { 0 };
	struct tool t = { .out = -1, .err = -1 };
	char netns[24];
	const char *args[] = { "--accepts", "-n", netns, NULL };

	if (director_start(&d, &accept_life) || !director_wait(&d, STAGE_READY, 10000)) {
		report_not_ok("accept", "no director");
		return;
	}
	director_go(&d);
	director_wait(&d, STAGE_BEFORE, 10000);
	snprintf(netns, sizeof(netns), "%lu", d.truth->netns);
	if (tool_start(&t, config, args) || !tool_wait_header(&t, HEADER_MS))
		report_not_ok("accept", "tcpdwell printed no header: %.300s", tool_stderr(&t));
	else
		watch(&d, &t);
	tool_free(&t);
	director_free(&d);
}
