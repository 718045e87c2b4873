// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* zlib's deflate onto a descriptor. gzwrite() would hide which bytes are on their way, and its errors. */
#include "recording/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define GATHER_BYTES 65536
#define GZIP_WINDOW (MAX_WBITS + 16) /* zlib's way to ask for gzip's frame */
#define MEMORY_LEVEL 8

struct recording_file {
	int fd;
	int error;
	z_stream stream;
	unsigned char out[GATHER_BYTES];
};

/* What is not ours stays: a slip of the hand must not empty a log or a database. */
static int check_overwrite(int fd)
{
	unsigned char magic[2];
	struct stat status;
	ssize_t size;

	if (fstat(fd, &status))
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (!S_ISREG(status.st_mode))
		return 0;
	size = pread(fd, magic, sizeof(magic), 0);
	if (size < 0)
		return -errno;
	return !size || (size == 2 && magic[0] == 0x1f && magic[1] == 0x8b) ? 0 : -EEXIST;
}

static int open_empty(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
	int err = 0;

	if (fd < 0)
		return -errno;
	err = check_overwrite(fd);
	if (!err && ftruncate(fd, 0) && errno != EINVAL)
		err = -errno;
	if (err)
		close(fd);
	return err ?: fd;
}

int recording_file_new(struct recording_file **file_out, const char *path)
{
	struct recording_file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	file->fd = open_empty(path);
	if (file->fd < 0) {
		int err = file->fd;

		free(file);
		return err;
	}
	file->stream.next_out = file->out;
	file->stream.avail_out = sizeof(file->out);
	if (deflateInit2(&file->stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		close(file->fd);
		free(file);
		return -ENOMEM;
	}
	*file_out = file;
	return 0;
}

static int write_out(struct recording_file *file)
{
	const unsigned char *at = file->out;
	size_t left = sizeof(file->out) - file->stream.avail_out;
	ssize_t written;

	while (left && !file->error) {
		written = write(file->fd, at, left);
		if (written < 0 && errno != EINTR)
			file->error = -errno;
		if (written > 0) {
			at += written;
			left -= written;
		}
	}
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
