// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* zlib's deflate onto a descriptor. gzwrite() would hide which bytes are on their way, and its errors. */
#include "recording/file.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "util/descriptor.h"

#define GATHER_BYTES 65536
#define GZIP_WINDOW (MAX_WBITS + 16) /* zlib's way to ask for gzip's frame */
#define MEMORY_LEVEL 8

struct recording_file {
	int fd;
	int error;
	uint64_t written; /* of total_out */
	z_stream stream;
	unsigned char out[GATHER_BYTES];
};

int recording_file_new(struct recording_file **ret, int fd)
{
	struct recording_file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	file->fd = fd;
	file->stream.next_out = file->out;
	file->stream.avail_out = sizeof(file->out);
	if (deflateInit2(&file->stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(file);
		return -ENOMEM;
	}
	*ret = file;
	return 0;
}

static int write_out(struct recording_file *file)
{
	size_t size = sizeof(file->out) - file->stream.avail_out, written = 0;

	if (!file->error)
		file->error = descriptor_write(file->fd, file->out, size, &written);
	file->written += written;
	file->stream.next_out = file->out;
	file->stream.avail_out = sizeof(file->out);
	return file->error;
}

static int compress_as(struct recording_file *file, const void *data, size_t size, int flush)
{
	file->stream.next_in = (unsigned char *)data;
	file->stream.avail_in = size;
	do {
		if (!file->stream.avail_out && write_out(file))
			return file->error;
		deflate(&file->stream, flush);
	} while (file->stream.avail_in || !file->stream.avail_out);
	return file->error;
}

int recording_file_write(struct recording_file *file, const void *data, size_t size)
{
	return file->error ?: compress_as(file, data, size, Z_NO_FLUSH);
}

static int flush_as(struct recording_file *file, int flush)
{
	int err = file->error ?: compress_as(file, NULL, 0, flush);

	return err ?: write_out(file);
}

int recording_file_flush(struct recording_file *file)
{
	return flush_as(file, Z_SYNC_FLUSH);
}

uint64_t recording_file_bytes(const struct recording_file *file)
{
	return file->stream.total_out;
}

uint64_t recording_file_unwritten(const struct recording_file *file)
{
	return file->stream.total_out - file->written;
}

int recording_file_finish(struct recording_file *file)
{
	return flush_as(file, Z_FINISH);
}

void recording_file_free(struct recording_file *file)
{
	if (!file)
		return;
	deflateEnd(&file->stream);
	close(file->fd);
	free(file);
}
