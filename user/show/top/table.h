/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rows and totals of `top` as text and as JSON. Pure: a model in, bytes out. */
#ifndef TCPDWELL_SHOW_TOP_TABLE_H
#define TCPDWELL_SHOW_TOP_TABLE_H

#include <stddef.h>

#include "show/top/model.h"
#include "util/buffer.h"
#include "util/json.h"

/*
 * Lines of text without newline, appended to `out`. `width` is that of the terminal: more columns where there is room;
 * 0 = not a terminal: the usual columns. The label comes last, whole: a frame cuts it.
 */
void top_title_text(struct buffer *out, const struct top_model *model);
void top_totals_text(struct buffer *out, const struct top_model *model);
void top_head_text(struct buffer *out, const struct top_model *model, unsigned int width);
void top_row_text(struct buffer *out, const struct top_model *model, const struct ranking_row *row, unsigned int width);

/* A table with title, totals, what was lost, and at most `rows` rows. */
void top_table_text(struct buffer *out, const struct top_model *model, size_t rows);

/* {"type":"interval",…} and a newline; at most `rows` rows. */
void top_interval_json(struct json *json, const struct top_model *model, size_t rows);

#endif
