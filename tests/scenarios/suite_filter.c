// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Filters: one small mix of traffic in one namespace, watched by many tcpdwell processes at once, each with
 * one filter. For each, the ends of connections that must show are known from who made the traffic.
 */
#define _GNU_SOURCE 1
#include "suites.h"

#include "actor.h"
#include "clock.h"
#include "expect.h"
#include "report.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_MS 240000
#define LINES_MS 20000
#define MAX_SHOWN 40

/* The ends of the mix, in the order of its expectations. */
enum { A1 = 1, S1 = 2, B2 = 4, S2 = 8, A3 = 16, S3 = 32, ALL = 63 };
enum note { NOTE_A, NOTE_B, NOTE_SERVER };

/*
 * 1: mix_a -> 127.0.0.1:7001; 2: mix_b -> 127.0.0.1:7002; 3: mix_a -> [::1]:7001. In each the client closes
 * first, so its end rests in TIME_WAIT.
 */
static void mix_pair(struct actor *client, struct actor *server, const char *addr, int port)
{
	struct pair p = { .client = client, .server = server, .addr = addr, .port = port };

	p.listener = actor_try(server, op_listen, (long)addr, port, 16);
	if (p.listener < 0)
		life_skip("no socket on %s", addr);
	pair_open(&p);
	want_client(&p, CONNECTED "FIN_WAIT1>FIN_WAIT2>TIME_WAIT", "local", "null");
	want_server(&p, ACCEPTED "CLOSE_WAIT>LAST_ACK>CLOSE", "remote", "null");
	pair_close_client(&p);
	pair_wait_server(&p, "CLOSE_WAIT");
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
}

static struct actor *mix_a, *mix_b, *mix_server;

static void mix_before(void)
{
	struct truth *truth = life_truth();

	mix_a = actor_new("mix_a");
	mix_b = actor_new("mix_b");
	mix_server = actor_new("mix_server");
	truth->note[NOTE_A] = mix_a->who.pid;
	truth->note[NOTE_B] = mix_b->who.pid;
	truth->note[NOTE_SERVER] = mix_server->who.pid;
}

static void mix_make(void)
{
	mix_pair(mix_a, mix_server, "127.0.0.1", 7001);
	mix_pair(mix_b, mix_server, "127.0.0.1", 7002);
	mix_pair(mix_a, mix_server, "::1", 7001);
}

static const struct life mix = { .name = "filter", .before = mix_before, .make = mix_make };

#define CLIENT_ALL "CLOSE>SYN_SENT>ESTABLISHED>FIN_WAIT1>FIN_WAIT2>TIME_WAIT"
#define SERVER_ALL "LISTEN>SYN_RECV>ESTABLISHED>CLOSE_WAIT>LAST_ACK>CLOSE"
#define CLIENT_DEFAULT "FIN_WAIT2>TIME_WAIT"
#define SERVER_DEFAULT "ESTABLISHED>CLOSE_WAIT>LAST_ACK"

/* What one tcpdwell must show. "" = no line of that kind of end. */
struct filter {
	const char *name, *args[4];
	int ends;
	const char *client, *server;
};

/* {a}, {b}, {s}: pids of the mix; {netns}: its inode; {director}: a pid in it; {cgroup}: mix_b's. */
static const struct filter filters[] = {
	{ "none", { "--all", "-n", "{netns}" }, ALL, CLIENT_ALL, SERVER_ALL },
	{ "default", { "-n", "{netns}" }, ALL, CLIENT_DEFAULT, SERVER_DEFAULT },
	{ "netns_pid", { "--all", "-n", "{director}" }, ALL, CLIENT_ALL, SERVER_ALL },
	{ "netns_path", { "--all", "-n", "/proc/{director}/ns/net" }, ALL, CLIENT_ALL, SERVER_ALL },
	{ "netns_other", { "--all", "-n", "self" }, 0, CLIENT_ALL, SERVER_ALL },
	{ "pid_client", { "--all", "-p", "{a}" }, A1 | A3, CLIENT_ALL, SERVER_ALL },
	{ "pid_server", { "--all", "-p", "{s}" }, S1 | S2 | S3, CLIENT_ALL, SERVER_ALL },
	{ "pid_list", { "--all", "-p", "{a},{b}" }, A1 | B2 | A3, CLIENT_ALL, SERVER_ALL },
	{ "local_port", { "--all", "-n{netns}", "-L", "7001" }, S1 | S3, CLIENT_ALL, SERVER_ALL },
	{ "local_ports", { "--all", "-n{netns}", "-L", "7001,7002" }, S1 | S2 | S3, CLIENT_ALL, SERVER_ALL },
	{ "remote_port", { "--all", "-n{netns}", "-D", "7002" }, B2, CLIENT_ALL, SERVER_ALL },
	{ "remote_addr_port", { "--all", "-n{netns}", "--remote=127.0.0.1:7001" }, A1, CLIENT_ALL, SERVER_ALL },
	{ "remote_prefix", { "--all", "-n{netns}", "--remote=127.0.0.0/8" }, A1 | S1 | B2 | S2, CLIENT_ALL,
	  SERVER_ALL },
	{ "remote_prefix_other", { "--all", "-n{netns}", "--remote=128.0.0.0/8" }, 0, CLIENT_ALL, SERVER_ALL },
	{ "remote_ipv6", { "--all", "-n{netns}", "--remote=::1" }, A3 | S3, CLIENT_ALL, SERVER_ALL },
	{ "remote_ipv6_port", { "--all", "-n{netns}", "--remote=[::1]:7001" }, A3, CLIENT_ALL, SERVER_ALL },
	{ "ipv4", { "--all", "-n{netns}", "-4" }, A1 | S1 | B2 | S2, CLIENT_ALL, SERVER_ALL },
	{ "ipv6", { "--all", "-n{netns}", "-6" }, A3 | S3, CLIENT_ALL, SERVER_ALL },
	{ "comm", { "--all", "-n{netns}", "--comm=mix_b" }, B2, CLIENT_ALL, SERVER_ALL },
	{ "state", { "-n{netns}", "--state=CLOSE_WAIT" }, S1 | S2 | S3, "", SERVER_DEFAULT },
	{ "state_list", { "-n{netns}", "--state=fin-wait-2,LAST_ACK" }, ALL, "FIN_WAIT1>FIN_WAIT2>TIME_WAIT",
	  "CLOSE_WAIT>LAST_ACK>CLOSE" },
	{ "cgroup", { "--all", "-n{netns}", "-c", "{cgroup}" }, B2, CLIENT_ALL, SERVER_ALL },
	{ "two_at_once", { "--all", "-n{netns}", "-4", "-D7001" }, A1, CLIENT_ALL, SERVER_ALL },
};

