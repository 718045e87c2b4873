// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Gathers what the views write and hands it to the descriptor whole. */
#include "util/output.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

void output_init(struct output *output, int fd)
{
	buffer_init(&output->buffer);
	output->fd = fd;
	output->error = 0;
}

void output_release(struct output *output)
{
	buffer_release(&output->buffer);
}

/* A failed write means trying again for EINTR, waiting for EAGAIN, and giving up otherwise. */
static int wait_writable(int fd, int error)
{
	struct pollfd poller = {.fd = fd, .events = POLLOUT};

	if (error == EINTR)
		return 0;
	if (error != EAGAIN)
		return -error;
	return poll(&poller, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t written = write(fd, data, size);
		int error = written < 0 ? wait_writable(fd, errno) : 0;

		if (error)
			return error;
		if (written > 0) {
			data += written;
			size -= written;
		}
	}
	return 0;
}

int output_flush(struct output *output)
{
	if (!output->error)
		output->error = write_all(output->fd, output->buffer.data, output->buffer.size);
	if (!output->error)
		output->error = output->buffer.error;
	buffer_clear(&output->buffer);
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
	return after_append(output);
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
