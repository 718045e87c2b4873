// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Load: one client connects, exchanges a byte and closes as fast as it can, every second connection closed
 * first by the server. Crowd: more of them are there at once than the kernel side has slots for, and end while those
 * that are long-lived are moved out of these. Counts are exact: half of each state for each process, live TIME_WAIT
 * as the kernel says, nothing lost, nothing unknown; and of a crowd each connection's whole path.
 */
#define _GNU_SOURCE 1
#include "suites.h"

#include "actor.h"
#include "clock.h"
#include "expect.h"
#include "report.h"
#include "rows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PORT 7000
#define ADDRESSES 8
#define PART 100 /* connections of one call: an emulated machine makes few in the time that a call may take */
#define HEADER_MS 60000
#define REST_MS 30000
#define MAX_SHOWN 40

enum note { NOTE_CLIENT, NOTE_SERVER, NOTE_MS };

/* Set before the director is forked: whose results they are, and how many connections it makes. */
static const char *name;
static int connections;

/* The byte that the client sends says who closes first. */
static long serve_one(int fd)
{
	char who;

	if (recv(fd, &who, 1, 0) != 1 || send(fd, &who, 1, MSG_NOSIGNAL) != 1)
		return -EPROTO;
	if (who == 'c' && recv(fd, &who, 1, 0) != 0)
		return -EPROTO;
	return close(fd) ? -errno : 0;
}

static long op_serve(long listener, long count, long unused)
{
	long err = 0;

	(void)unused;
	for (long i = 0; i < count && !err; i++) {
		int fd = accept(listener, NULL, NULL);

		err = fd < 0 ? -errno : serve_one(fd);
	}
	return err;
}

static long connect_one(int i)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK + i / 2 % ADDRESSES) };
	char who = i % 2 ? 's' : 'c', byte;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return -errno;
	if (send(fd, &who, 1, MSG_NOSIGNAL) != 1 || recv(fd, &byte, 1, 0) != 1)
		return -EPROTO;
	if (who == 's' && recv(fd, &byte, 1, 0) != 0)
		return -EPROTO;
	return close(fd) ? -errno : 0;
}

static long op_connect_all(long count, long unused1, long unused2)
{
	long err = 0;

	(void)unused1, (void)unused2;
	for (long i = 0; i < count && !err; i++)
		err = connect_one(i);
	return err;
}

/*
 * The crowd: the n-th connection of each side is kept under n.
 */
#define CROWD 720 /* two ends each, --max-sockets 2048 has 512 slots */
#define CROWD_STEPS 24
#define CROWD_STEP_MS 500
#define CROWD_AGE_MS 4000 /* before that none are long-lived */

static int held[CROWD];

static long op_hold_connected(long first, long count, long unused)
{
	(void)unused;
	for (long i = first; i < first + count; i++) {
		struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT),
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK + i / 2 % ADDRESSES) };

		held[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (held[i] < 0 || connect(held[i], (struct sockaddr *)&to, sizeof(to)))
			return -errno;
	}
	return 0;
}

static long op_hold_accepted(long listener, long first, long count)
{
	for (long i = first; i < first + count; i++) {
		held[i] = accept(listener, NULL, NULL);
		if (held[i] < 0)
			return -errno;
	}
	return 0;
}

/*
 * Each CROWD_STEPS-th from `first` on: so all ages and slots are among those that end in a step. Half of these, `odd` or not, is closed
 * first by one side, the others by the other.
 */
static long op_close_held(long first, long odd, long unused)
{
	(void)unused;
	for (long i = first; i < CROWD; i += CROWD_STEPS)
		if (i / CROWD_STEPS % 2 == odd && close(held[i]))
			return -errno;
	return 0;
}

/* ... when its peer has closed it. */
static long op_close_after_peer(long first, long odd, long unused)
{
	char byte;

	(void)unused;
	for (long i = first; i < CROWD; i += CROWD_STEPS)
		if (i / CROWD_STEPS % 2 == odd && (recv(held[i], &byte, 1, 0) || close(held[i])))
			return -EPROTO;
	return 0;
}

static struct actor *load_client, *load_server;

static void load_before(void)
{
	struct truth *truth = life_truth();
	char buckets[24];

	snprintf(buckets, sizeof(buckets), "%d", 2 * connections + 1024);
	net_sysctl("tcp_max_tw_buckets", buckets);
	net_sysctl("ip_local_port_range", "10000 65000");
	load_client = actor_new("load_client");
	load_server = actor_new("load_server");
	truth->note[NOTE_CLIENT] = load_client->who.pid;
	truth->note[NOTE_SERVER] = load_server->who.pid;
}

/* The calls last longer than an actor is waited for otherwise, so the server's answer is asked for last. */
static void load_make(void)
{
	long listener = actor_do(load_server, op_listen, (long)"0.0.0.0", PORT, 128), start = clock_ms(), err;

	actor_begin(load_server, op_serve, listener, connections, 0);
	for (int done = 0; done < connections; done += PART) {
		int part = connections - done < PART ? connections - done : PART;

		err = actor_try(load_client, op_connect_all, part, 0, 0);
		if (err)
			life_fail("client: %s", strerror(-err));
	}
	err = actor_end(load_server);
	if (err)
		life_fail("server: %s", strerror(-err));
	life_truth()->note[NOTE_MS] = clock_ms() - start;
}

