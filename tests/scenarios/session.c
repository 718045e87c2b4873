// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The order of a session: namespaces, what comes before, tcpdwell, traffic, the accounts at rest, the ends
 * that timers bring, SIGTERM, assertions.
 */
#define _GNU_SOURCE 1
#include "session.h"

#include "clock.h"
#include "expect.h"
#include "report.h"
#include "rows.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_MS 30000
#define BEFORE_MS 20000
#define MAKE_MS 240000
#define AT_ONCE 10 /* lives that play at a time: an emulated machine is slow enough without a crowd */
#define GAP_MS 30 /* between their beginnings: a task that is preempted inside a program soon gets its turn again */
#define HEADER_MS 180000 /* under emulation, beside another machine, the verifier alone takes half a minute */
/*
 * tcpdwell's sweeps may use half a percent of a CPU: with many sockets, or emulated, they are rare. An end that the kernel
 * told no one of waits for one.
 */
#define REST_MS 50000
#define ENDS_MS 180000
#define MAX_ROWS 256
#define PART_LIVES 60
/* A TIME_WAIT from before tcpdwell is there for 60 s. */
#define START_MS 50000

/* How far a life has come, by the harness's clock. */
struct progress {
	long started_ms, done_ms; /* 0: not yet */
	long lag_ms;              /* from the end of its traffic to equal accounts */
	bool agreed;              /* the accounts agreed once, at rest */
	struct reason rest;       /* what did not agree when looked at last */
};

struct session {
	struct director *directors;
	struct progress *progress;
	int count;
	long began_ms; /* when the last life did */
	struct tool tool;
	bool dry;
	const char *summary; /* the name of the result about the summary line */
};

/* The inode numbers of all namespaces, with commas; the caller frees it. */
static char *netns_list(const struct director *directors, int count)
{
	char *list = calloc(count + 1, 24), *at = list;

	for (int i = 0; list && i < count; i++)
		if (directors[i].truth->netns)
			at += sprintf(at, "%s%lu", at == list ? "" : ",", directors[i].truth->netns);
	return list;
}

static bool life_usable(const struct truth *truth)
{
	return !*truth->skip && !*truth->fail;
}

static void stage_all(struct session *s, enum stage stage, int ms)
{
	long end = clock_ms() + ms;

	for (int i = 0; i < s->count; i++)
		director_wait(&s->directors[i], stage, end > clock_ms() ? end - clock_ms() : 2);
}

static void go_all(struct session *s)
{
	for (int i = 0; i < s->count; i++)
		if (life_usable(s->directors[i].truth))
			director_go(&s->directors[i]);
}

static bool start_tool(struct session *s, const struct tool_config *config)
{
	char *list = netns_list(s->directors, s->count);
	const char *args[] = { "--all", "-n", list, NULL };
	int err = tool_start(&s->tool, config, args);
	bool good = !err && tool_wait_header(&s->tool, HEADER_MS);

	free(list);
	if (!good)
		report_not_ok("start", "tcpdwell printed no header: %.300s", tool_stderr(&s->tool));
	return good;
}

/* What was made before a slow start has expired meanwhile, and can't be asserted. */
static void skip_expired(struct session *s, long start_ms)
{
	for (int i = 0; i < s->count; i++) {
		struct truth *truth = s->directors[i].truth;

		if (start_ms > START_MS && s->directors[i].life->before && life_usable(truth))
			snprintf(truth->skip, sizeof(truth->skip), "tcpdwell took %ld s to start: TIME_WAIT is over",
				 start_ms / 1000);
	}
}

/* What comes before tcpdwell, then tcpdwell. One part at a time: a start is short, because nothing else runs. */
static bool begin(struct session *s, const struct tool_config *config, int turn)
{
	bool good = true;
	long start;

	lockf(turn, F_LOCK, 0);
	start = clock_ms();
	go_all(s);
	stage_all(s, STAGE_BEFORE, BEFORE_MS);
	if (!s->dry) {
		good = start_tool(s, config);
		skip_expired(s, clock_ms() - start);
	}
	lockf(turn, F_ULOCK, 0);
	return good;
}

static bool life_at_rest(struct session *s, int i)
{
	struct director *d = &s->directors[i];
	struct reason *why = &s->progress[i].rest;

	why->text[0] = 0;
	if (!life_usable(d->truth) || d->truth->dies)
		return true;
	if (!expect_rows(d->pid, d->truth, why))
		return false;
	return s->dry || expect_account(&s->tool.stream, d->pid, d->truth, why);
}

/* A life goes on when it is told what it waits for. */
static void answer(struct session *s, struct director *d)
{
	const struct want_holder *want = director_asks(d);
	struct reason why = { "" };

	if (!want)
		return;
	if (s->dry || expect_holder(&s->tool.stream, d->truth->netns, want, &why))
		director_answer(d);
	else
		snprintf(d->truth->holder_last, sizeof(d->truth->holder_last), "%s", why.text);
}

