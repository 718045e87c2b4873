// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The guard of the terminal. The pipe's end of file is its sign: the kernel closes our end however we die. */
#include "show/terminal_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "util/capabilities.h"

#define NAME "tcpdwell-guard"

/* Attributes off, cursor on, cursor keys as usual, back to the first screen: understood where ncurses draws at all. */
static const char restore[] = "\033[0m\033[?25h\033[?1l\033>\033[?1049l";

struct message {
	bool end; /* all is well */
	struct termios modes; /* else: the modes while the terminal is ours */
};

/* A message is less than a pipe takes at once. */
static bool message_read(int fd, struct message *message)
{
	ssize_t size;

	do {
		size = read(fd, message, sizeof(*message));
	} while (size < 0 && errno == EINTR);
	return size == sizeof(*message);
}

static void message_write(int fd, const struct message *message)
{
	ssize_t ignored = write(fd, message, sizeof(*message));

	(void)ignored;
}

static bool same_modes(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_lflag == b->c_lflag;
}

/* A shell may have set its own modes already: then these are kept. */
static void put_right(const struct termios *before, const struct termios *ours)
{
	struct termios now;
	ssize_t ignored;

	if (!tcgetattr(STDIN_FILENO, &now) && same_modes(&now, ours))
		tcsetattr(STDIN_FILENO, TCSANOW, before);
	ignored = write(STDOUT_FILENO, restore, sizeof(restore) - 1);
	(void)ignored;
}

/* A session of its own: no signal of the terminal, no stop for writing to it. */
static void guard_run(int fd, const struct termios *before)
{
	struct message message = {};
	bool taken = false;

	setsid();
	setpriority(PRIO_PROCESS, 0, -10); /* before the shell, where we may */
	capabilities_limit(0);
	prctl(PR_SET_NAME, NAME);
	while (message_read(fd, &message) && !message.end)
		taken = true;
	if (taken && !message.end)
		put_right(before, &message.modes);
	_exit(0);
}

void terminal_guard_begin(struct terminal_guard *guard)
{
	struct termios before;
	int fds[2];

	guard->fd = -1;
	if (tcgetattr(STDIN_FILENO, &before) || pipe2(fds, O_CLOEXEC))
		return;
	guard->pid = fork();
	if (!guard->pid) {
		close(fds[1]);
		guard_run(fds[0], &before);
	}
	close(fds[0]);
	if (guard->pid > 0)
		guard->fd = fds[1];
	else
		close(fds[1]);
}

void terminal_guard_note_modes(const struct terminal_guard *guard)
{
	struct message message = {};

	if (guard->fd >= 0 && !tcgetattr(STDIN_FILENO, &message.modes))
		message_write(guard->fd, &message);
}

void terminal_guard_end(struct terminal_guard *guard)
{
	struct message message = { .end = true };

	if (guard->fd < 0)
		return;
	message_write(guard->fd, &message);
	close(guard->fd);
	guard->fd = -1;
	while (waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
