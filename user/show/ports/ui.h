/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The interactive `ports` without a terminal: a panel whose details are lines of text. Pure, tested at any size. */
#ifndef TCPDWELL_SHOW_PORTS_UI_H
#define TCPDWELL_SHOW_PORTS_UI_H

#include "ports/model.h"
#include "show/panel.h"

struct ports_ui {
	struct panel panel; /* first */
	struct ports_model *model; /* the caller's */
	struct destination_key drilled; /* the selection stays with it, and the details are its */
	struct buffer details; /* lines, those that pass the filter */
	size_t *lines; /* where each begins, and the end of the last */
	size_t lines_capacity;
};

/* `max_rows` 0: all. */
void ports_ui_init(struct ports_ui *ui, struct ports_model *model, size_t max_rows);
void ports_ui_release(struct ports_ui *ui);

/* Of frame.c. */
void ports_ui_draw_top(struct panel *panel, struct frame *frame);
void ports_ui_draw_head(struct panel *panel, struct frame *frame);
enum frame_style ports_ui_draw_row(struct panel *panel, size_t row, struct frame *frame);
enum frame_style ports_ui_draw_detail(struct panel *panel, size_t detail, struct frame *frame);
extern const char *const ports_ui_help[];

#endif