/* Lets a life begin, notices its end, compares its accounts: as far as it has come. */
static void step(struct session *s, int i, int *playing)
{
	struct director *d = &s->directors[i];
	struct progress *p = &s->progress[i];
	long now = clock_ms();

	if (!p->started_ms && life_usable(d->truth)) {
		if (*playing == AT_ONCE || now < s->began_ms + GAP_MS)
			return;
		s->began_ms = p->started_ms = now;
		++*playing;
		director_go(d);
	}
	if (!p->done_ms && (!life_usable(d->truth) || director_done(d)))
		p->done_ms = now;
	if (p->started_ms && !p->done_ms)
		answer(s, d);
	if (!p->done_ms && now > p->started_ms + MAKE_MS)
		snprintf(d->truth->fail, sizeof(d->truth->fail), "not finished within %d ms", MAKE_MS);
	/* The tool may be some time behind; the truth does not move. */
	if (p->done_ms && !p->agreed) {
		p->agreed = life_at_rest(s, i) || now > p->done_ms + REST_MS;
		p->lag_ms = now - p->done_ms;
	}
}

static void play(struct session *s)
{
	int left, playing;

	do {
		if (!s->dry)
			tool_poll(&s->tool);
		left = playing = 0;
		for (int i = 0; i < s->count; i++)
			playing += s->progress[i].started_ms && !s->progress[i].done_ms;
		/* What was there before tcpdwell does not wait: its TIME_WAIT passes already. */
		for (int before = 1; before >= 0; before--)
			for (int i = 0; i < s->count; i++) {
				if (!!s->directors[i].life->before != before)
					continue;
				step(s, i, &playing);
				left += !s->progress[i].agreed;
			}
		poll(NULL, 0, left ? 5 : 0);
	} while (left);
}

/* The longest time from the end of a life's traffic to equal accounts: what a user may see too. */
static void print_lag(const struct session *s)
{
	long longest = 0;

	for (int i = 0; i < s->count; i++)
		if (s->progress[i].lag_ms > longest)
			longest = s->progress[i].lag_ms;
	printf("  %d namespaces: the last account agreed %ld ms after its traffic\n", s->count, longest);
}

static bool all_ended(struct session *s)
{
	for (int i = 0; i < s->count; i++) {
		const struct truth *truth = s->directors[i].truth;

		if (life_usable(truth) && !expect_ended(&s->tool.stream, truth))
			return false;
	}
	return true;
}

static void wait_ends(struct session *s)
{
	long end = clock_ms() + ENDS_MS;

	do {
		poll(NULL, 0, 200);
		tool_poll(&s->tool);
	} while (!all_ended(s) && clock_ms() < end);
}

static void print_life(const struct session *s, const struct truth *truth)
{
	for (int i = 0; i < truth->wants; i++)
		printf("    expected %d>%d %s closed_by=%s end=%s owner=%d/%s closer=%d/%s\n",
		       truth->want[i].local_port, truth->want[i].remote_port, truth->want[i].path,
		       truth->want[i].closed_by, truth->want[i].end, truth->want[i].owner.pid,
		       truth->want[i].owner.comm, truth->want[i].closer.pid, truth->want[i].closer.comm);
	for (int i = 0; i < s->tool.stream.count; i++)
		if (s->tool.stream.records[i].netns == truth->netns)
			printf("    %s\n", s->tool.stream.records[i].line);
	fflush(stdout);
}

static void judge_life(struct session *s, int i)
{
	const struct truth *truth = s->directors[i].truth;
	const char *name = s->directors[i].life->name;
	struct reason why = { "" };

	if (*truth->skip) {
		report_skip(name, "%s", truth->skip);
		return;
	}
	if (*truth->fail) {
		report_not_ok(name, "%s", truth->fail);
	} else if (*s->progress[i].rest.text) {
		report_not_ok(name, "at rest: %s", s->progress[i].rest.text);
	} else if (!s->dry && !expect_life(&s->tool.stream, truth, &why)) {
		report_not_ok(name, "%s", why.text);
	} else {
		report_ok(name);
		return;
	}
	print_life(s, truth);
}

struct kernel_totals {
	int tw, close_wait, seeded_tw, seeded_close_wait;
	bool whole; /* every life went as planned, so the seeded ones are known */
	bool known; /* no namespace has died: the kernel's counts are those of all namespaces */
};

/* Only what each life wrote down as there before counts as seeded. */
static void count_seeded(const struct truth *truth, struct kernel_totals *k)
{
	for (int i = 0; i < truth->wants; i++) {
		const struct want *w = &truth->want[i];

		k->seeded_tw += w->seeded && !strncmp(w->path, "TIME_WAIT", 9);
		k->seeded_close_wait += w->seeded && !strncmp(w->path, "CLOSE_WAIT", 10);
	}
}

static struct kernel_totals kernel_count(const struct session *s)
{
	struct kernel_totals k = { .whole = true, .known = true };
	struct row rows[MAX_ROWS];

