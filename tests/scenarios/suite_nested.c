// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Events within events: a task enters LISTEN and leaves it again as fast as it can, and packets of other connections, which netem
 * holds back, come by a timer's interrupt on the same processor, again and again in the middle of that. The kernel keeps an event
 * from a program that runs already; none may be missed for that.
 */
#define _GNU_SOURCE 1
#include "suites.h"

#include "actor.h"
#include "clock.h"
#include "report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 7000
#define BUSY_PORT 7001
#define LATE_US 700
#define ROUNDS 20
#define AT_ONCE 40
#define CONNECTIONS (ROUNDS * AT_ONCE)
#define HEADER_MS 240000
#define DONE_MS 300000
#define LINES_MS 30000

static int stay_on_first_processor(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

/* Until it is killed. */
static long op_be_busy(long unused1, long unused2, long unused3)
{
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(BUSY_PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), err = stay_on_first_processor();

	(void)unused1, (void)unused2, (void)unused3;
	if (err || fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)))
		return err ?: -errno;
	while (!listen(fd, 1) && !shutdown(fd, SHUT_RD))
		;
	return -errno;
}

static long connect_some(int fds[AT_ONCE])
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	for (int i = 0; i < AT_ONCE; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fds[i] < 0 || (connect(fds[i], (struct sockaddr *)&to, sizeof(to)) && errno != EINPROGRESS))
			return -errno;
	}
	return 0;
}

static long accept_some(int listener, int fds[AT_ONCE])
{
	for (int i = 0; i < AT_ONCE; i++) {
		fds[i] = accept(listener, NULL, NULL);
		if (fds[i] < 0)
			return -errno;
	}
	return 0;
}

/* Both ends of some connections: the connecting one closes first. */
static long op_round(long listener, long unused1, long unused2)
{
	int clients[AT_ONCE], servers[AT_ONCE];
	long err = stay_on_first_processor() ?: connect_some(clients) ?: accept_some(listener, servers);
	char byte;

	(void)unused1, (void)unused2;
	for (int i = 0; i < AT_ONCE && !err; i++)
		err = close(clients[i]) ? -errno : 0;
	for (int i = 0; i < AT_ONCE && !err; i++)
		err = recv(servers[i], &byte, 1, 0) || close(servers[i]) ? -EPROTO : 0;
	return err;
}

static struct actor *busy, *traffic;

static void nested_before(void)
{
	net_sysctl("tcp_max_tw_buckets", "10000");
	busy = actor_new("busy");
	traffic = actor_new("traffic");
}

static void nested_make(void)
{
	long listener = actor_do(traffic, op_listen, (long)"127.0.0.1", PORT, 2 * AT_ONCE), err = net_make_late(LATE_US);

	if (err)
		life_skip("no netem: %s", strerror(-err));
	actor_begin(busy, op_be_busy, 0, 0, 0);
	for (int i = 0; i < ROUNDS && !err; i++)
		err = actor_try(traffic, op_round, listener, 0, 0);
	actor_kill(busy);
	if (err)
		life_fail("traffic: %s", strerror(-err));
}

static const struct life nested = { .name = "nested", .before = nested_before, .make = nested_make };

/*
 * Kernels that preempt programs of tracepoints (their BTF has this type) count more than what is lost: `skipped` is only a bound there,
 * and what else is asserted must do.
 */
static bool skips_are_exact(void)
{
	static const char guard[] = "class_srcu_fast_notrace_t";
	static char types[16 << 20];
	FILE *file = fopen("/sys/kernel/btf/vmlinux", "re");
	size_t n = file ? fread(types, 1, sizeof(types), file) : 0;

	if (file)
		fclose(file);
	return !memmem(types, n, guard, sizeof(guard));
}

static void judge(const struct stream *s, int status)
{
	static const char *const states[] = { "ESTABLISHED", "FIN_WAIT1", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT" };
	static const char *const none[] = { "missed", "healed", "lost", "map_full", "dropped" };

	report_equal("nested", "exit_status", status, 0);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		report_equal("nested", states[i], stream_entries(s, states[i], NULL, 0),
			     strcmp(states[i], "ESTABLISHED") ? CONNECTIONS : 2 * CONNECTIONS);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		report_equal("nested", none[i], stream_summary_number(s, NULL, none[i]), 0);
	if (skips_are_exact())
		report_equal("nested", "skipped", stream_summary_number(s, NULL, "skipped"), 0);
}

static void run(struct director *d, const struct tool_config *config, struct tool *t)
{
	char netns[24];
	/* The task's own events are looked at to the end, and then not told: their remote address never is known. */
	const char *args[] = { "--all", "-n", netns, "--remote", "127.0.0.1", NULL };
	long end;

	snprintf(netns, sizeof(netns), "%lu", d->truth->netns);
	if (tool_start(t, config, args) || !tool_wait_header(t, HEADER_MS)) {
		report_not_ok("nested", "tcpdwell printed no header: %.300s", tool_stderr(t));
		return;
	}
	director_go(d);
	director_wait(d, STAGE_DONE, DONE_MS);
	if (*d->truth->skip) {
		report_skip("nested", "%s", d->truth->skip);
		return;
	}
	if (*d->truth->fail) {
		report_not_ok("nested", "%s", d->truth->fail);
		return;
	}
	for (end = clock_ms() + LINES_MS; clock_ms() < end && stream_entries(&t->stream, "TIME_WAIT", NULL, 0) < CONNECTIONS;
	     poll(NULL, 0, 100))
		tool_poll(t);
	judge(&t->stream, tool_stop(t, SIGTERM));
}

void suite_nested(const struct tool_config *config)
{
	struct director d = { 0 };
	struct tool t = { 0 };

	if (director_start(&d, &nested) || !director_wait(&d, STAGE_READY, 10000)) {
		report_not_ok("nested", "no director");
		return;
	}
	director_go(&d);
	if (director_wait(&d, STAGE_BEFORE, 10000))
		run(&d, config, &t);
	else
		report_not_ok("nested", "%s", d.truth->fail[0] ? d.truth->fail : "the director does not begin");
	director_free(&d);
	if (t.out)
		tool_free(&t);
}
