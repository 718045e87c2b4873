// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Samples are the same in both; families of counters are called otherwise, and there is an end. */
#include "export/openmetrics.h"

/* "# TYPE tcpdwell_x_total counter": OpenMetrics calls the family tcpdwell_x. */
static void append_comment(struct buffer *out, const char *line, size_t size)
{
	const char *name = line + strlen("# HELP "), *end = memchr(name, ' ', line + size - name);
	size_t name_size = end - name;

	if (name_size > 6 && !memcmp(end - 6, "_total", 6)) {
		buffer_append(out, line, end - 6 - line);
		buffer_append(out, end, line + size - end);
	} else {
		buffer_append(out, line, size);
	}
}

void openmetrics_of(struct buffer *out, const char *text, size_t size)
{
	const char *line = text, *end = text + size, *next;

	buffer_grow(out, size + 8);
	for (; line < end; line = next) {
		next = memchr(line, '\n', end - line);
		next = next ? next + 1 : end;
		if (*line == '#')
			append_comment(out, line, next - line);
		else
			buffer_append(out, line, next - line);
	}
	buffer_append_string(out, "# EOF\n");
}
