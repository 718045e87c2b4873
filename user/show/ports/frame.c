// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Draws the interactive `ports`: title, failures, what was lost, the list, and the keys in the last line. */
#include <string.h>

#include "event/summary.h"
#include "show/ports/names.h"
#include "show/ports/table.h"
#include "show/ports/ui.h"

#define HEALTH_TEXT 1024

static const char *const help_lines[] = {
	"How many local ports connect() has left for each destination.",
	"",
	"  USED OF FREE  ports that its connections use; that there are for it; that connect() finds",
	"  TW OPEN       of USED: come back by themselves within 60 s; when they are closed",
	"  BLOCKED       a program has bound a socket to them, so connect() does not choose them",
	"  /s MAX/s      connections opened a second; that the ports bear for ever",
	"  CLIFF         when connect() begins to look through half of the range first, each time",
	"  WALL          when there is no free port: \"Cannot assign requested address\"",
	"  SEARCH        how long half of the connects looked for a port at most",
	"  FAIL/s        connects that found none",
	"",
	"  b B     next, previous table                    / filter by text",
	"  1 to 4  destinations, processes, local          p pause (also Space)",
	"          addresses (bind), peers                 q quit",
	"  Enter   a destination's sockets, who fails,     Esc back, clear the filter",
	"          and what would help                     h this help",
	"  Up Down PgUp PgDn Home End (also k j g G)",
};

#define HELP_LINES (sizeof(help_lines) / sizeof(help_lines[0]))

static void draw_top(struct ports_ui *ui, struct frame *frame)
{
	char health[HEALTH_TEXT];

	buffer_append_string(&frame->line, "tcpdwell  ");
	ports_title_text(&frame->line, ui->model);
	if (ui->paused)
		buffer_append_string(&frame->line, "  PAUSED");
	frame_end_line(frame, FRAME_TITLE);
	ports_failures_text(&frame->line, ui->model);
	frame_end_line(frame, ui->model->failure_rate > 0 ? FRAME_ALERT : FRAME_PLAIN);
	if (health_text(health, sizeof(health), &ui->model->health)) {
		buffer_append_string(&frame->line, health);
		frame_end_line(frame, FRAME_ALERT);
	}
}

/* The selected line stays on the screen. */
static void begin_list(struct ports_ui *ui, struct frame *frame, size_t length)
{
	ui->page = frame->used + 1 < frame->rows ? frame->rows - frame->used - 1 : 1;
	if (ui->selected < ui->first)
		ui->first = ui->selected;
	if (ui->selected >= ui->first + ui->page)
		ui->first = ui->selected - ui->page + 1;
	if (ui->first + ui->page > length)
		ui->first = length > ui->page ? length - ui->page : 0;
}

static bool list_is_full(const struct frame *frame)
{
	return frame->used + 1 >= frame->rows;
}

static void draw_rows(struct ports_ui *ui, struct frame *frame)
{
	size_t i;

	ports_head_text(&frame->line, ui->model);
	frame_end_line(frame, FRAME_HEAD);
	begin_list(ui, frame, ui->n_visible);
	for (i = ui->first; i < ui->n_visible && !list_is_full(frame); i++) {
		ports_row_text(&frame->line, ui->model, ui->visible[i]);
		frame_end_line(frame, i == ui->selected ? FRAME_SELECTED : FRAME_PLAIN);
	}
	if (!ui->n_visible && !list_is_full(frame)) {
		buffer_append_string(&frame->line, ui->filter[0] ? "No row matches the filter." : "No connections yet.");
		frame_end_line(frame, FRAME_PLAIN);
	}
}

static void draw_details(struct ports_ui *ui, struct frame *frame)
{
	const char *at = ui->details.data, *end = at + ui->details.size, *newline;
	size_t line;

	begin_list(ui, frame, ui->n_details);
	for (line = 0; at < end && !list_is_full(frame); line++, at = newline + 1) {
		newline = memchr(at, '\n', end - at);
		if (!newline)
			break;
		if (line < ui->first)
			continue;
		buffer_append(&frame->line, at, newline - at);
		frame_end_line(frame, line == ui->selected ? FRAME_SELECTED : FRAME_PLAIN);
	}
}

static void draw_help(struct frame *frame)
{
	size_t i;

	for (i = 0; i < HELP_LINES && !list_is_full(frame); i++) {
		buffer_append_string(&frame->line, help_lines[i]);
		frame_end_line(frame, FRAME_PLAIN);
	}
}

static void draw_keys(struct ports_ui *ui, struct frame *frame)
{
	if (ui->typing) {
		buffer_printf(&frame->line, "filter: %s", ui->filter);
		frame->cursor_row = frame->used;
		frame->cursor_column = frame->line.size < frame->columns ? frame->line.size : frame->columns - 1;
	} else if (ui->mode == PORTS_ROWS) {
		if (ui->filter[0])
			buffer_printf(&frame->line, "[%s]  ", ui->filter);
		buffer_append_string(&frame->line, "h help  Enter details  b table  / filter  p pause  q quit");
	} else {
		buffer_append_string(&frame->line, "Esc back  p pause  h help");
	}
	frame_end_line(frame, FRAME_KEYS);
}

int ports_ui_draw(struct ports_ui *ui, struct frame *frame, unsigned int rows, unsigned int columns)
{
	static void (*const lists[])(struct ports_ui *ui, struct frame *frame) = {
		[PORTS_ROWS] = draw_rows,
		[PORTS_DETAILS] = draw_details,
	};
	int err = frame_begin(frame, rows, columns);

	if (err || !rows || !columns)
		return err;
	draw_top(ui, frame);
	if (ui->mode == PORTS_HELP)
		draw_help(frame);
	else
		lists[ui->mode](ui, frame);
	frame_fill(frame, rows - 1);
	draw_keys(ui, frame);
	return frame->text.error;
}
