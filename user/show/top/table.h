/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rows and totals of `top` as text and as JSON. Pure: a model in, bytes out. */
#ifndef TCPDWELL_SHOW_TOP_TABLE_H
#define TCPDWELL_SHOW_TOP_TABLE_H

#include <stddef.h>

#include "show/top/model.h"
#include "util/buffer.h"
#include "util/json.h"

/* Lines of text without newline, appended to `out`. */
void top_title_text(struct buffer *out, const struct top_model *model);
void top_totals_text(struct buffer *out, const struct top_model *model);

/* The states that are looked at: "SYN_SENT 146, ESTABLISHED 31; not accepted 12". False: there is nothing to say. */
bool top_states_text(struct buffer *out, const struct top_model *model);

/* Why some columns can't be there: other states were not recorded. False: nothing is missing. */
bool top_missing_text(struct buffer *out, const struct top_model *model);

/* A table with title, totals, what stands out, what was lost, and at most `rows` rows. */
void top_table_text(struct buffer *out, const struct top_model *model, size_t rows);

/* {"type":"interval",…} and a newline; at most `rows` rows. */
void top_interval_json(struct json *json, const struct top_model *model, size_t rows);

#endif
