// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Command line, limits and descriptors of a process that lives, from /proc. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attribute/holders.h"
#include "attribute/process.h"
#include "attribute/program.h"

#define ARGUMENTS_BYTES 4096

static size_t read_file(const char *proc, uint32_t pid, const char *name, char *out, size_t size)
{
	char path[4096];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s/%u/%s", proc ?: "/proc", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	got = read(fd, out, size);
	close(fd);
	return got > 0 ? got : 0;
}

/* The pid may be another's by now. */
static bool is_there(const char *proc, const struct process *process)
{
	struct process now;

	return process->start_ns && process->pid && holder_process_read(proc ?: "/proc", process->pid, &now) &&
	       process_is_same(&now, process);
}

/* A zombie; of a process with more threads the first may have ended alone. */
static bool is_dead(const char *stat)
{
	const char *end = strrchr(stat, ')');
	unsigned long threads;
	char state;

	return end && sscanf(end + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %lu", &state, &threads) == 2 &&
	       (state == 'Z' || state == 'X') && threads <= 1;
}

bool process_has_ended(const char *proc, const struct process *process)
{
	char text[1024];

	/* Of the first process everybody may know that it is there, unless /proc is made to hide it. */
	if (!process->start_ns || !process->pid || !read_file(proc, 1, "stat", text, sizeof(text)))
		return false;
	if (!is_there(proc, process))
		return true;
	text[read_file(proc, process->pid, "stat", text, sizeof(text) - 1)] = '\0';
	return !text[0] || is_dead(text);
}

void program_read(char out[PROGRAM_BYTES], const char *proc, const struct process *process)
{
	char arguments[ARGUMENTS_BYTES];
	size_t size = is_there(proc, process) ? read_file(proc, process->pid, "cmdline", arguments, sizeof(arguments)) : 0;

	program_from_arguments(out, arguments, size);
}

void cmdline_read(char out[CMDLINE_BYTES], const char *proc, const struct process *process)
{
	char arguments[ARGUMENTS_BYTES];
	size_t size = is_there(proc, process) ? read_file(proc, process->pid, "cmdline", arguments, sizeof(arguments)) : 0;

	cmdline_from_arguments(out, arguments, size);
}

/* "Max open files            1024                 524288               files" */
static bool limit_read(const char *proc, uint32_t pid, uint64_t *limit)
{
	static const char name[] = "\nMax open files";
	char text[4096], *line;

	text[read_file(proc, pid, "limits", text, sizeof(text) - 1)] = '\0';
	line = strstr(text, name);
	if (!line)
		return false;
	line += sizeof(name) - 1;
	line += strspn(line, " ");
	*limit = strncmp(line, "unlimited", 9) ? strtoull(line, NULL, 10) : UINT64_MAX;
	return true;
}

static bool count_entries(const char *path, uint64_t *count)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	if (!directory)
		return false;
	*count = 0;
	while ((entry = readdir(directory)))
		*count += entry->d_name[0] != '.';
	closedir(directory);
	return true;
}

/* Since Linux 6.2 the folder's size is their number, and may be known where the folder may not be read. */
static bool open_read(const char *proc, uint32_t pid, uint64_t *open)
{
	struct stat status;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%u/fd", proc ?: "/proc", pid);
	if (!stat(path, &status) && status.st_size > 0) {
		*open = status.st_size;
		return true;
	}
	return count_entries(path, open);
}

bool process_descriptors(const char *proc, const struct process *process, uint64_t *open, uint64_t *limit)
{
	return is_there(proc, process) && limit_read(proc, process->pid, limit) && open_read(proc, process->pid, open);
}