#define FILTERS ((int)(sizeof(filters) / sizeof(filters[0])))

struct watch {
	const struct filter *filter;
	struct tool tool;
	bool running;
};

/* So many at once: an emulated machine takes seconds to load each. */
#define BATCH 6

struct suite {
	const struct tool_config *config;
	struct director director;
	char cgroup[128]; /* "" where none could be made */
	struct watch watches[BATCH];
	int count;
};

/* The first cgroup2 mount, "" when there is none. */
static void cgroup_mount(char *out, size_t size)
{
	FILE *f = fopen("/proc/self/mounts", "re");
	char line[512], path[256], type[32];

	*out = 0;
	while (f && !*out && fgets(line, sizeof(line), f))
		if (sscanf(line, "%*s %255s %31s", path, type) == 2 && !strcmp(type, "cgroup2"))
			snprintf(out, size, "%.80s", path);
	if (f)
		fclose(f);
}

/* A cgroup of its own for mix_b. */
static void cgroup_make(struct suite *s)
{
	char procs[160];
	FILE *f;

	cgroup_mount(s->cgroup, sizeof(s->cgroup));
	if (!*s->cgroup)
		return;
	snprintf(s->cgroup + strlen(s->cgroup), 40, "/tcpdwell-test-%d", getpid());
	snprintf(procs, sizeof(procs), "%s/cgroup.procs", s->cgroup);
	if (mkdir(s->cgroup, 0755) || !(f = fopen(procs, "we"))) {
		rmdir(s->cgroup);
		s->cgroup[0] = 0;
		return;
	}
	fprintf(f, "%d", s->director.truth->note[NOTE_B]);
	fclose(f);
}

/* The cgroup can be removed when its last process is gone for good. */
static void cgroup_remove(const struct suite *s)
{
	for (int i = 0; *s->cgroup && rmdir(s->cgroup) && errno == EBUSY && i < 200; i++)
		poll(NULL, 0, 10);
}

static void replace(char *text, size_t size, const char *what, const char *with)
{
	char *at, rest[256];

	while ((at = strstr(text, what))) {
		snprintf(rest, sizeof(rest), "%s", at + strlen(what));
		snprintf(at, size - (at - text), "%s%s", with, rest);
	}
}

static void fill_in(const struct suite *s, const char *template, char *out, size_t size)
{
	const struct truth *truth = s->director.truth;
	const struct { const char *name; long value; } values[] = {
		{ "{a}", truth->note[NOTE_A] }, { "{b}", truth->note[NOTE_B] },
		{ "{s}", truth->note[NOTE_SERVER] }, { "{netns}", (long)truth->netns },
		{ "{director}", s->director.pid },
	};
	char number[24];

	snprintf(out, size, "%s", template);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		snprintf(number, sizeof(number), "%ld", values[i].value);
		replace(out, size, values[i].name, number);
	}
	replace(out, size, "{cgroup}", s->cgroup);
}

static void report_name(const struct filter *f, char *out, size_t size)
{
	snprintf(out, size, "filter/%s", f->name);
}

