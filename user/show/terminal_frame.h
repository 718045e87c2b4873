/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A picture for a terminal as plain data: lines that fit, each with a style. Drawn by pure code, painted by terminal.c. */
#ifndef TCPDWELL_SHOW_TERMINAL_FRAME_H
#define TCPDWELL_SHOW_TERMINAL_FRAME_H

#include "util/buffer.h"

enum frame_style {
	FRAME_PLAIN,
	FRAME_TITLE,
	FRAME_HEAD,
	FRAME_SELECTED,
	FRAME_ALERT,
	FRAME_WARNING,
	FRAME_SORTED, /* of a head: what is sorted by */
	FRAME_KEYS,
};

/* Some columns of a line that look different. */
struct frame_mark {
	unsigned int line, begin, end;
	enum frame_style style;
};

struct frame_line {
	size_t offset; /* into text */
	enum frame_style style;
};

struct frame {
	unsigned int rows, columns;
	unsigned int used; /* lines drawn, from the top */
	struct frame_line *lines;
	struct frame_mark *marks;
	size_t n_marks, marks_capacity;
	struct buffer text; /* of all lines, each terminated */
	struct buffer line; /* the one that is being written */
	int cursor_row, cursor_column; /* where something is being typed; row -1: nowhere */
};

void frame_init(struct frame *frame);
void frame_release(struct frame *frame);

/* An empty frame of this size. 0 or -ENOMEM. */
int frame_begin(struct frame *frame, unsigned int rows, unsigned int columns);

/* What was appended to frame->line becomes the next line, cut to the width and safe for a terminal. */
void frame_end_line(struct frame *frame, enum frame_style style);

/* Lines of a text, broken between words; what follows the first stands further in. Returns how many it took. */
size_t frame_sentence(struct frame *frame, const char *text, enum frame_style style);

/* Columns `begin` to `end`, not included, of the line that is being written. Without memory they look as the others. */
void frame_mark(struct frame *frame, unsigned int begin, unsigned int end, enum frame_style style);

/* Empty lines up to `row`. */
void frame_fill(struct frame *frame, unsigned int row);

const char *frame_text(const struct frame *frame, unsigned int row);

#endif
