// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Draws a panel: what the view has above, the list, and the keys in the last line. */
#include <string.h>

#include "show/panel.h"

/* Rows between what is drawn by now and the line of keys. */
static unsigned int rows_left(const struct frame *frame)
{
	return frame->used + 1 < frame->rows ? frame->rows - frame->used - 1 : 0;
}

/* The selected line stays on the screen. */
static void begin_list(struct panel *panel, struct frame *frame, size_t length)
{
	struct panel_place *place = panel_place(panel);

	panel->page = rows_left(frame) ?: 1;
	if (place->selected < place->first)
		place->first = place->selected;
	if (place->selected >= place->first + panel->page)
		place->first = place->selected - panel->page + 1;
	if (place->first + panel->page > length)
		place->first = length > panel->page ? length - panel->page : 0;
}

static void draw_message(struct frame *frame, const char *text)
{
	if (!rows_left(frame))
		return;
	buffer_append_string(&frame->line, text);
	frame_end_line(frame, FRAME_PLAIN);
}

static void draw_list(struct panel *panel, struct frame *frame)
{
	const struct panel_place *place = &panel->places[PANEL_LIST];
	enum frame_style style;
	size_t i;

	panel->kind->draw_head(panel, frame);
	frame_end_line(frame, FRAME_HEAD);
	begin_list(panel, frame, panel->n_visible);
	for (i = place->first; i < panel->n_visible && rows_left(frame); i++) {
		style = panel->kind->draw_row(panel, panel->visible[i], frame);
		frame_end_line(frame, i == place->selected ? FRAME_SELECTED : style);
	}
	if (!panel->n_visible)
		draw_message(frame, place->filter[0] ? "No row matches the filter." : panel->kind->empty(panel));
}

/* Drawn elsewhere, to see how many lines it takes. On a low terminal the list comes first. */
static unsigned int measure_foot(struct panel *panel, const struct frame *frame)
{
	unsigned int room = rows_left(frame) / 2, lines = 0;
	struct frame scratch;

	if (!panel->n_details || !panel->kind->draw_foot || rows_left(frame) <= 2 * panel->kind->foot_lines)
		return 0;
	frame_init(&scratch);
	if (!frame_begin(&scratch, 2 * panel->kind->foot_lines, frame->columns)) {
		panel->kind->draw_foot(panel, panel->places[PANEL_DETAILS].selected, &scratch);
		lines = scratch.used;
	}
	frame_release(&scratch);
	return lines < room ? lines : room;
}

static void draw_details(struct panel *panel, struct frame *frame)
{
	const struct panel_place *place = &panel->places[PANEL_DETAILS];
	enum frame_style style;
	unsigned int foot;
	size_t i;

	if (panel->kind->draw_details_top)
		panel->kind->draw_details_top(panel, frame);
	foot = measure_foot(panel, frame);
	frame->rows -= foot;
	begin_list(panel, frame, panel->n_details);
	for (i = place->first; i < panel->n_details && rows_left(frame); i++) {
		style = panel->kind->draw_detail(panel, i, frame);
		frame_end_line(frame, i == place->selected ? FRAME_SELECTED : style);
	}
	if (!panel->n_details)
		draw_message(frame, place->filter[0] ? "No line matches the filter." : "There is none any more.");
	if (foot)
		frame_fill(frame, frame->rows - 1);
	frame->rows += foot;
	if (foot)
		panel->kind->draw_foot(panel, place->selected, frame);
}

#define HELP_INDENT 14 /* where the words begin that explain */

/* How much of a text fits into so many columns, whole words; all of what has no space. Help is ASCII. */
static size_t words_that_fit(const char *text, size_t room)
{
	size_t end = room;

	if (strlen(text) <= room)
		return strlen(text);
	while (end && text[end] != ' ')
		end--;
	return end && strspn(text, " ") < end ? end : room;
}

/* Lines on the screen that a line of help takes; drawn too where there is a frame. */
static size_t wrap_help(struct frame *frame, const char *text, size_t columns)
{
	size_t indent = 0, lines = 0, take;

	do {
		take = words_that_fit(text, columns > indent ? columns - indent : 1);
		if (frame && rows_left(frame)) {
			buffer_append_repeated(&frame->line, ' ', indent);
			buffer_append(&frame->line, text, take);
			frame_end_line(frame, FRAME_PLAIN);
		}
		text += take;
		text += strspn(text, " ");
		indent = columns > 2 * HELP_INDENT ? HELP_INDENT : 0;
		lines++;
	} while (*text);
	return lines;
}

/* The first of the lines that fill the screen to their end. */
static size_t last_help(const char *const *help, size_t columns, size_t rows)
{
	size_t line = 0, taken = 0;

	while (help[line])
		line++;
	while (line && (taken += wrap_help(NULL, help[line - 1], columns)) <= rows)
		line--;
	return line;
}

static void draw_help(struct panel *panel, struct frame *frame)
{
	const char *const *help = panel->kind->help;
	size_t line;

	frame_end_line(frame, FRAME_PLAIN);
	panel->page = rows_left(frame) ?: 1;
	panel->help_last = last_help(help, frame->columns, panel->page);
	if (panel->help_first > panel->help_last)
		panel->help_first = panel->help_last;
	for (line = panel->help_first; help[line] && rows_left(frame); line++)
		wrap_help(frame, help[line], frame->columns);
}

/* Whole ones, as many as there is room for. */
static void put_keys(struct frame *frame, const char *keys)
{
	size_t room = frame->columns > frame->line.size ? frame->columns - frame->line.size : 0, end = strlen(keys);

	while (end > room) {
		while (end && !(keys[end - 1] == ' ' && keys[end] == ' '))
			end--;
		end -= !!end;
	}
	buffer_append(&frame->line, keys, end);
}

static void put_typed(struct frame *frame, const char *what, const char *text)
{
	buffer_printf(&frame->line, "%s: %s", what, text);
	frame->cursor_row = frame->used;
	frame->cursor_column = frame->line.size < frame->columns ? frame->line.size : frame->columns - 1;
}

static void draw_keys(struct panel *panel, struct frame *frame)
{
	const struct panel_place *place = panel_place(panel);

	if (panel->question) {
		put_typed(frame, panel->question, panel->answer);
	} else if (panel->typing) {
		put_typed(frame, "filter", place->filter);
	} else if (panel->help) {
		buffer_append_string(&frame->line, "Esc back  Up Down PgUp PgDn scroll");
	} else {
		if (place->filter[0])
			buffer_printf(&frame->line, "[%s]  ", place->filter);
		put_keys(frame, panel->kind->keys[panel->mode]);
	}
	frame_end_line(frame, FRAME_KEYS);
}

int panel_draw(struct panel *panel, struct frame *frame, unsigned int rows, unsigned int columns)
{
	int err = frame_begin(frame, rows, columns);

	if (err || !rows || !columns)
		return err;
	panel->kind->draw_top(panel, frame);
	if (panel->help)
		draw_help(panel, frame);
	else if (panel->mode == PANEL_DETAILS)
		draw_details(panel, frame);
	else
		draw_list(panel, frame);
	frame_fill(frame, rows - 1);
	draw_keys(panel, frame);
	return frame->text.error;
}
