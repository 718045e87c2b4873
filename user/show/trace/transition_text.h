/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events as lines of text. Pure: an event in, bytes out. */
#ifndef TCPDWELL_SHOW_TRACE_TRANSITION_TEXT_H
#define TCPDWELL_SHOW_TRACE_TRANSITION_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "event/event.h"

struct transition_columns {
	bool time; /* -t */
	bool wide; /* -w */
	bool color;
};

/* The head line and an event's line, each with its newline. Return the length; a size of 512 is always enough. */
size_t transition_head(char *out, size_t size, const struct transition_columns *columns);
size_t transition_line(char *out, size_t size, const struct transition_columns *columns, const struct event *event);

#endif