	for (int i = 0; i < s->count; i++) {
		const struct director *d = &s->directors[i];
		int n;

		k.whole &= !*d->truth->fail && !(*d->truth->skip && (d->life->before || d->truth->unfinished));
		k.known &= !d->truth->dies;
		if (d->truth->dies)
			continue;
		count_seeded(d->truth, &k);
		k.tw += rows_sockstat_tw(d->pid);
		n = rows_read(d->pid, rows, MAX_ROWS);
		for (int j = 0; j < n; j++)
			k.close_wait += rows[j].state == state_number("CLOSE_WAIT");
	}
	return k;
}

/* What the tool says of itself: every result may need it to be understood. */
static void print_health(const struct stream *stream)
{
	static const char *const keys[] = { "transitions", "lost", "missed", "healed", "skipped", "map_full",
					    "unknown", "adopted", "dropped", "walk_cut" };
	const struct record *last = &stream->records[stream->count - 1];

	printf(" ");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		printf(" %s=%lld", keys[i], record_number(last, keys[i]));
	printf("\n");
}

static void judge_summary(const struct session *s, int status, const struct kernel_totals *k)
{
	const struct stream *stream = &s->tool.stream;
	struct reason why = { "" };
	bool good;

	if (status) {
		report_not_ok(s->summary, "exit status %d after SIGTERM: %.200s", status,
			      tool_stderr(&s->tool));
		return;
	}
	good = expect_summary(stream, &why) &&
	       (!k->known || expect_kernel_totals(stream, k->tw, k->close_wait, &why)) &&
	       (!k->whole || expect_seeded(stream, k->seeded_tw, k->seeded_close_wait, &why));
	if (stream->summary)
		print_health(stream);
	report_result(s->summary, good, why.text);
	if (!good && stream->summary)
		printf("    %s\n", stream->records[stream->count - 1].line);
}

static void watch(struct session *s)
{
	struct kernel_totals k = { 0 };
	int status = 0;

	play(s);
	if (!s->dry) {
		print_lag(s);
		wait_ends(s);
		k = kernel_count(s);
		status = tool_stop(&s->tool, SIGTERM);
	}
	for (int i = 0; i < s->count; i++)
		judge_life(s, i);
	if (!s->dry)
		judge_summary(s, status, &k);
}

static void run_one(const struct life *const *lives, int count, const struct tool_config *config,
		    const char *summary, int turn)
{
	struct session s = { .count = count, .dry = !config, .tool = { .out = -1 }, .summary = summary };
	struct director *directors = calloc(count, sizeof(*directors));

	s.directors = directors;
	s.progress = calloc(count, sizeof(*s.progress));
	for (int i = 0; i < count; i++)
		if (director_start(&directors[i], lives[i]))
			exit(1);
	stage_all(&s, STAGE_READY, READY_MS);
	if (begin(&s, config, turn))
		watch(&s);
	for (int i = 0; i < count; i++)
		director_free(&directors[i]);
	if (!s.dry)
		tool_free(&s.tool);
	free(directors);
	free(s.progress);
}

struct part {
	pid_t pid;
	char summary[40];
	int out; /* a memory file: parts end at different times and must not mix their lines */
};

static void part_start(struct part *p, const struct life *const *lives, int count,
		       const struct tool_config *config, int turn)
{
	p->out = memfd_create("part", MFD_CLOEXEC);
	fflush(stdout);
	p->pid = fork();
	if (p->pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(p->out, STDOUT_FILENO);
	run_one(lives, count, config, p->summary, turn);
	fflush(stdout);
	_exit(report_failures() < 255 ? report_failures() : 255);
}

/* Returns how many of the part's results were not ok. */
static int part_end(struct part *p)
{
	char buf[4096];
	off_t at = 0;
	ssize_t n;
	int status;

	if (p->pid < 0 || waitpid(p->pid, &status, 0) != p->pid)
		return 1;
	while ((n = pread(p->out, buf, sizeof(buf), at)) > 0) {
		fwrite(buf, 1, n, stdout);
		at += n;
	}
	fflush(stdout);
	close(p->out);
	if (!WIFEXITED(status))
		printf("not ok session: killed by signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int session_run(const char *name, const struct life *const *lives, int count,
		const struct tool_config *config)
{
	int parts = (count + PART_LIVES - 1) / PART_LIVES, failures = 0;
	struct part *part = calloc(parts, sizeof(*part));
	int turn = memfd_create("turn", MFD_CLOEXEC);

	for (int i = 0; i < parts; i++) {
		snprintf(part[i].summary, sizeof(part[i].summary), parts > 1 ? "%s_%d" : "%s", name, i + 1);
		part_start(&part[i], lives + count * i / parts, count * (i + 1) / parts - count * i / parts,
			   config, turn);
	}
	for (int i = 0; i < parts; i++)
		failures += part_end(&part[i]);
	close(turn);
	free(part);
	return failures;
}