static const struct life load = { .name = "load", .before = load_before, .make = load_make };

static void crowd_step(int step)
{
	actor_do(load_client, op_close_held, step, 0, 0);
	actor_do(load_server, op_close_after_peer, step, 0, 0);
	actor_do(load_server, op_close_held, step, 1, 0);
	actor_do(load_client, op_close_after_peer, step, 1, 0);
	life_pass(CROWD_STEP_MS);
}

static void crowd_make(void)
{
	long listener = actor_do(load_server, op_listen, (long)"0.0.0.0", PORT, 128), start = clock_ms();

	for (int done = 0; done < CROWD; done += PART) {
		int part = CROWD - done < PART ? CROWD - done : PART;

		actor_begin(load_server, op_hold_accepted, listener, done, part);
		actor_do(load_client, op_hold_connected, done, part, 0);
		actor_end(load_server);
	}
	life_pass(CROWD_AGE_MS);
	for (int step = 0; step < CROWD_STEPS; step++)
		crowd_step(step);
	life_truth()->note[NOTE_MS] = clock_ms() - start;
}

static const struct life crowd = { .name = "crowd", .before = load_before, .make = crowd_make };

static bool report_part(const char *part, bool good, const char *reason)
{
	char whole[64];

	snprintf(whole, sizeof(whole), "%s/%s", name, part);
	report_result(whole, good, reason);
	return good;
}

static bool have_slots(void)
{
	struct utsname kernel;
	int major = 0, minor = 0;

	return !uname(&kernel) && sscanf(kernel.release, "%d.%d", &major, &minor) == 2 && (major > 5 || (major == 5 && minor >= 12));
}

/* Were there enough to be moved? Else the test has shown nothing. Kernels before 5.12 have no slots. */
static void judge_moved(const char *log)
{
	if (!have_slots())
		report_skip("crowd/moved", "this kernel has no compare-and-exchange for BPF: nothing has a slot");
	else
		report_part("moved", strstr(log, " sockets have long been in one state and were moved"), "no sockets were moved out of slots");
}

/* sockstat before and after the tool's last look; the tool's figure must lie between. */
struct kernel_span {
	int before, after;
};

static void judge_counts(const struct stream *s, const struct truth *truth)
{
	int half = connections / 2, rest = connections - half;
	int client = truth->note[NOTE_CLIENT], server = truth->note[NOTE_SERVER];

	report_equal(name, "time_wait_of_client", stream_entries(s, "TIME_WAIT", "closer_pid", client), rest);
	report_equal(name, "time_wait_of_server", stream_entries(s, "TIME_WAIT", "closer_pid", server), half);
	report_equal(name, "time_wait_owned_by_client", stream_entries(s, "TIME_WAIT", "owner_pid", client), rest);
	report_equal(name, "time_wait_owned_by_server", stream_entries(s, "TIME_WAIT", "owner_pid", server), half);
	report_equal(name, "time_wait", stream_entries(s, "TIME_WAIT", NULL, 0), connections);
	report_equal(name, "close_wait_of_client", stream_entries(s, "CLOSE_WAIT", "owner_pid", client), half);
	report_equal(name, "close_wait_of_server", stream_entries(s, "CLOSE_WAIT", "owner_pid", server), rest);
	report_equal(name, "close_wait", stream_entries(s, "CLOSE_WAIT", NULL, 0), connections);
}

