// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * torn FILE COUNT: of a recording that is cut by 1, 2, … COUNT bytes a line each: how many transitions are read, and whether it is found
 * not to be complete. The reader is that of `report`.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording/recording.h"

struct bytes {
	const char *next;
	size_t left;
};

static long take(void *context, void *buffer, size_t size)
{
	struct bytes *bytes = context;

	size = size < bytes->left ? size : bytes->left;
	memcpy(buffer, bytes->next, size);
	bytes->next += size;
	bytes->left -= size;
	return size;
}

struct tally_view {
	struct view view;
	unsigned long transitions;
};

static int count(struct view *view, const struct event *event)
{
	((struct tally_view *)view)->transitions += event->record.type == RECORD_TRANSITION;
	return 0;
}

static void read_cut(const char *data, size_t size)
{
	struct run_needs needs = { .emit_states = ~0U, .track_all = true };
	struct tally_view tally = { .view.event = count };
	struct bytes bytes = { data, size };
	struct recording_findings findings;
	struct run_options options;
	char error[256];

	run_options_init(&options);
	recording_replay(take, &bytes, &options, &needs, &tally.view, &findings, error, sizeof(error));
	printf("%lu %d\n", tally.transitions, findings.truncated || findings.corrupt || findings.damaged);
}

int main(int argc, char **argv)
{
	int fd = argc > 2 ? open(argv[1], O_RDONLY) : -1;
	long most = argc > 2 ? atol(argv[2]) : 0, i;
	struct stat status;
	char *data;

	if (fd < 0 || fstat(fd, &status) || !(data = malloc(status.st_size ?: 1)) || read(fd, data, status.st_size) != status.st_size)
		return fputs("usage: torn FILE COUNT\n", stderr), 1;
	for (i = 1; i <= most && i <= status.st_size; i++)
		read_cut(data, status.st_size - i);
	free(data);
	return 0;
}