static bool watch_start(struct suite *s, struct watch *w)
{
	char texts[4][256], name[48];
	const char *args[5] = { 0 };

	for (int i = 0; i < 4 && w->filter->args[i]; i++) {
		fill_in(s, w->filter->args[i], texts[i], sizeof(texts[i]));
		args[i] = texts[i];
	}
	report_name(w->filter, name, sizeof(name));
	if (strstr(w->filter->name, "cgroup") && !*s->cgroup) {
		report_skip(name, "no cgroup2 mount in which a cgroup can be made");
		return false;
	}
	return !tool_start(&w->tool, s->config, args);
}

/* The states that a filter must show of an end, NULL for none. */
static const char *filter_path(const struct filter *f, int end)
{
	const char *path = end % 2 ? f->server : f->client;

	return (f->ends & 1 << end) && *path ? path : NULL;
}

/* LISTEN>SYN_RECV may be missing: on older kernels the remote end is not known yet. */
static bool path_shown(const char *want, const char *path)
{
	const char *rest = strchr(want, '>') + 1;

	return !strcmp(want, path) || (!strncmp(want, "LISTEN>", 7) && !strcmp(rest, path));
}

static bool judge(struct watch *w, const struct truth *truth, struct reason *why)
{
	struct stream *s = &w->tool.stream;
	int shown = 0, have = 0;
	char path[256] = "no line";

	for (int i = 0; i < truth->wants; i++) {
		const struct want *want = &truth->want[i];
		const char *expected = filter_path(w->filter, i);
		const struct view *v =
			expect_find(s, truth->netns, want->local_port, want->remote_port, 0);

		if (v)
			view_path(s, v, path, sizeof(path));
		if (!expected ? !!v : (!v || !path_shown(expected, path))) {
			snprintf(why->text, sizeof(why->text), "%s %d>%d: expected %s, got %s",
				 want->owner.comm, want->local_port, want->remote_port,
				 expected ? expected : "no line", v ? path : "no line");
			return false;
		}
		shown += !!v;
	}
	for (int i = 0; i < s->view_count; i++)
		have += s->views[i].netns == truth->netns && view_is_connection(s, &s->views[i]);
	snprintf(why->text, sizeof(why->text), "%d connections of nobody's", have - shown);
	return have == shown;
}

static void watch_end(struct watch *w, const struct truth *truth)
{
	struct reason why = { "" };
	char name[48];
	bool good = false;
	int status;

	if (!w->running)
		return;
	report_name(w->filter, name, sizeof(name));
	for (long end = clock_ms() + LINES_MS; clock_ms() < end && !good;) {
		tool_poll(&w->tool);
		good = judge(w, truth, &why);
		poll(NULL, 0, good ? 0 : 20);
	}
	status = tool_stop(&w->tool, SIGINT);
	if (good && status)
		snprintf(why.text, sizeof(why.text), "exit status %d: %.200s", status, tool_stderr(&w->tool));
	/* What came between the first look and the end counts too. */
	good = good && !status && judge(w, truth, &why);
	if (good && *w->tool.stream.error)
		snprintf(why.text, sizeof(why.text), "%s", w->tool.stream.error);
	good = good && !*w->tool.stream.error;
	report_result(name, good, why.text);
	for (int i = 0; i < w->tool.stream.count && i < MAX_SHOWN && !good; i++)
		printf("    %s\n", w->tool.stream.records[i].line);
	tool_free(&w->tool);
}

static void watch_all(struct suite *s, const struct filter *first)
{
	const struct truth *truth = s->director.truth;
	char name[48];

	for (int i = 0; i < s->count; i++) {
		s->watches[i].filter = &first[i];
		s->watches[i].running = watch_start(s, &s->watches[i]);
	}
	for (int i = 0; i < s->count; i++) {
		struct watch *w = &s->watches[i];

		if (!w->running || tool_wait_header(&w->tool, HEADER_MS))
			continue;
		report_name(w->filter, name, sizeof(name));
		report_not_ok(name, "no header: %.200s", tool_stderr(&w->tool));
		tool_free(&w->tool);
		w->running = false;
	}
	director_go(&s->director);
	director_wait(&s->director, STAGE_DONE, 60000);
	if (*truth->fail || *truth->skip)
		report_not_ok("filter", "%s%s", truth->fail, truth->skip);
	for (int i = 0; i < s->count; i++)
		watch_end(&s->watches[i], truth);
}

/* New traffic for each batch of filters. */
static void run_batch(const struct tool_config *config, int first)
{
	struct suite *s = calloc(1, sizeof(*s));

	s->config = config;
	s->count = FILTERS - first < BATCH ? FILTERS - first : BATCH;
	if (director_start(&s->director, &mix) || !director_wait(&s->director, STAGE_READY, 10000)) {
		report_not_ok("filter", "no director");
		return;
	}
	director_go(&s->director);
	if (director_wait(&s->director, STAGE_BEFORE, 10000)) {
		cgroup_make(s);
		watch_all(s, &filters[first]);
	}
	director_free(&s->director);
	cgroup_remove(s);
	free(s);
}

void suite_filter(const struct tool_config *config)
{
	for (int first = 0; first < FILTERS; first += BATCH)
		run_batch(config, first);
}
