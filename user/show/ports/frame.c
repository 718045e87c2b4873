// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is particular to `ports` in its frames: title, failures, what was lost; heads, rows, the lines of details. */
#include "event/summary.h"
#include "show/ports/table.h"
#include "show/ports/ui.h"

#define HEALTH_TEXT 1024

const char *const ports_ui_help[] = {
	"How many local ports connect() has left for each destination.",
	"",
	"  USED OF FREE  ports that connect() can't have; that there are for it; that it finds",
	"  TW OPEN       sockets that end by themselves within 60 s; that end when they are closed",
	"  BLOCKED       a program has bound a socket to them, so connect() does not choose them",
	"  /s MAX/s      connections opened a second; that the ports bear for ever",
	"  SLOW          when connect() begins to look through half of the range first, each time",
	"  FULL          when there is no free port: \"Cannot assign requested address\"",
	"  SEARCH        how long half of the connects looked for a port at most",
	"  FAIL/s        connects that found none",
	"",
	"  b B     next, previous table                    / filter by text",
	"  1 to 5  destinations, processes, local          p pause (also Space)",
	"          addresses, peers, failures of bind()    q quit",
	"  Enter   a destination's sockets, who fails,     Esc back, clear the filter",
	"          and what would help                     h this help",
	"  Up Down PgUp PgDn Home End (also k j g G)",
	NULL,
};

static struct ports_ui *of(struct panel *panel)
{
	return (struct ports_ui *)panel;
}

void ports_ui_draw_top(struct panel *panel, struct frame *frame)
{
	const struct ports_model *model = of(panel)->model;
	char health[HEALTH_TEXT];

	buffer_append_string(&frame->line, "tcpdwell  ");
	ports_title_text(&frame->line, model);
	if (panel->paused)
		buffer_append_string(&frame->line, "  PAUSED");
	frame_end_line(frame, FRAME_TITLE);
	ports_failures_text(&frame->line, model);
	frame_end_line(frame, model->failure_rate > 0 ? FRAME_ALERT : FRAME_PLAIN);
	if (health_text(health, sizeof(health), &model->health)) {
		buffer_append_string(&frame->line, health);
		frame_end_line(frame, FRAME_ALERT);
	}
}

void ports_ui_draw_head(struct panel *panel, struct frame *frame)
{
	ports_head_text(&frame->line, of(panel)->model);
}

enum frame_style ports_ui_draw_row(struct panel *panel, size_t row, struct frame *frame)
{
	ports_row_text(&frame->line, of(panel)->model, row);
	return FRAME_PLAIN;
}

enum frame_style ports_ui_draw_detail(struct panel *panel, size_t detail, struct frame *frame)
{
	const struct ports_ui *ui = of(panel);
	size_t begin = ui->lines[detail];

	buffer_append(&frame->line, ui->details.data + begin, ui->lines[detail + 1] - begin - 1);
	return FRAME_PLAIN;
}
