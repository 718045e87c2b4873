// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is particular to `top` in its frames: title, totals, what was lost; heads and rows. */
#include "event/summary.h"
#include "show/top/table.h"
#include "show/top/ui.h"

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
	if (health_text(health, sizeof(health), &model->health)) {
		buffer_append_string(&frame->line, health);
		frame_end_line(frame, FRAME_ALERT);
	}
}

void top_ui_draw_head(struct panel *panel, struct frame *frame)
{
	top_head_text(&frame->line, of(panel)->model, frame->columns);
}

enum frame_style top_ui_draw_row(struct panel *panel, size_t row, struct frame *frame)
{
	const struct top_model *model = of(panel)->model;

	top_row_text(&frame->line, model, &model->ranking.rows[row], frame->columns);
	return FRAME_PLAIN;
}

void top_ui_draw_sockets_top(struct panel *panel, struct frame *frame)
{
	const struct top_ui *ui = of(panel);

	buffer_printf(&frame->line, "%zu %s: %s", ui->sockets.count, ui->sockets.count == 1 ? "socket" : "sockets",
		      ui->drilled_label);
	frame_end_line(frame, FRAME_TITLE);
	top_sockets_head_text(&frame->line);
	frame_end_line(frame, FRAME_HEAD);
}

enum frame_style top_ui_draw_socket(struct panel *panel, size_t socket, struct frame *frame)
{
	const struct top_ui *ui = of(panel);

	top_socket_text(&frame->line, &ui->sockets.rows[socket], ui->model->time_ns);
	return FRAME_PLAIN;
}
