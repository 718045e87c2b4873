// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lines into a frame. */
#include "show/terminal_frame.h"

#include <errno.h>
#include <stdlib.h>

#include "util/text.h"

void frame_init(struct frame *frame)
{
	memset(frame, 0, sizeof(*frame));
	buffer_init(&frame->text);
	buffer_init(&frame->line);
}

void frame_release(struct frame *frame)
{
	free(frame->lines);
	free(frame->marks);
	buffer_release(&frame->text);
	buffer_release(&frame->line);
	frame_init(frame);
}

int frame_begin(struct frame *frame, unsigned int rows, unsigned int columns)
{
	struct frame_line *lines = realloc(frame->lines, (rows + 1) * sizeof(*lines));

	if (!lines)
		return -ENOMEM;
	frame->lines = lines;
	frame->rows = rows;
	frame->columns = columns;
	frame->used = 0;
	frame->n_marks = 0;
	frame->cursor_row = -1;
	buffer_clear(&frame->text);
	buffer_clear(&frame->line);
	return 0;
}

void frame_end_line(struct frame *frame, enum frame_style style)
{
	size_t room = frame->columns * 4 + 1; /* bytes that so many columns can take */
	char *at = frame->used < frame->rows ? buffer_reserve(&frame->text, room) : NULL;

	if (at) {
		text_sanitise(at, room, frame->line.data ?: "", frame->line.size, frame->columns);
		frame->lines[frame->used++] = (struct frame_line){ frame->text.size, style };
		frame->text.size += strlen(at) + 1;
	}
	buffer_clear(&frame->line);
}

size_t frame_sentence(struct frame *frame, const char *text, enum frame_style style)
{
	size_t lines = 0, room = frame->columns, size, end;

	for (size = strlen(text); size; size = strlen(text)) {
		end = size;
		if (size > room)
			for (end = room; end > room / 2 && text[end] != ' '; end--)
				;
		while (end > 1 && end < size && (text[end] & 0xc0) == 0x80) /* in a character */
			end--;
		if (!end) /* one column */
			end = 1;
		if (lines++)
			buffer_append_string(&frame->line, "  ");
		buffer_append(&frame->line, text, end);
		frame_end_line(frame, style);
		text += end + (text[end] == ' ');
		room = frame->columns > 4 ? frame->columns - 2 : frame->columns;
	}
	return lines;
}

void frame_mark(struct frame *frame, unsigned int begin, unsigned int end, enum frame_style style)
{
	struct frame_mark *grown;

	if (end > frame->columns)
		end = frame->columns;
	if (begin >= end || frame->used >= frame->rows)
		return;
	if (frame->n_marks == frame->marks_capacity) {
		grown = realloc(frame->marks, (frame->marks_capacity * 2 + 16) * sizeof(*grown));
		if (!grown)
			return;
		frame->marks = grown;
		frame->marks_capacity = frame->marks_capacity * 2 + 16;
	}
	frame->marks[frame->n_marks++] = (struct frame_mark){ frame->used, begin, end, style };
}

void frame_fill(struct frame *frame, unsigned int row)
{
	while (frame->used < row && frame->used < frame->rows && !frame->text.error)
		frame_end_line(frame, FRAME_PLAIN);
}

const char *frame_text(const struct frame *frame, unsigned int row)
{
	return row < frame->used ? frame->text.data + frame->lines[row].offset : "";
}
