// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What /proc says of a process that holds a socket: its name, its pid within its own namespace, its start. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attribute/holders.h"

#define NSEC_PER_SEC 1000000000ULL

static int read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read(fd, text, size - 1);
	close(fd);
	if (got < 0)
		return -EIO;
	text[got] = '\0';
	return 0;
}

/* "pid (name) S …": the name may have any character, so the last ')' ends it; the start is the 20th word behind it. */
static bool stat_take(const char *text, struct process *process)
{
	const char *name = strchr(text, '('), *end = strrchr(text, ')');
	unsigned long long ticks;
	size_t size;

	if (!name || !end || end < name ||
	    sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &ticks) != 1)
		return false;
	size = end - name - 1;
	memcpy(process->comm, name + 1, size < COMM_BYTES ? size : COMM_BYTES - 1);
	process->start_ns = ticks * (NSEC_PER_SEC / sysconf(_SC_CLK_TCK)) ?: 1;
	return true;
}

/* "NSpid: 4711 12": the last is the innermost namespace's. */
static uint32_t innermost_pid(const char *status)
{
	const char *line = strstr(status, "\nNSpid:");
	uint32_t pid = 0;

	for (line = line ? line + 7 : ""; *line && *line != '\n'; line += strcspn(line, "\t\n")) {
		line += strspn(line, "\t");
		pid = strtoul(line, NULL, 10);
	}
	return pid;
}

bool holder_process_read(const char *proc, uint32_t pid, struct process *process)
{
	char path[4096], text[4096];

	memset(process, 0, sizeof(*process));
	process->pid = pid;
	snprintf(path, sizeof(path), "%s/%u/stat", proc, pid);
	if (read_file(path, text, sizeof(text)) || !stat_take(text, process))
		return false;
	snprintf(path, sizeof(path), "%s/%u/status", proc, pid);
	if (!read_file(path, text, sizeof(text)))
		process->ns_pid = innermost_pid(text);
	return true;
}
