// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Wrong input, missing privileges, closed pipes, full disks: one line that says what was wrong and what is
 * accepted, and the right exit status.
 */
#define _GNU_SOURCE 1
#include "suites.h"

#include "actor.h"
#include "clock.h"
#include "program.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN_MS 60000
#define EXIT_USAGE 64
#define EXIT_PRIVILEGE 77

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

/* `wrong` and `accepted` must be in the one line on stderr. */
static const struct bad {
	const char *name, *args[4], *wrong, *accepted;
} table[] = {
	{ "option", { "trace", "--bogus" }, "bogus", "" },
	{ "short_option", { "trace", "-Z" }, "Z", "" },
	{ "command", { "frobnicate" }, "frobnicate", "trace" },
	{ "argument", { "trace", "surplus" }, "surplus", "" },
	{ "state", { "trace", "--state", "NONSENSE" }, "NONSENSE", "TIME_WAIT" },
	{ "state_in_list", { "trace", "--state", "TIME_WAIT,nope" }, "nope", "CLOSE_WAIT" },
	{ "state_empty", { "trace", "--state", "" }, "", "TIME_WAIT" },
	{ "pid_text", { "trace", "-p", "abc" }, "abc", "" },
	{ "pid_negative", { "trace", "-p", "-5" }, "-5", "" },
	{ "pid_zero", { "trace", "-p", "0" }, "0", "" },
	{ "pid_missing_process", { "trace", "-p", "4194305" }, "4194305", "" },
	{ "pid_huge", { "trace", "-p", "99999999999999999999" }, "99999999999999999999", "" },
	{ "pid_no_value", { "trace", "-p" }, "p", "" },
	{ "port_big", { "trace", "-L", "65536" }, "65536", "65535" },
	{ "port_text", { "trace", "-L", "http" }, "http", "65535" },
	{ "port_trailing", { "trace", "-D", "80x" }, "80x", "65535" },
	{ "port_empty_item", { "trace", "-D", "80,,81" }, "empty", "" },
	{ "remote_short", { "trace", "--remote", "1.2.3" }, "1.2.3", "" },
	{ "remote_prefix", { "trace", "--remote", "10.0.0.0/33" }, "33", "32" },
	{ "remote_prefix6", { "trace", "--remote", "::1/129" }, "129", "128" },
	{ "remote_port", { "trace", "--remote", "10.0.0.1:99999" }, "99999", "65535" },
	{ "remote_name", { "trace", "--remote", "example" }, "example", "" },
	{ "cgroup", { "trace", "-c", "/no/such/cgroup" }, "/no/such/cgroup", "" },
	{ "netns_name", { "trace", "-n", "no-such-namespace" }, "no-such-namespace", "" },
	{ "netns_path", { "trace", "-n", "/no/such/file" }, "/no/such/file", "" },
	{ "netns_not_a_namespace", { "trace", "-n", "/dev/null" }, "/dev/null", "" },
	{ "duration_text", { "trace", "-d", "soon" }, "soon", "" },
	{ "duration_negative", { "trace", "-d", "-1" }, "-1", "" },
	{ "hooks", { "trace", "--hooks=magic" }, "magic", "tracepoint" },
	{ "color", { "trace", "--color=purple" }, "purple", "auto" },
};

static bool one_line(const char *text)
{
	const char *end = strchr(text, '\n');

	return end && !end[1];
}

static void judge_line(const char *name, const struct program *p, int status, const char *first,
		       const char *second)
{
	if (p->status != status)
		report_not_ok(name, "exit status %d, expected %d; stderr: %.200s", p->status, status,
			      p->err_text);
	else if (!one_line(p->err_text))
		report_not_ok(name, "not one line on stderr: %.300s", p->err_text);
	else if (!strstr(p->err_text, first) || !strstr(p->err_text, second))
		report_not_ok(name, "does not name %s and %s: %.200s", first, second, p->err_text);
	else if (*p->out_text)
		report_not_ok(name, "something on stdout: %.100s", p->out_text);
	else
		report_ok(name);
}

static void bad_input(const char *path)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct bad *b = &table[i];
		const char *argv[] = { path, b->args[0], b->args[1], b->args[2], b->args[3], NULL };
		struct program p = { .argv = argv, .out = -1 };
		char name[64];

		snprintf(name, sizeof(name), "input/%s", b->name);
		program_run(&p, RUN_MS);
		judge_line(name, &p, EXIT_USAGE, b->wrong, b->accepted);
	}
}

/* Keeps only these capabilities over the next execve, although the user stays root. */
static void keep_capabilities(unsigned long long keep)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NO_SETUID_FIXUP);
	for (int i = 0; i < 2; i++) {
		unsigned int word = keep >> (32 * i);

		data[i] = (struct __user_cap_data_struct){ word, word, word };
	}
	syscall(SYS_capset, &header, data);
	for (int i = 0; i < 64; i++)
		if (keep & 1ULL << i)
			prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0);
}

static unsigned long long capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	syscall(SYS_capget, &header, data);
	return data[0].permitted | (unsigned long long)data[1].permitted << 32;
}

static void drop_all(void)
{
	keep_capabilities(0);
}

static void drop_bpf(void)
{
	keep_capabilities(capabilities() & ~(1ULL << CAP_BPF | 1ULL << CAP_SYS_ADMIN));
}

static void drop_perfmon(void)
{
	keep_capabilities(capabilities() & ~(1ULL << CAP_PERFMON | 1ULL << CAP_SYS_ADMIN));
}