static const struct {
	const char *part, *path; /* on a slow machine TIME_WAIT is over */
} crowd_paths[] = {
	{ "client_first", CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT" },
	{ "server_second", ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE" },
	{ "server_first", ACCEPTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT" },
	{ "client_second", CONNECTED "CLOSE_WAIT>LAST_ACK>CLOSE" },
};

#define CROWD_PATHS ((int)(sizeof(crowd_paths) / sizeof(crowd_paths[0])))

static void judge_paths(const struct stream *s)
{
	int whole[CROWD_PATHS] = { 0 }, path;
	char text[200];

	for (int i = 0; i < s->view_count; i++) {
		view_path(s, &s->views[i], text, sizeof(text));
		for (path = 0; path < CROWD_PATHS; path++)
			if (!strncmp(text, crowd_paths[path].path, strlen(crowd_paths[path].path)))
				break;
		if (path < CROWD_PATHS)
			whole[path]++;
		else if (view_is_connection(s, &s->views[i]))
			printf("  %d to %d: %s\n    %s\n", s->views[i].local_port, s->views[i].remote_port, text,
			       s->records[s->views[i].records[s->views[i].count - 1]].line);
	}
	for (path = 0; path < CROWD_PATHS; path++)
		report_equal(name, crowd_paths[path].part, whole[path], connections / 2);
}

/* All lines between the ports of those that left TIME_WAIT otherwise than by its time: no one made them. */
static void print_odd(const struct stream *s)
{
	int shown = 0;

	for (int i = 0; i < s->count; i++) {
		const struct record *odd = &s->records[i];

		if (strcmp(record_text(odd, "old_state"), "TIME_WAIT") || !strcmp(record_text(odd, "end"), "expired"))
			continue;
		for (int j = 0; j < s->count && shown < MAX_SHOWN; j++) {
			const struct view *v = &s->views[s->records[j].view];

			if (s->records[j].view < 0 || v->remote_port + v->local_port !=
							      record_number(odd, "remote_port") + PORT)
				continue;
			printf("    %s\n", s->records[j].line);
			shown++;
		}
	}
}

static void judge_summary(const struct stream *s, const struct kernel_span *kernel)
{
	long live = stream_summary_number(s, "totals", "time_wait_now") +
		    stream_summary_number(s, "totals", "fin_wait2_timewait_now");
	struct reason why = { "" };

	report_part("summary", expect_summary(s, &why), why.text);
	report_equal(name, "unknown", stream_summary_number(s, NULL, "unknown"), 0);
	report_equal(name, "lost", stream_summary_number(s, NULL, "lost"), 0);
	report_equal(name, "map_full", stream_summary_number(s, NULL, "map_full"), 0);
	report_equal(name, "created", stream_summary_number(s, "totals", "time_wait_created"), connections);
	report_equal(name, "close_wait_now", stream_summary_number(s, "totals", "close_wait_now"), 0);
	snprintf(why.text, sizeof(why.text), "%ld, sockstat tw %d to %d", live, kernel->before, kernel->after);
	if (!report_part("live_time_wait", live <= kernel->before && live >= kernel->after, why.text))
		print_odd(s);
}

/* Every line has come when the last CLOSE_WAIT and TIME_WAIT have. */
static void wait_lines(struct tool *t)
{
	for (long end = clock_ms() + REST_MS; clock_ms() < end; poll(NULL, 0, 100)) {
		tool_poll(t);
		if (stream_entries(&t->stream, "TIME_WAIT", NULL, 0) >= connections &&
		    stream_entries(&t->stream, "LAST_ACK", NULL, 0) >= connections)
			return;
	}
}

static int leavings(const struct stream *s, const char *state)
{
	int n = 0;

	for (int i = 0; i < s->count; i++)
		n += !strcmp(record_text(&s->records[i], "old_state"), state);
	return n;
}

/* The stream and the kernel agree on how many are live; on a slow machine some expire meanwhile. */
static void wait_rest(struct tool *t, const struct director *d)
{
	for (long end = clock_ms() + REST_MS; clock_ms() < end; poll(NULL, 0, 100)) {
		tool_poll(t);
		if (stream_entries(&t->stream, "TIME_WAIT", NULL, 0) - leavings(&t->stream, "TIME_WAIT") ==
		    rows_sockstat_tw(d->pid))
			return;
	}
}

static void load_run(struct director *d, const struct tool_config *config, struct tool *t)
{
	char netns[24];
	/* The crowd's paths are whole, and too many for the slots of such tables. */
	const char *args[] = { "-n", netns, name == crowd.name ? "--all" : NULL, "-v", "--max-sockets", "2048", NULL };
	struct kernel_span kernel;
	int status;

	snprintf(netns, sizeof(netns), "%lu", d->truth->netns);
	if (tool_start(t, config, args) || !tool_wait_header(t, HEADER_MS)) {
		report_not_ok(name, "tcpdwell printed no header: %.300s", tool_stderr(t));
		return;
	}
	director_go(d);
	/* Not timed: what matters is that every connection was made. */
	director_wait(d, STAGE_DONE, 300000);
	if (*d->truth->fail) {
		report_not_ok(name, "%s", d->truth->fail);
		return;
	}
	wait_lines(t);
	wait_rest(t, d);
	kernel.before = rows_sockstat_tw(d->pid);
	status = tool_stop(t, SIGTERM);
	kernel.after = rows_sockstat_tw(d->pid);
	printf("  %d connections in %d ms, %lld missed\n", connections, d->truth->note[NOTE_MS],
	       (long long)stream_summary_number(&t->stream, NULL, "missed"));
	report_equal(name, "exit_status", status, 0);
	judge_counts(&t->stream, d->truth);
	if (name == crowd.name) {
		judge_paths(&t->stream);
		judge_moved(tool_stderr(t));
	}
	judge_summary(&t->stream, &kernel);
}

static void run(const struct tool_config *config, const struct life *life, int count)
{
	struct director d = { 0 };
	struct tool t = { 0 };

	name = life->name;
	connections = count;
	if (director_start(&d, life) || !director_wait(&d, STAGE_READY, 10000)) {
		report_not_ok(name, "no director");
		return;
	}
	director_go(&d);
	if (director_wait(&d, STAGE_BEFORE, 10000))
		load_run(&d, config, &t);
	director_free(&d);
	if (t.out)
		tool_free(&t);
}

void suite_load(const struct tool_config *config, int count)
{
	run(config, &load, count);
}

void suite_crowd(const struct tool_config *config)
{
	run(config, &crowd, CROWD);
}
