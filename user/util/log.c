// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Messages on standard error. */
#include "util/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/buffer.h"
#include "util/descriptor.h"
#include "util/text.h"

#define PREFIX "tcpdwell: "

static int verbosity;

void log_set_verbosity(int value)
{
	verbosity = value;
}

int log_verbosity(void)
{
	return verbosity;
}

/* One line. Texts from outside may be in it: nothing may move the cursor, turn the text round, or look like another message. */
static void append_line(struct buffer *out, const char *text, size_t size)
{
	char *at;

	buffer_append_string(out, PREFIX);
	at = buffer_reserve(out, size + 2);
	if (!at)
		return;
	text_sanitise(at, size + 1, text, size, SIZE_MAX);
	out->size += strlen(at);
	buffer_append_char(out, '\n');
}

static void append_lines(struct buffer *out, const struct buffer *message)
{
	const char *text = message->data, *end = text + message->size, *line_end;

	for (; text < end; text = line_end + 1) {
		line_end = memchr(text, '\n', end - text);
		if (!line_end)
			line_end = end;
		append_line(out, text, line_end - text);
	}
}

/* A line break within a message of ours came with a text from outside. Libraries write several lines. */
static void append_message(struct buffer *out, const struct buffer *message, bool of_library)
{
	size_t size = message->size;

	if (of_library) {
		append_lines(out, message);
		return;
	}
	while (size && message->data[size - 1] == '\n')
		size--;
	append_line(out, message->data, size);
}

/* That there is no memory is worth a line too: as much of it as the stack has room for. */
static void write_without_memory(const char *format, va_list arguments)
{
	char message[512], line[sizeof(PREFIX) + sizeof(message)] = PREFIX;
	size_t written, size;

	vsnprintf(message, sizeof(message), format, arguments);
	text_sanitise(line + strlen(PREFIX), sizeof(message), message, strcspn(message, "\n"), SIZE_MAX);
	size = strlen(line);
	line[size++] = '\n';
	descriptor_write(STDERR_FILENO, line, size, &written);
}

static void write_message(int level, const char *format, va_list arguments, bool of_library)
{
	struct buffer message, out;
	size_t written;
	int saved = errno;
	va_list again;

	if (level > verbosity + 1)
		return;
	buffer_init(&message);
	buffer_init(&out);
	va_copy(again, arguments);
	buffer_vprintf(&message, format, arguments);
	if (message.size)
		append_message(&out, &message, of_library);
	if (message.error || out.error)
		write_without_memory(format, again);
	else
		descriptor_write(STDERR_FILENO, out.data, out.size, &written);
	va_end(again);
	buffer_release(&out);
	buffer_release(&message);
	errno = saved;
}

void log_message(int level, const char *format, va_list arguments)
{
	write_message(level, format, arguments, true);
}

#define DEFINE_LEVEL(name, level)                                                                                      \
	void name(const char *format, ...)                                                                             \
	{                                                                                                              \
		va_list arguments;                                                                                     \
                                                                                                                       \
		va_start(arguments, format);                                                                           \
		write_message(level, format, arguments, false);                                                               \
		va_end(arguments);                                                                                     \
	}

DEFINE_LEVEL(log_error, 0)
DEFINE_LEVEL(log_warn, 1)
DEFINE_LEVEL(log_info, 2)
DEFINE_LEVEL(log_debug, 3)
