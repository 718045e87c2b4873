/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The interactive `top` without a terminal: keys change its state, and a frame is drawn from it. Pure, so that it is
 * tested at any size.
 */
#ifndef TCPDWELL_SHOW_TOP_UI_H
#define TCPDWELL_SHOW_TOP_UI_H

#include "show/terminal_frame.h"
#include "show/top/model.h"
#include "show/top/sockets.h"

#define TOP_FILTER_BYTES 64

enum top_mode { TOP_ROWS, TOP_SOCKETS, TOP_HELP };

struct top_ui {
	struct top_model *model; /* the caller's */
	enum top_mode mode;
	bool paused, typing; /* the filter is being typed */
	bool quit;
	bool stale; /* other rows are wanted: the model is to be measured anew, then refreshed */
	char filter[TOP_FILTER_BYTES]; /* part of the label, in any case; "" = none */
	size_t *visible; /* indexes of the rows that pass the filter */
	size_t n_visible, visible_capacity;
	size_t max_rows; /* no more are shown */
	size_t selected, first; /* among the visible, or among the sockets */
	bool follows; /* the selection was moved: it stays with its row */
	struct group_name selected_name;
	struct group_name drilled; /* whose sockets are shown */
	char drilled_label[GROUP_LABEL];
	struct top_sockets sockets;
	unsigned int page; /* rows of the list that fitted in the last frame */
};

/* `max_rows` 0: all. */
void top_ui_init(struct top_ui *ui, struct top_model *model, size_t max_rows);
void top_ui_release(struct top_ui *ui);

/* New measurements are in the model. 0 or -ENOMEM. */
int top_ui_refresh(struct top_ui *ui);

/* A key of enum terminal_key. 0 or -ENOMEM; ui->quit afterwards when it was the last one. */
int top_ui_key(struct top_ui *ui, int key);

/* 0 or -ENOMEM. */
int top_ui_draw(struct top_ui *ui, struct frame *frame, unsigned int rows, unsigned int columns);

#endif
