// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The tcpdwell process of a test. It dies with the harness, so a failed test leaves no program attached.
 */
#define _GNU_SOURCE 1
#include "tool.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGS 32
#define STOP_MS 20000
#define CHUNK 65536

static void execute(const struct tool *t, const struct tool_config *config, const char *const *args)
{
	const char *argv[MAX_ARGS] = { config->path, "trace", "-j" };
	char hooks[32];
	int n = 3, null = open("/dev/null", O_RDONLY);

	if (config->hooks) {
		snprintf(hooks, sizeof(hooks), "--hooks=%s", config->hooks);
		argv[n++] = hooks;
	}
	while (*args && n < MAX_ARGS - 1)
		argv[n++] = *args++;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, 0);
	dup2(t->out, 1);
	dup2(t->err, 2);
	execv(config->path, (char *const *)argv);
	fprintf(stderr, "%s: %s\n", config->path, strerror(errno));
	_exit(127);
}

int tool_start(struct tool *t, const struct tool_config *config, const char *const *args)
{
	memset(t, 0, sizeof(*t));
	t->out = memfd_create("out", MFD_CLOEXEC);
	t->err = memfd_create("err", MFD_CLOEXEC);
	if (t->out < 0 || t->err < 0)
		return -errno;
	fflush(stdout);
	t->pid = fork();
	if (t->pid < 0)
		return -errno;
	if (!t->pid)
		execute(t, config, args);
	return 0;
}

/* One pread of whole lines; false when none came. */
static bool read_lines(struct tool *t)
{
	char buf[CHUNK + 1], *line = buf, *end;
	ssize_t n = pread(t->out, buf, CHUNK, t->read_to);

	if (n <= 0)
		return false;
	buf[n] = 0;
	while ((end = strchr(line, '\n'))) {
		*end = 0;
		stream_feed(&t->stream, line);
		line = end + 1;
	}
	t->read_to += line - buf;
	return line != buf;
}

void tool_poll(struct tool *t)
{
	while (read_lines(t))
		;
}

static bool tool_ended(struct tool *t, int *status)
{
	if (!t->pid || waitpid(t->pid, status, WNOHANG) != t->pid)
		return false;
	t->pid = 0;
	return true;
}

bool tool_wait_header(struct tool *t, int ms)
{
	int status;

	for (long end = clock_ms() + ms; clock_ms() < end && !t->stream.header; poll(NULL, 0, 5)) {
		if (tool_ended(t, &status))
			return false;
		tool_poll(t);
	}
	return t->stream.header;
}

int tool_stop(struct tool *t, int signal)
{
	long end = clock_ms() + STOP_MS;
	int status = -1;

	if (!t->pid)
		return -1;
	kill(t->pid, signal);
	while (!tool_ended(t, &status) && clock_ms() < end)
		poll(NULL, 0, 5);
	tool_poll(t);
	if (t->pid) {
		kill(t->pid, SIGKILL);
		waitpid(t->pid, NULL, 0);
		t->pid = 0;
		return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

const char *tool_stderr(const struct tool *t)
{
	static char text[16384];
	ssize_t n = pread(t->err, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = 0;
	return text;
}

void tool_free(struct tool *t)
{
	tool_stop(t, SIGKILL);
	close(t->out);
	close(t->err);
	stream_free(&t->stream);
}
