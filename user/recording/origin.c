// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads a file's first line as `report` would. */
#include "recording/origin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording/input.h"
#include "recording/parse.h"

#define FIRST_BYTES 65536 /* a header is 500 */
#define LAST_BYTES (256 << 10) /* of the file's end: more than a member has */
#define LAST_LINES 8 /* one of these has a time */

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
	origin->begin = recorded_begin(&recorded);
	origin->part = recorded.part;
	origin->with_ports = recorded.with_ports;
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

/* Of gzip: from the first member that begins there. Where it is none after all, reading goes on to the next. */
static off_t find_member(int fd, off_t from)
{
	unsigned char bytes[4096];
	ssize_t got, i;

	for (; (got = pread(fd, bytes, sizeof(bytes), from)) >= 4; from += got - 3)
		for (i = 0; i + 3 < got; i++)
			if (bytes[i] == 0x1f && bytes[i + 1] == 0x8b && bytes[i + 2] == 8 && !(bytes[i + 3] & 0xe0))
				return from + i;
	return -1;
}

static bool is_gzip(int fd)
{
	unsigned char magic[2];

	return pread(fd, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
}

struct last_lines {
	char text[LAST_LINES][2048];
	size_t size[LAST_LINES], count;
};

static void read_last_lines(int fd, struct last_lines *last)
{
	struct beginning rest = { fd, LAST_BYTES };
	struct recording_input *input = recording_input_new(read_beginning, &rest);
	const char *line;
	size_t size;
	int got = 0;

	while (input && ((got = recording_input_line(input, &line, &size)) == 1 || got == -E2BIG)) {
		if (got != 1 || size > sizeof(last->text[0]))
			continue;
		memcpy(last->text[last->count % LAST_LINES], line, size);
		last->size[last->count++ % LAST_LINES] = size;
	}
	recording_input_free(input);
}

static void take_time(struct recording_last *latest, const char *line, size_t size)
{
	struct recorded recorded;

	if (recorded_parse(&recorded, line, size))
		return;
	if (recorded.unix_ns > latest->unix_ns)
		latest->unix_ns = recorded.unix_ns;
	if (recorded.time_ns > latest->time_ns)
		latest->time_ns = recorded.time_ns;
	recorded_release(&recorded);
}

struct recording_last recording_last_time(int fd)
{
	struct recording_last latest = {};
	struct last_lines last = {};
	struct stat status;
	off_t from;
	size_t i;

	if (fstat(fd, &status))
		return latest;
	from = status.st_size > LAST_BYTES ? status.st_size - LAST_BYTES : 0;
	if (is_gzip(fd))
		from = find_member(fd, from);
	if (from < 0 || lseek(fd, from, SEEK_SET) < 0)
		return latest;
	read_last_lines(fd, &last);
	for (i = 0; i < LAST_LINES && i < last.count; i++)
		take_time(&latest, last.text[i], last.size[i]);
	return latest;
}
