/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The columns of `top`: which of them there are at a width. The label comes first, then what was chosen, in a fixed order; a
 * column whose state no row has been in yet takes no room. Pure.
 */
#ifndef TCPDWELL_SHOW_TOP_COLUMNS_H
#define TCPDWELL_SHOW_TOP_COLUMNS_H

#include "show/terminal_frame.h"
#include "show/top/model.h"

#define TOP_COLUMNS 32

struct top_layout {
	unsigned int width; /* of the terminal; 0 = none: every column, labels as long as they are */
	unsigned int label; /* columns of the label */
	unsigned int n_columns;
	uint8_t columns[TOP_COLUMNS]; /* their numbers, in order */
};

/* At most `rows` rows will be shown. */
void top_layout_choose(struct top_layout *layout, const struct top_model *model, unsigned int width, size_t rows);

/* Notes which columns any row has something for: a bit a column. They stay once they are there. */
uint64_t top_columns_seen(const struct top_model *model);

/* Lines of text without newline, appended to `out`. */
void top_head_text(struct buffer *out, const struct top_model *model, const struct top_layout *layout);
void top_row_text(struct buffer *out, const struct top_model *model, const struct top_layout *layout,
		  const struct ranking_row *row);

/* The same for a terminal: what stands out is marked. */
void top_head_draw(struct frame *frame, const struct top_model *model, const struct top_layout *layout);
void top_row_draw(struct frame *frame, const struct top_model *model, const struct top_layout *layout,
		  const struct ranking_row *row);

/* The row that has the next column's measure as its sort key; step -1: the one before. */
unsigned int top_sort_beside(const struct top_layout *layout, unsigned int sort, int step);

/* Fields of a row's columns into an object that is open. */
void top_columns_json(struct json *json, const struct ranking_row *row);

/* Is the row one of those that are asked for (--state), and is there anything to tell of it? */
bool top_row_is_shown(const struct top_model *model, const struct ranking_row *row);

/* Nine tenths of a process's descriptors are used: marked. */
bool top_descriptors_run_out(uint64_t open, uint64_t limit);

/* Numbers as in a column; room for TEXT_NUMBER, and a sign. */
void top_count_text(char *out, double count);
void top_rate_text(char *out, double rate);

#endif
