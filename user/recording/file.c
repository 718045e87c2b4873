// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * gzip members onto a descriptor. Much at once is a member of its own, which costs least; it can't go on where it ended, so what
 * comes in drops is streamed by zlib, whose window is not lost at each flush.
 */
#include "recording/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "util/descriptor.h"
#include "util/gzip_member.h"

#define MEMBER_BYTES (256 << 10) /* of lines: a larger one compresses no better */
#define STREAM_BYTES (24 << 10) /* of lines in a flush: fewer are streamed */
#define STREAM_MOST (128 << 10) /* of lines in a streamed member: what a damaged byte can take with it */
#define OUT_BYTES 65536
#define GZIP_WINDOW (MAX_WBITS + 16) /* zlib's way to ask for gzip's frame */
#define MEMORY_LEVEL 8

struct recording_file {
	int fd;
	int error;
	recording_room *room;
	void *context;
	uint64_t made, written; /* compressed bytes that came out, that reached the file */
	bool can_stream; /* zlib is set up: a quarter of a MiB, which a file of much at once never needs */
	bool streams; /* a member of zlib's is open */
	bool begun; /* there is a member */
	z_stream stream;
	struct gzip_member *member;
	size_t gathered;
	unsigned char lines[MEMBER_BYTES];
	unsigned char out[OUT_BYTES]; /* of the stream */
};

int recording_file_new(struct recording_file **ret, int fd)
{
	struct recording_file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	file->member = gzip_member_new(MEMBER_BYTES);
	if (!file->member) {
		free(file);
		return -ENOMEM;
	}
	file->fd = fd;
	*ret = file;
	return 0;
}

void recording_file_ask(struct recording_file *file, recording_room *room, void *context)
{
	file->room = room;
	file->context = context;
}

static int write_out(struct recording_file *file, const void *data, size_t size)
{
	size_t written = 0;

	file->made += size;
	if (!file->error && size && file->room)
		file->error = file->room(file->context, size);
	if (!file->error)
		file->error = descriptor_write(file->fd, data, size, &written);
	file->written += written;
	return file->error;
}

static int set_up_stream(struct recording_file *file)
{
	if (!file->can_stream && deflateInit2(&file->stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	file->can_stream = true;
	return 0;
}

static int stream(struct recording_file *file, int flush)
{
	z_stream *stream = &file->stream;

	file->error = file->error ?: set_up_stream(file);
	if (!file->can_stream)
		return file->error;
	stream->next_in = file->lines;
	stream->avail_in = file->gathered;
	do {
		stream->next_out = file->out;
		stream->avail_out = sizeof(file->out);
		deflate(stream, flush);
		write_out(file, file->out, sizeof(file->out) - stream->avail_out);
	} while (!file->error && (stream->avail_in || !stream->avail_out));
	file->gathered = 0;
	file->begun = true;
	file->streams = flush != Z_FINISH;
	if (!file->streams)
		deflateReset(stream);
	return file->error;
}

/* Of lines that are not gathered any more. What a stream still had to say is complete before. */
static int make_member_of(struct recording_file *file, const void *lines, size_t bytes)
{
	const unsigned char *out;
	size_t size;

	if (file->streams && stream(file, Z_FINISH))
		return file->error;
	size = gzip_member_make(file->member, lines, bytes, &out);
	file->begun = true;
	if (!size && !file->error)
		file->error = -EIO; /* the lines would be lost without a word */
	return write_out(file, out, size);
}

static int make_member(struct recording_file *file)
{
	size_t gathered = file->gathered;

	file->gathered = 0;
	return make_member_of(file, file->lines, gathered);
}

/* As many bytes of whole lines as fit into a member; of a line that is longer, what fits. */
static size_t whole_lines(const char *from, size_t size)
{
	const char *last;

	if (size <= MEMBER_BYTES)
		return size;
	last = memrchr(from, '\n', MEMBER_BYTES);
	return last ? last + 1 - from : MEMBER_BYTES;
}

static void gather(struct recording_file *file, const void *lines, size_t bytes)
{
	memcpy(file->lines + file->gathered, lines, bytes);
	file->gathered += bytes;
	if (file->gathered == MEMBER_BYTES)
		make_member(file);
}

/*
 * Whole lines, so that each member can be read alone, and a writer that is killed leaves no half of one. Whoever has many has gathered
 * them: they are a member without being copied.
 */
int recording_file_write(struct recording_file *file, const void *data, size_t size)
{
	const char *from = data;
	size_t part;

	while (size && !file->error) {
		part = whole_lines(from, size);
		if (file->gathered && file->gathered + part > MEMBER_BYTES)
			make_member(file);
		if (!file->gathered && part >= STREAM_BYTES)
			make_member_of(file, from, part);
		else
			gather(file, from, part);
		from += part;
		size -= part;
	}
	return file->error;
}

int recording_file_flush(struct recording_file *file)
{
	if (file->error || !file->gathered)
		return file->error;
	if (file->gathered >= STREAM_BYTES)
		return make_member(file);
	return stream(file, file->stream.total_in < STREAM_MOST ? Z_SYNC_FLUSH : Z_FINISH);
}

uint64_t recording_file_bytes(const struct recording_file *file)
{
	return file->made;
}

uint64_t recording_file_unwritten(const struct recording_file *file)
{
	return file->made - file->written;
}

int recording_file_finish(struct recording_file *file)
{
	if (file->error)
		return file->error;
	if (file->gathered >= STREAM_BYTES)
		return make_member(file);
	return file->streams || file->gathered || !file->begun ? stream(file, Z_FINISH) : 0;
}

int recording_file_append(struct recording_file *file, const void *members, size_t size)
{
	return recording_file_finish(file) ?: write_out(file, members, size);
}

void recording_file_free(struct recording_file *file)
{
	if (!file)
		return;
	deflateEnd(&file->stream);
	close(file->fd);
	gzip_member_free(file->member);
	free(file);
}
