// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads a file's first line as `report` would. */
#include "recording/origin.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "recording/input.h"
#include "recording/parse.h"

#define FIRST_BYTES 65536 /* a header is 500 */

struct beginning {
	int fd;
	size_t left;
};

static long read_beginning(void *context, void *buffer, size_t size)
{
	struct beginning *beginning = context;
	ssize_t got;

	got = read(beginning->fd, buffer, size < beginning->left ? size : beginning->left);
	if (got > 0)
		beginning->left -= got;
	return got < 0 ? -errno : got;
}

static bool take_header(const char *line, size_t size, struct recording_origin *origin)
{
	struct recorded recorded;
	bool is;

	if (recorded_parse(&recorded, line, size))
		return false;
	is = recorded.type == RECORDED_HEADER && recorded.format;
	origin->begin_unix_ns = recorded.run.begin_unix_ns;
	origin->part = recorded.part;
	snprintf(origin->run, sizeof(origin->run), "%s", recorded.run_name);
	recorded_release(&recorded);
	return is;
}

bool recording_origin_read(int fd, struct recording_origin *origin)
{
	struct beginning beginning = { fd, FIRST_BYTES };
	struct recording_input *input = recording_input_new(read_beginning, &beginning);
	const char *line;
	size_t size;
	bool is = input && recording_input_line(input, &line, &size) == 1 && take_header(line, size, origin);

	recording_input_free(input);
	return is;
}

bool recording_is_ours(int fd)
{
	struct recording_origin origin;

	return recording_origin_read(fd, &origin);
}
