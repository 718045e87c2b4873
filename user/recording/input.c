// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Not gzread(): at damaged data it throws away what it had decompressed before, and it can't tell damage from the end of an
 * unfinished file.
 */
#include "recording/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define RAW_BYTES 32768
#define MEMBER_MAGIC 4 /* bytes that a member is known by */
#define GZIP_WINDOW (MAX_WBITS + 16) /* gzip's frame, as zlib is told */
#define MEMBER_TRIED 2048 /* bytes, from which something of a member comes out */

#define NOT_TORN SIZE_MAX

struct recording_input {
	recording_read *read;
	void *context;
	z_stream stream; /* next_in, avail_in: raw bytes that wait, for plain files too */
	z_stream trial; /* of what may be a member */
	bool begun, gzip; /* after the first bytes */
	bool in_member; /* gzip: between a member's header and trailer */
	bool seeks; /* gzip: behind damage, before the next member */
	bool lacks_bytes; /* gzip: more are needed to know what comes */
	size_t inside; /* in raw: the first byte that is not the begin of the member that is read */
	bool went_back; /* in these raw bytes: once, so that what is not ours takes no more time than twice reading it */
	bool file_ended; /* another file follows */
	bool raw_ended, ended, corrupt, unterminated;
	uint64_t cuts;
	bool skipping; /* inside of a line that is too long */
	size_t start, end; /* of what waits in text */
	size_t torn; /* in text: where the newline is that a file lacked which was cut there; NOT_TORN */
	unsigned char raw[RAW_BYTES];
	char text[2 * RECORDING_LINE_BYTES];
};

struct recording_input *recording_input_new(recording_read *read, void *context)
{
	struct recording_input *input = calloc(1, sizeof(*input));

	if (!input)
		return NULL;
	input->read = read;
	input->context = context;
	input->torn = NOT_TORN;
	if (inflateInit2(&input->stream, GZIP_WINDOW) == Z_OK && inflateInit2(&input->trial, GZIP_WINDOW) == Z_OK)
		return input;
	recording_input_free(input);
	return NULL;
}

void recording_input_free(struct recording_input *input)
{
	if (!input)
		return;
	inflateEnd(&input->stream);
	inflateEnd(&input->trial);
	free(input);
}

/* More raw bytes behind those that wait. */
static int read_raw(struct recording_input *input)
{
	z_stream *stream = &input->stream;
	size_t taken = stream->next_in ? stream->next_in - input->raw : 0;
	long size;

	memmove(input->raw, input->raw + taken, stream->avail_in);
	input->inside -= input->inside < taken ? input->inside : taken;
	input->went_back = false;
	stream->next_in = input->raw;
	size = input->read(input->context, input->raw + stream->avail_in, RAW_BYTES - stream->avail_in);
	input->file_ended = size == RECORDING_NEXT_FILE;
	if (input->file_ended)
		size = 0;
	if (size < 0)
		return size;
	stream->avail_in += size;
	input->raw_ended = !size;
	return 0;
}

/* One byte may be all that is left of a file that was cut. */
static bool begins_as_gzip(const struct recording_input *input)
{
	const unsigned int size = input->stream.avail_in;

	return size && input->raw[0] == 0x1f && (size < 2 || input->raw[1] == 0x8b);
}

static int begin(struct recording_input *input)
{
	int err = 0;

	while (!err && input->stream.avail_in < 2 && !input->raw_ended)
		err = read_raw(input);
	input->begun = true;
	input->gzip = begins_as_gzip(input);
	return err;
}

static void take_plain(struct recording_input *input)
{
	size_t room = sizeof(input->text) - input->end, size = input->stream.avail_in;

	if (size > room)
		size = room;
	memcpy(input->text + input->end, input->stream.next_in, size);
	input->stream.next_in += size;
	input->stream.avail_in -= size;
	input->end += size;
}

/* What was read of a line before a gap is no line together with what comes behind it. */
static void break_line(struct recording_input *input)
{
	if (input->end > input->start && input->text[input->end - 1] != '\n' && input->end < sizeof(input->text))
		input->text[input->end++] = '\n';
}

static bool is_member(const unsigned char *at)
{
	return at[0] == 0x1f && at[1] == 0x8b && at[2] == Z_DEFLATED && !(at[3] & 0xe0);
}

/* Members are short and can be read alone: what is behind damage is not lost. Their headers are looked for. */
static void seek_member(struct recording_input *input)
{
	z_stream *stream = &input->stream;

	for (; stream->avail_in >= MEMBER_MAGIC; stream->next_in++, stream->avail_in--)
		if (is_member(stream->next_in)) {
			input->seeks = false;
			return;
		}
	if (input->raw_ended)
		stream->avail_in = 0;
}

/* Of a file that was cut and put before another (cat) the last member seems to go on there: it is seen only some bytes later. */
static void go_back(struct recording_input *input)
{
	z_stream *stream = &input->stream;
	unsigned char *at = input->raw + input->inside;

	if (input->went_back)
		return;
	input->went_back = true;
	for (; at < stream->next_in && at + MEMBER_MAGIC <= stream->next_in + stream->avail_in; at++)
		if (is_member(at)) {
			stream->avail_in += stream->next_in - at;
			stream->next_in = at;
			return;
		}
}

/* Can it be read as one of ours, which begin with a line? */
static bool reads_as_member(struct recording_input *input, const unsigned char *at, size_t size)
{
	z_stream *trial = &input->trial;
	char text[2] = "";

	inflateReset(trial);
	trial->next_in = (unsigned char *)at;
	trial->avail_in = size;
	trial->next_out = (unsigned char *)text;
	trial->avail_out = sizeof(text);
	inflate(trial, Z_NO_FLUSH);
	return !trial->avail_out && text[0] == '{' && text[1] == '"';
}

