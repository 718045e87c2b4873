// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is particular to `top` in its frames: title, totals, what was lost; heads and rows. */
#include "event/summary.h"
#include "show/top/columns.h"
#include "show/top/sentences.h"
#include "show/top/table.h"
#include "show/top/ui.h"
#include "util/tcp_state.h"

#define HEALTH_TEXT 1024

const char *const top_ui_help[] = {
	"Who makes TIME_WAIT (TW), who holds CLOSE_WAIT (CW).",
	"",
	"  NEW     entries since the start",
	"  /s      entries a second, in the last interval",
	"  NOW     there now, those from before the start too",
	"  OLDEST  of those in CLOSE_WAIT; + = older than tcpdwell, so at least",
	"  P50 P99 time in the state of those that ended: the median, and of 99 in 100",
	"",
	"  b B     group by the next, the previous key     / filter by text",
	"  1 to 8  by process, cgroup, container, pod,     p pause (also Space)",
	"          remote end, port, name, unit            q quit",
	"  s S     sort by the next, the previous key      Enter the sockets of a row",
	"  r       reverse the order                       Esc back, clear the filter",
	"  Up Down PgUp PgDn Home End (also k j g G)       h this help",
	"",
	"  unknown: no process is known. ~other: no room for it (--max-rows), or long gone.",
	NULL,
};

static struct top_ui *of(struct panel *panel)
{
	return (struct top_ui *)panel;
}

static const enum frame_style level_styles[] = {
	[LEVEL_NONE] = FRAME_PLAIN,
	[LEVEL_NOTE] = FRAME_WARNING,
	[LEVEL_WARNING] = FRAME_WARNING,
	[LEVEL_ALERT] = FRAME_ALERT,
};

/* A line each; on a low terminal only the worst. */
static void draw_sentences(const struct top_model *model, struct frame *frame)
{
	struct top_sentences sentences;
	size_t i, most = frame->rows / 8;

	top_sentences_make(&sentences, model);
	for (i = 0; i < sentences.count && i < most; i++) {
		buffer_append_string(&frame->line, sentences.text[i]);
		frame_end_line(frame, level_styles[sentences.level[i]]);
	}
}

void top_ui_draw_top(struct panel *panel, struct frame *frame)
{
	const struct top_model *model = of(panel)->model;
	char health[HEALTH_TEXT];

	buffer_append_string(&frame->line, "tcpdwell  ");
	top_title_text(&frame->line, model);
	if (panel->paused)
		buffer_append_string(&frame->line, "  PAUSED");
	frame_end_line(frame, FRAME_TITLE);
	top_totals_text(&frame->line, model);
	frame_end_line(frame, FRAME_PLAIN);
	if (top_states_text(&frame->line, model))
		frame_end_line(frame, FRAME_PLAIN);
	if (!panel->help && panel->mode == PANEL_LIST)
		draw_sentences(model, frame);
	if (health_text(health, sizeof(health), &model->health)) {
		buffer_append_string(&frame->line, health);
		frame_end_line(frame, FRAME_ALERT);
	}
}

void top_ui_draw_head(struct panel *panel, struct frame *frame)
{
	struct top_ui *ui = of(panel);

	top_layout_choose(&ui->layout, ui->model, frame->columns, panel->max_rows);
	top_head_draw(frame, ui->model, &ui->layout);
}

enum frame_style top_ui_draw_row(struct panel *panel, size_t row, struct frame *frame)
{
	const struct top_ui *ui = of(panel);

	top_row_draw(frame, ui->model, &ui->layout, &ui->model->ranking.rows[row]);
	return FRAME_PLAIN;
}

void top_ui_draw_sockets_top(struct panel *panel, struct frame *frame)
{
	const struct top_ui *ui = of(panel);

	buffer_printf(&frame->line, "%zu %s: %s, sorted by %s%s", ui->sockets.count,
		      ui->sockets.count == 1 ? "socket" : "sockets", ui->drilled_label,
		      top_socket_sort_name(ui->sockets.sort), ui->sockets.reverse ? " (reversed)" : "");
	frame_end_line(frame, FRAME_TITLE);
	top_sockets_head_text(&frame->line, frame->columns);
	frame_end_line(frame, FRAME_HEAD);
}

enum frame_style top_ui_draw_socket(struct panel *panel, size_t socket, struct frame *frame)
{
	const struct top_ui *ui = of(panel);

	const struct top_socket *it = &ui->sockets.rows[socket];
	bool old = it->base.state == STATE_CLOSE_WAIT && it->base.since_ns &&
		   ui->model->time_ns >= it->base.since_ns + TROUBLE_OLD_NS;

	top_socket_text(&frame->line, ui->model->books, it, ui->model->time_ns, frame->columns);
	return old ? FRAME_ALERT : FRAME_PLAIN;
}

void top_ui_draw_socket_foot(struct panel *panel, size_t socket, struct frame *frame)
{
	const struct top_ui *ui = of(panel);
	unsigned int line;

	for (line = 0; line < TOP_SOCKET_DETAILS; line++) {
		top_socket_details_text(&frame->line, ui->model->books, &ui->sockets.rows[socket], ui->model->time_ns, line);
		frame_end_line(frame, FRAME_TITLE);
	}
}
