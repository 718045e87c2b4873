/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What interactive views share: a list whose rows lead to details, a filter that is typed, help, a line of keys. Pure: keys
 * change its state, and a frame is drawn from it. A view puts a struct panel first into its own struct and fills in a
 * struct panel_kind; screen.h puts it on the terminal.
 */
#ifndef TCPDWELL_SHOW_PANEL_H
#define TCPDWELL_SHOW_PANEL_H

#include <stdbool.h>
#include <stddef.h>

#include "show/terminal_frame.h"

#define PANEL_FILTER_BYTES 64
#define PANEL_ANSWER_BYTES 40

enum panel_mode { PANEL_LIST, PANEL_DETAILS, PANEL_MODES };

struct panel;

/* Rows and details are called by their number, from 0. Members that may be NULL say so. */
struct panel_kind {
	const char *const *help; /* lines, NULL at the end */
	const char *keys[PANEL_MODES]; /* for the last line, two spaces between them: what has no room is left out at the end */

	/* What is above the list: any number of lines. */
	void (*draw_top)(struct panel *panel, struct frame *frame);

	/* Before rows are asked whether they pass; 0 or -ENOMEM. May be NULL. */
	int (*choose)(struct panel *panel);

	/* Rows as they are now, filtered or not. */
	size_t (*row_count)(const struct panel *panel);
	bool (*row_passes)(const struct panel *panel, size_t row, const char *filter);
	void (*draw_head)(struct panel *panel, struct frame *frame); /* of the list: frame_end_line() is the panel's */
	enum frame_style (*draw_row)(struct panel *panel, size_t row, struct frame *frame); /* the same */
	const char *(*empty)(const struct panel *panel); /* in place of rows */

	/* The row that the selection stays with, wherever it moves to. */
	void (*follow)(struct panel *panel, size_t row);
	bool (*is_followed)(const struct panel *panel, size_t row);

	/* Enter on a row. False: it has no details. */
	bool (*open)(struct panel *panel, size_t row);
	/* The details of the row that was opened last, as they are now and as far as they pass the filter: sets n_details. */
	int (*collect)(struct panel *panel);
	void (*draw_details_top)(struct panel *panel, struct frame *frame); /* any number of lines; may be NULL */
	enum frame_style (*draw_detail)(struct panel *panel, size_t detail, struct frame *frame);
	unsigned int foot_lines; /* below the details, about the one that is selected: so many, or up to twice as many where they are wrapped */
	void (*draw_foot)(struct panel *panel, size_t detail, struct frame *frame); /* NULL: there are none */

	/* Keys of the view's own, in either mode. 0, or -ENOMEM. */
	int (*key)(struct panel *panel, int key);
};

struct panel_place {
	size_t selected, first; /* among the visible, or among details */
	char filter[PANEL_FILTER_BYTES]; /* part of a row's text, in any case; "" = none */
};

struct panel {
	const struct panel_kind *kind;
	enum panel_mode mode;
	bool help, paused;
	bool typing; /* the filter is being typed */
	const char *question; /* is asked in the last line, and answered by typing; NULL: none is */
	char answer[PANEL_ANSWER_BYTES];
	bool answered; /* with Enter: for whoever asked, who takes the question back */
	bool quit;
	bool stale; /* other rows are wanted: to be measured anew, then refreshed */
	bool follows; /* the selection was moved: it stays with its row */
	struct panel_place places[PANEL_MODES];
	size_t *visible; /* rows that pass the filter */
	size_t n_visible, visible_capacity;
	size_t max_rows; /* no more are shown */
	size_t n_details;
	size_t help_first, help_last; /* lines that are at the top; the last that may be, as of the last frame */
	unsigned int page; /* rows of the list that fitted in the last frame */
};

/* `max_rows` 0: all. */
void panel_init(struct panel *panel, const struct panel_kind *kind, size_t max_rows);
void panel_release(struct panel *panel);

/* What it shows was measured anew. 0 or -ENOMEM. */
int panel_refresh(struct panel *panel);

/* Rows have another order. 0 or -ENOMEM. */
int panel_choose(struct panel *panel);

/* The first row is selected, and stays so whatever row it is. */
void panel_select_first(struct panel *panel);

/* Asks in the last line. */
void panel_ask(struct panel *panel, const char *question);

/* A key of enum terminal_key. 0 or -ENOMEM; panel->quit afterwards when it was the last one. */
int panel_key(struct panel *panel, int key);

/* 0 or -ENOMEM. */
int panel_draw(struct panel *panel, struct frame *frame, unsigned int rows, unsigned int columns);

static inline struct panel_place *panel_place(struct panel *panel)
{
	return &panel->places[panel->mode];
}

static inline bool panel_is_selected(const struct panel *panel, size_t i)
{
	return panel->places[panel->mode].selected == i;
}

/* The row of the list that is selected. False: there is none. */
bool panel_selected_row(const struct panel *panel, size_t *row);

#endif