/*
 * How many of the raw bytes that wait, of which `known` are, can be of the member that is read: up to one that begins. Of a file that was
 * cut and put before another (cat) inflate() would make lines of that one's bytes, for long at times. 0: here one begins, or it takes
 * more bytes to know.
 */
static size_t of_this_member(struct recording_input *input, size_t known)
{
	const unsigned char *raw = input->stream.next_in, *at = raw + known, *end = raw + input->stream.avail_in;

	input->lacks_bytes = false;
	while ((at = memchr(at, 0x1f, end - at))) {
		size_t left = end - at;

		if (!input->raw_ended && (left < MEMBER_MAGIC || (left < MEMBER_TRIED && is_member(at)))) {
			input->lacks_bytes = at == raw;
			return at - raw;
		}
		if (left >= MEMBER_MAGIC && is_member(at) && reads_as_member(input, at, left < MEMBER_TRIED ? left : MEMBER_TRIED))
			return at - raw;
		at++;
	}
	return end - raw;
}

/* A file ends here, or its copy did: the member that was begun has no end, nor has the line. */
static void cut_here(struct recording_input *input)
{
	size_t end = input->end;

	input->cuts += input->in_member;
	break_line(input);
	if (input->in_member && input->end > end)
		input->torn = end;
	inflateReset(&input->stream);
	input->in_member = false;
}

/* One step of inflate; members follow one another when files were put together. */
static int take_gzip(struct recording_input *input)
{
	z_stream *stream = &input->stream;
	size_t waiting = stream->avail_in, taken = of_this_member(input, !input->in_member);
	int result;

	if (!taken && input->lacks_bytes)
		return 0;
	if (!taken) {
		cut_here(input);
		taken = of_this_member(input, 1);
	}
	if (!input->in_member)
		input->inside = stream->next_in - input->raw + 1;
	stream->next_out = (unsigned char *)input->text + input->end;
	stream->avail_out = sizeof(input->text) - input->end;
	stream->avail_in = taken;
	input->in_member = true;
	result = inflate(stream, Z_NO_FLUSH);
	stream->avail_in += waiting - taken;
	if (result == Z_MEM_ERROR)
		return -ENOMEM;
	input->end = sizeof(input->text) - stream->avail_out;
	if (result == Z_STREAM_END) {
		input->in_member = false;
		inflateReset(stream);
	} else if (result != Z_OK && result != Z_BUF_ERROR) {
		input->corrupt = input->seeks = true;
		input->in_member = false;
		inflateReset(stream);
		break_line(input);
		go_back(input);
	}
	return 0;
}

/* The next file begins as if it were the first. */
static void begin_file(struct recording_input *input)
{
	cut_here(input);
	input->begun = input->seeks = input->lacks_bytes = input->raw_ended = input->file_ended = false;
}

static int take(struct recording_input *input)
{
	if (input->gzip && !input->seeks)
		return take_gzip(input);
	if (!input->gzip)
		take_plain(input);
	else
		seek_member(input);
	return 0;
}

static bool lacks_raw(const struct recording_input *input)
{
	return !input->stream.avail_in || input->lacks_bytes || (input->seeks && input->stream.avail_in < MEMBER_MAGIC);
}

/* At least one byte more in text, unless the end has come. There is room. */
static int fill(struct recording_input *input)
{
	size_t before = input->end;
	int err = 0;

	while (!err && input->end == before && !input->ended) {
		if (!input->begun)
			err = begin(input);
		if (!err && lacks_raw(input) && !input->raw_ended)
			err = read_raw(input);
		if (!err && input->stream.avail_in)
			err = take(input);
		else if (!err && input->raw_ended && input->file_ended)
			begin_file(input);
		else if (!err && input->raw_ended)
			input->ended = true;
	}
	if (input->ended && input->in_member)
		input->cuts++;
	return err;
}

static void make_room(struct recording_input *input)
{
	memmove(input->text, input->text + input->start, input->end - input->start);
	if (input->torn != NOT_TORN)
		input->torn = input->torn >= input->start ? input->torn - input->start : NOT_TORN;
	input->end -= input->start;
	input->start = 0;
}

/* What waits is longer than a line may be: its end is looked for, its bytes are forgotten. */
static int give_up_line(struct recording_input *input)
{
	input->start = input->end = 0;
	input->torn = NOT_TORN;
	if (input->skipping)
		return 0;
	input->skipping = true;
	return -E2BIG;
}

/* The line that ends before `end`. */
static int take_line(struct recording_input *input, const char *end, const char **line, size_t *size)
{
	bool skipped = input->skipping;

	*line = input->text + input->start;
	*size = end - *line;
	input->start += *size + (end < input->text + input->end);
	input->skipping = false;
	if (skipped)
		return recording_input_line(input, line, size);
	return *size <= RECORDING_LINE_BYTES ? 1 : -E2BIG;
}

int recording_input_line(struct recording_input *input, const char **line, size_t *size)
{
	const char *newline;
	int err;

	while (!(newline = memchr(input->text + input->start, '\n', input->end - input->start)) && !input->ended) {
		if (input->end - input->start > RECORDING_LINE_BYTES && give_up_line(input))
			return -E2BIG;
		make_room(input);
		err = fill(input);
		if (err)
			return err;
	}
	if (!newline && input->start == input->end)
		return 0;
	input->unterminated = !newline || (size_t)(newline - input->text) == input->torn;
	return take_line(input, newline ?: input->text + input->end, line, size);
}

uint64_t recording_input_cuts(const struct recording_input *input)
{
	return input->cuts;
}

bool recording_input_corrupt(const struct recording_input *input)
{
	return input->corrupt;
}

bool recording_input_unterminated(const struct recording_input *input)
{
	return input->unterminated;
}