static void privileges(const char *path)
{
	static const struct {
		const char *name;
		void (*drop)(void);
		const char *capability;
	} cases[] = {
		{ "input/no_capability", drop_all, "CAP_BPF" },
		{ "input/no_cap_bpf", drop_bpf, "CAP_BPF" },
		{ "input/no_cap_perfmon", drop_perfmon, "CAP_PERFMON" },
	};
	const char *argv[] = { path, "trace", "-j", "-d", "1", NULL };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct program p = { .argv = argv, .prepare = cases[i].drop, .out = -1 };

		program_run(&p, RUN_MS);
		judge_line(cases[i].name, &p, EXIT_PRIVILEGE, cases[i].capability, "");
	}
}

static void full_disk(const char *path)
{
	const char *argv[] = { path, "trace", "-j", "-d", "1", NULL };
	struct program p = { .argv = argv, .out = open("/dev/full", O_WRONLY | O_CLOEXEC) };

	if (p.out < 0) {
		report_skip("input/full_disk", "/dev/full: %s", strerror(errno));
		return;
	}
	program_run(&p, RUN_MS);
	close(p.out);
	judge_line("input/full_disk", &p, 1, strerror(ENOSPC), "");
}

static void traffic_make(void)
{
	struct pair p = pair_new();

	pair_close_client(&p);
	pair_wait_server(&p, "CLOSE_WAIT");
	pair_close_server(&p);
	pair_wait_client(&p, "TIME_WAIT");
}

static const struct life traffic = { .name = "traffic", .make = traffic_make };

/* As `head -1`: the reader is satisfied with the header and leaves; then there is more to say. */
static void read_one_line(int fd)
{
	char c = 0;

	while (c != '\n' && read(fd, &c, 1) == 1)
		;
	close(fd);
}

static void judge_pipe(int pid, int err)
{
	char text[512] = "";
	long end = clock_ms() + 10000;
	int status = 0, ended;

	while (!(ended = waitpid(pid, &status, WNOHANG) == pid) && clock_ms() < end)
		poll(NULL, 0, 5);
	if (!ended) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	if (pread(err, text, sizeof(text) - 1, 0) < 0)
		text[0] = 0;
	if (!ended)
		report_not_ok("input/closed_pipe", "still running 10 s after its reader left");
	else if (*text)
		report_not_ok("input/closed_pipe", "it complained: %.200s", text);
	else if ((WIFSIGNALED(status) && WTERMSIG(status) != SIGPIPE) ||
		 (WIFEXITED(status) && WEXITSTATUS(status)))
		report_not_ok("input/closed_pipe", "wait status %#x", status);
	else
		report_ok("input/closed_pipe");
}

static int pipe_start(const char *path, unsigned long netns, int out, int err)
{
	char inode[24];
	const char *argv[] = { path, "trace", "-j", "--all", "-n", inode, NULL };
	int pid;

	snprintf(inode, sizeof(inode), "%lu", netns);
	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	dup2(out, 1);
	dup2(err, 2);
	execv(path, (char *const *)argv);
	_exit(127);
}

static void closed_pipe(const char *path)
{
	struct director d;
	int ends[2], err = memfd_create("err", MFD_CLOEXEC), pid;

	/* The pipe comes after the director, which would inherit its reading end and keep it open. */
	if (director_start(&d, &traffic) || pipe2(ends, O_CLOEXEC))
		return;
	director_wait(&d, STAGE_READY, 10000);
	director_go(&d);
	director_wait(&d, STAGE_BEFORE, 10000);
	pid = pipe_start(path, d.truth->netns, ends[1], err);
	close(ends[1]);
	read_one_line(ends[0]);
	director_go(&d);
	director_wait(&d, STAGE_DONE, 20000);
	judge_pipe(pid, err);
	close(err);
	director_free(&d);
}

static const char *last_line(char *text)
{
	size_t len = strlen(text);
	char *at;

	if (len && text[len - 1] == '\n')
		text[len - 1] = 0;
	at = strrchr(text, '\n');
	return at ? at + 1 : text;
}

/* Ends by itself, with a header and a summary. */
static void duration(const char *path)
{
	const char *argv[] = { path, "trace", "-j", "-d", "1", "-n", "self", "-L", "1", NULL };
	struct program p = { .argv = argv, .out = -1 };

	program_run(&p, RUN_MS);
	if (p.status || strncmp(p.out_text, "{\"type\":\"header\"", 16) ||
	    strncmp(last_line(p.out_text), "{\"type\":\"summary\"", 17))
		report_not_ok("input/duration", "exit status %d, stdout %.200s, stderr %.200s", p.status,
			      p.out_text, p.err_text);
	else
		report_ok("input/duration");
}

static void answers(const char *name, const char *path, const char *option, const char *must_have)
{
	const char *argv[] = { path, option, NULL };
	struct program p = { .argv = argv, .out = -1 };

	program_run(&p, RUN_MS);
	if (p.status || *p.err_text || !strstr(p.out_text, must_have))
		report_not_ok(name, "exit status %d, stdout %.100s, stderr %.100s", p.status, p.out_text,
			      p.err_text);
	else
		report_ok(name);
}

void suite_input(const struct tool_config *config)
{
	bad_input(config->path);
	privileges(config->path);
	full_disk(config->path);
	closed_pipe(config->path);
	duration(config->path);
	answers("input/version", config->path, "--version", "0.1.0");
	answers("input/help", config->path, "--help", "trace");
}
