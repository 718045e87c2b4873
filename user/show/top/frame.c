// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Draws the interactive `top`: title, totals, what was lost, the list, and the keys in the last line. */
#include <stdio.h>

#include "event/summary.h"
#include "show/top/table.h"
#include "show/top/ui.h"

#define HEALTH_TEXT 1024

static const char *const help_lines[] = {
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
};

#define HELP_LINES (sizeof(help_lines) / sizeof(help_lines[0]))

static void draw_top(struct top_ui *ui, struct frame *frame)
{
	char health[HEALTH_TEXT];

	buffer_append_string(&frame->line, "tcpdwell  ");
	top_title_text(&frame->line, ui->model);
	if (ui->paused)
		buffer_append_string(&frame->line, "  PAUSED");
	frame_end_line(frame, FRAME_TITLE);
	top_totals_text(&frame->line, ui->model);
	frame_end_line(frame, FRAME_PLAIN);
	if (health_text(health, sizeof(health), &ui->model->health)) {
		buffer_append_string(&frame->line, health);
		frame_end_line(frame, FRAME_ALERT);
	}
}

/* The selected line stays on the screen. */
static void scroll(struct top_ui *ui, size_t length)
{
	if (ui->selected < ui->first)
		ui->first = ui->selected;
	if (ui->selected >= ui->first + ui->page)
		ui->first = ui->selected - ui->page + 1;
	if (ui->first + ui->page > length)
		ui->first = length > ui->page ? length - ui->page : 0;
}

static void begin_list(struct top_ui *ui, struct frame *frame, size_t length)
{
	frame_end_line(frame, FRAME_HEAD);
	ui->page = frame->used + 1 < frame->rows ? frame->rows - frame->used - 1 : 1;
	scroll(ui, length);
}

static bool list_is_full(const struct frame *frame)
{
	return frame->used + 1 >= frame->rows;
}

static void draw_rows(struct top_ui *ui, struct frame *frame)
{
	size_t i;

	top_head_text(&frame->line, ui->model, frame->columns);
	begin_list(ui, frame, ui->n_visible);
	for (i = ui->first; i < ui->n_visible && !list_is_full(frame); i++) {
		top_row_text(&frame->line, ui->model, &ui->model->ranking.rows[ui->visible[i]], frame->columns);
		frame_end_line(frame, i == ui->selected ? FRAME_SELECTED : FRAME_PLAIN);
	}
	if (!ui->n_visible && !list_is_full(frame)) {
		buffer_append_string(&frame->line, ui->filter[0] ? "No row matches the filter." :
								   "No TIME_WAIT and no CLOSE_WAIT yet.");
		frame_end_line(frame, FRAME_PLAIN);
	}
}

static void draw_sockets(struct top_ui *ui, struct frame *frame)
{
	size_t i;

	buffer_printf(&frame->line, "%zu %s: %s", ui->sockets.count, ui->sockets.count == 1 ? "socket" : "sockets",
		      ui->drilled_label);
	frame_end_line(frame, FRAME_TITLE);
	top_sockets_head_text(&frame->line);
	begin_list(ui, frame, ui->sockets.count);
	for (i = ui->first; i < ui->sockets.count && !list_is_full(frame); i++) {
		top_socket_text(&frame->line, &ui->sockets.rows[i], ui->model->time_ns);
		frame_end_line(frame, i == ui->selected ? FRAME_SELECTED : FRAME_PLAIN);
	}
}

static void draw_help(struct frame *frame)
{
	size_t i;

	frame_end_line(frame, FRAME_PLAIN);
	for (i = 0; i < HELP_LINES && !list_is_full(frame); i++) {
		buffer_append_string(&frame->line, help_lines[i]);
		frame_end_line(frame, FRAME_PLAIN);
	}
}

static void draw_keys(struct top_ui *ui, struct frame *frame)
{
	if (ui->typing) {
		buffer_printf(&frame->line, "filter: %s", ui->filter);
		frame->cursor_row = frame->used;
		frame->cursor_column = frame->line.size < frame->columns ? frame->line.size : frame->columns - 1;
	} else if (ui->mode == TOP_ROWS) {
		if (ui->filter[0])
			buffer_printf(&frame->line, "[%s]  ", ui->filter);
		buffer_append_string(&frame->line, "h help  Enter sockets  s sort  r reverse  b group  / filter  p pause  q quit");
	} else {
		buffer_append_string(&frame->line, "Esc back  p pause  h help");
	}
	frame_end_line(frame, FRAME_KEYS);
}

int top_ui_draw(struct top_ui *ui, struct frame *frame, unsigned int rows, unsigned int columns)
{
	int err = frame_begin(frame, rows, columns);

	if (err || !rows || !columns)
		return err;
	draw_top(ui, frame);
	if (ui->mode == TOP_ROWS)
		draw_rows(ui, frame);
	else if (ui->mode == TOP_SOCKETS)
		draw_sockets(ui, frame);
	else
		draw_help(frame);
	frame_fill(frame, rows - 1);
	draw_keys(ui, frame);
	return frame->text.error;
}
