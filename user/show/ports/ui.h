/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The interactive `ports` without a terminal: keys change its state, and a frame is drawn from it. Pure, tested at any size. */
#ifndef TCPDWELL_SHOW_PORTS_UI_H
#define TCPDWELL_SHOW_PORTS_UI_H

#include "ports/model.h"
#include "show/terminal_frame.h"

#define PORTS_FILTER_BYTES 64

enum ports_mode { PORTS_ROWS, PORTS_DETAILS, PORTS_HELP };

struct ports_ui {
	struct ports_model *model; /* the caller's */
	enum ports_mode mode;
	bool paused, typing; /* the filter is being typed */
	bool quit;
	char filter[PORTS_FILTER_BYTES]; /* part of a row's text, in any case; "" = none */
	size_t *visible; /* rows that pass the filter */
	size_t n_visible, visible_capacity;
	size_t max_rows; /* no more are shown */
	size_t selected, first; /* among the visible, or lines of the details */
	struct destination_key drilled; /* whose details are shown, and where the selection stays */
	bool follows; /* the selection was moved: it stays with its destination */
	struct buffer details; /* lines of them */
	size_t n_details;
	unsigned int page; /* rows of the list that fitted in the last frame */
};

/* `max_rows` 0: all. */
void ports_ui_init(struct ports_ui *ui, struct ports_model *model, size_t max_rows);
void ports_ui_release(struct ports_ui *ui);

/* A new picture is in the model. 0 or -ENOMEM. */
int ports_ui_refresh(struct ports_ui *ui);

/* A key of enum terminal_key. 0 or -ENOMEM; ui->quit afterwards when it was the last one. */
int ports_ui_key(struct ports_ui *ui, int key);

/* 0 or -ENOMEM. */
int ports_ui_draw(struct ports_ui *ui, struct frame *frame, unsigned int rows, unsigned int columns);

#endif
