// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Messages on standard error. */
#include "util/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "util/buffer.h"
#include "util/descriptor.h"

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

/* One line of a message. Texts from outside may be in it: nothing may move the cursor. */
static void append_line(struct buffer *out, const char *text, size_t size)
{
	char *at;

	buffer_append_string(out, PREFIX);
	at = buffer_reserve(out, size + 1);
	if (!at)
		return;
	for (size_t i = 0; i < size; i++) {
		unsigned char byte = text[i];

		at[i] = (byte < 0x20 && byte != '\t') || byte == 0x7f ? '?' : text[i];
	}
	at[size] = '\n';
	out->size += size + 1;
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

void log_message(int level, const char *format, va_list arguments)
{
	struct buffer message, out;
	size_t written;
	int saved = errno;

	if (level > verbosity + 1)
		return;
	buffer_init(&message);
	buffer_init(&out);
	buffer_vprintf(&message, format, arguments);
	append_lines(&out, &message);
	descriptor_write(STDERR_FILENO, out.data, out.size, &written);
	buffer_release(&out);
	buffer_release(&message);
	errno = saved;
}

#define DEFINE_LEVEL(name, level)                                                                                      \
	void name(const char *format, ...)                                                                             \
	{                                                                                                              \
		va_list arguments;                                                                                     \
                                                                                                                       \
		va_start(arguments, format);                                                                           \
		log_message(level, format, arguments);                                                                 \
		va_end(arguments);                                                                                     \
	}

DEFINE_LEVEL(log_error, 0)
DEFINE_LEVEL(log_warn, 1)
DEFINE_LEVEL(log_info, 2)
DEFINE_LEVEL(log_debug, 3)
