// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A child process with its output in memory files and a bound on its life. */
#define _GNU_SOURCE 1
#include "program.h"

#include "clock.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void execute(const struct program *p, int out, int err)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(p->out >= 0 ? p->out : out, 1);
	dup2(err, 2);
	if (p->prepare)
		p->prepare();
	execv(p->argv[0], (char *const *)p->argv);
	perror(p->argv[0]);
	_exit(127);
}

static void keep(int fd, char *text, int size)
{
	int n = pread(fd, text, size - 1, 0);

	text[n > 0 ? n : 0] = 0;
	close(fd);
}

static int wait_status(int pid, int ms)
{
	int status;

	for (long end = clock_ms() + ms; clock_ms() < end; poll(NULL, 0, 2)) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -1;
}

void program_run(struct program *p, int ms)
{
	int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC), pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		execute(p, out, err);
	p->status = pid < 0 ? -1 : wait_status(pid, ms);
	keep(out, p->out_text, sizeof(p->out_text));
	keep(err, p->err_text, sizeof(p->err_text));
}
