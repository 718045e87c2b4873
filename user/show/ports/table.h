/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The picture of `ports` as text and as JSON. */
#ifndef TCPDWELL_SHOW_PORTS_TABLE_H
#define TCPDWELL_SHOW_PORTS_TABLE_H

#include "ports/model.h"
#include "util/json.h"

/* Lines without their end. */
void ports_title_text(struct buffer *out, const struct ports_model *model);
void ports_failures_text(struct buffer *out, const struct ports_model *model);
void ports_head_text(struct buffer *out, const struct ports_model *model);

/* How many rows there are by model->by, and one of them. A row that is not asked for is not shown. */
size_t ports_row_count(const struct ports_model *model);
bool ports_row_is_shown(const struct ports_model *model, size_t row);
void ports_row_text(struct buffer *out, const struct ports_model *model, size_t row);

/* Several lines, each with its end: what is wrong with a destination, who has its ports, what would help. */
void ports_details_text(struct buffer *out, const struct ports_model *model, const struct destination *destination);

/* A whole picture. */
void ports_table_text(struct buffer *out, const struct ports_model *model, size_t rows);

/* An object a line: namespaces, destinations, pools, peers. */
void ports_picture_json(struct json *json, const struct ports_model *model, size_t rows);

#endif
