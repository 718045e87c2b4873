/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The interactive `top` without a terminal: a panel whose rows are groups and whose details are the sockets of one. Pure,
 * so that it is tested at any size.
 */
#ifndef TCPDWELL_SHOW_TOP_UI_H
#define TCPDWELL_SHOW_TOP_UI_H

#include "diagnose/diagnosis.h"
#include "show/panel.h"
#include "show/top/columns.h"
#include "show/top/match.h"
#include "show/top/model.h"
#include "show/top/sentences.h"
#include "show/top/sockets.h"
#include "show/timeline.h"

#define TOP_FINDINGS_TAKEN 1024

struct top_ui {
	struct panel panel; /* first */
	struct top_model *model; /* the caller's */
	const struct diagnosis *diagnosis; /* the caller's; NULL: no findings are shown */
	const struct timeline *timeline; /* the caller's; NULL: there is none */
	uint64_t taken[TOP_FINDINGS_TAKEN]; /* with a timeline: numbers of findings, at their remainder */
	uint64_t opened; /* number of the finding that is shown whole; 0 = none */
	struct group_name selected_name; /* the selection stays with it, and the details are its */
	char drilled_label[GROUP_LABEL];
	struct top_sockets sockets;
	struct top_match match; /* of the list's filter */
	struct top_layout layout; /* of the last frame */
};

/* `max_rows` 0: all. */
void top_ui_init(struct top_ui *ui, struct top_model *model, size_t max_rows);
/* It shows what was recorded: keys go back and forward in time. */
void top_ui_set_timeline(struct top_ui *ui, const struct timeline *timeline);

void top_ui_release(struct top_ui *ui);

/* Of findings.c: lines above the table, how many there were; and the key that opens one after the other. */
size_t top_findings_draw(struct top_ui *ui, struct frame *frame);
void top_findings_open_next(struct top_ui *ui);

/* Is one shown that was not at the last call? */
bool top_findings_take_new(struct top_ui *ui);

/* Does a finding that is shown say what a sentence would? */
bool top_findings_tell(const struct top_ui *ui, const struct top_sentences *sentences, size_t sentence);

/* Of frame.c. */
void top_ui_draw_top(struct panel *panel, struct frame *frame);
void top_ui_draw_head(struct panel *panel, struct frame *frame);
enum frame_style top_ui_draw_row(struct panel *panel, size_t row, struct frame *frame);
void top_ui_draw_sockets_top(struct panel *panel, struct frame *frame);
enum frame_style top_ui_draw_socket(struct panel *panel, size_t socket, struct frame *frame);
void top_ui_draw_socket_foot(struct panel *panel, size_t socket, struct frame *frame);
extern const char *const top_ui_help[], *const top_ui_time_help[];

#endif
