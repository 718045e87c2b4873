// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Gathers what the views write and hands it to the descriptor whole. */
#include "util/output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "util/descriptor.h"

void output_init(struct output *output, int fd)
{
	buffer_init(&output->buffer);
	output->fd = fd;
	output->error = 0;
	output->unwritten_bytes = output->unwritten_lines = 0;
}

void output_release(struct output *output)
{
	buffer_release(&output->buffer);
}

static void count_unwritten(struct output *output, const char *data, size_t size)
{
	const char *end = data + size;

	output->unwritten_bytes += size;
	for (; size && (data = memchr(data, '\n', end - data)); data++)
		output->unwritten_lines++;
}

static void hand_over(struct output *output, const char *data, size_t size)
{
	size_t written = 0;

	if (!output->error)
		output->error = descriptor_write(output->fd, data, size, &written);
	if (output->error)
		count_unwritten(output, data + written, size - written);
}

int output_flush(struct output *output)
{
	struct buffer *buffer = &output->buffer;

	hand_over(output, buffer->data, buffer->size);
	if (!output->error)
		output->error = buffer->error;
	buffer_clear(buffer);
	return output->error;
}

static int after_append(struct output *output)
{
	if (output->error || output->buffer.error || output->buffer.size >= OUTPUT_GATHER_BYTES)
		return output_flush(output);
	return 0;
}

int output_write(struct output *output, const void *data, size_t size)
{
	if (!output->error)
		buffer_append(&output->buffer, data, size);
	else
		count_unwritten(output, data, size);
	return after_append(output);
}

int output_write_through(struct output *output, const void *data, size_t size)
{
	output_flush(output);
	hand_over(output, data, size);
	return output->error;
}

int output_string(struct output *output, const char *text)
{
	return output_write(output, text, strlen(text));
}

int output_printf(struct output *output, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (!output->error)
		buffer_vprintf(&output->buffer, format, arguments);
	va_end(arguments);
	return after_append(output);
}

bool output_reader_gone(struct output *output)
{
	struct pollfd reader = { .fd = output->fd };

	if (!output->error && poll(&reader, 1, 0) == 1 && reader.revents & POLLERR)
		output->error = -EPIPE;
	return output->error == -EPIPE;
}
