// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the keys of the interactive `ports` do. */
#include "show/ports/ui.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "show/ports/sockets.h"
#include "show/ports/table.h"
#include "show/terminal.h"

void ports_ui_init(struct ports_ui *ui, struct ports_model *model, size_t max_rows)
{
	memset(ui, 0, sizeof(*ui));
	ui->model = model;
	ui->max_rows = max_rows ?: SIZE_MAX;
	ui->page = 1;
	buffer_init(&ui->details);
}

void ports_ui_release(struct ports_ui *ui)
{
	free(ui->visible);
	buffer_release(&ui->details);
	memset(ui, 0, sizeof(*ui));
}

static size_t list_length(const struct ports_ui *ui)
{
	return ui->mode == PORTS_DETAILS ? ui->n_details : ui->n_visible;
}

static const struct destination *selected_destination(const struct ports_ui *ui)
{
	if (ui->model->by != PORTS_BY_DESTINATION || !ui->n_visible)
		return NULL;
	return ui->model->destinations.sorted[ui->visible[ui->selected]];
}

static bool passes_filter(struct ports_ui *ui, size_t row)
{
	struct buffer text;
	bool passes;

	if (!ports_row_is_shown(ui->model, row))
		return false;
	if (!ui->filter[0])
		return true;
	buffer_init(&text);
	ports_row_text(&text, ui->model, row);
	buffer_append_char(&text, '\0');
	passes = text.error || strcasestr(text.data, ui->filter);
	buffer_release(&text);
	return passes;
}

static void clamp_selection(struct ports_ui *ui)
{
	size_t length = list_length(ui);

	if (ui->selected >= length)
		ui->selected = length ? length - 1 : 0;
}

static void find_followed(struct ports_ui *ui)
{
	size_t i;

	for (i = 0; ui->follows && ui->model->by == PORTS_BY_DESTINATION && i < ui->n_visible; i++)
		if (!memcmp(&ui->model->destinations.sorted[ui->visible[i]]->key, &ui->drilled, sizeof(ui->drilled)))
			ui->selected = i;
}

static int choose_visible(struct ports_ui *ui)
{
	size_t i, count = ports_row_count(ui->model), *grown;

	if (count > ui->visible_capacity) {
		grown = realloc(ui->visible, count * 2 * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		ui->visible = grown;
		ui->visible_capacity = count * 2;
	}
	ui->n_visible = 0;
	for (i = 0; i < count && ui->n_visible < ui->max_rows; i++)
		if (passes_filter(ui, i))
			ui->visible[ui->n_visible++] = i;
	if (ui->mode == PORTS_ROWS) {
		find_followed(ui);
		clamp_selection(ui);
	}
	return 0;
}

static int collect_details(struct ports_ui *ui)
{
	const struct destination *destination;
	size_t i;

	buffer_clear(&ui->details);
	ui->n_details = 0;
	HASH_FIND(hh, ui->model->destinations.by_key, &ui->drilled, sizeof(ui->drilled), destination);
	if (destination)
		ports_details_text(&ui->details, ui->model, destination);
	else
		buffer_append_string(&ui->details, "There are no connections to it any more.\n");
	ports_sockets_text(&ui->details, ui->model, &ui->drilled);
	for (i = 0; i < ui->details.size; i++)
		ui->n_details += ui->details.data[i] == '\n';
	return ui->details.error;
}

int ports_ui_refresh(struct ports_ui *ui)
{
	int err = choose_visible(ui);

	if (!err && ui->mode == PORTS_DETAILS)
		err = collect_details(ui);
	clamp_selection(ui);
	return err;
}

static void select_first(struct ports_ui *ui)
{
	ui->selected = ui->first = 0;
	ui->follows = false;
}

static int regroup(struct ports_ui *ui, int by)
{
	ui->model->by = (by + PORTS_BY_COUNT) % PORTS_BY_COUNT;
	select_first(ui);
	return choose_visible(ui);
}

static int drill_down(struct ports_ui *ui)
{
	const struct destination *destination = selected_destination(ui);

	if (!destination)
		return 0;
	ui->drilled = destination->key;
	ui->follows = true;
	ui->mode = PORTS_DETAILS;
	ui->selected = ui->first = 0;
	return ports_ui_refresh(ui);
}

static int back(struct ports_ui *ui)
{
	if (ui->mode == PORTS_ROWS)
		ui->filter[0] = '\0';
	ui->mode = PORTS_ROWS;
	ui->selected = ui->first = 0;
	return choose_visible(ui);
}

static void move_selection(struct ports_ui *ui, long step)
{
	long length = list_length(ui), to = (long)ui->selected + step;
	const struct destination *destination;

	if (!length || ui->mode == PORTS_HELP)
		return;
	ui->selected = to < 0 ? 0 : to >= length ? length - 1 : to;
	destination = ui->mode == PORTS_ROWS ? selected_destination(ui) : NULL;
	if (!destination)
		return;
	ui->follows = true;
	ui->drilled = destination->key;
}

/* How far a key moves; 0: it does not. */
static long movement_of(const struct ports_ui *ui, int key)
{
	switch (key) {
	case TERMINAL_UP:
	case 'k':
		return -1;
	case TERMINAL_DOWN:
	case 'j':
		return 1;
	case TERMINAL_PAGE_UP:
		return -(long)ui->page;
	case TERMINAL_PAGE_DOWN:
		return ui->page;
	case TERMINAL_HOME:
	case 'g':
		return -(long)list_length(ui) - 1;
	case TERMINAL_END:
	case 'G':
		return list_length(ui) + 1;
	}
	return 0;
}

/* Typing the filter: it works letter by letter. */
static int filter_key(struct ports_ui *ui, int key)
{
	size_t length = strlen(ui->filter);

	if (key == TERMINAL_ENTER || key == TERMINAL_ESCAPE)
		ui->typing = false;
	if (key == TERMINAL_ESCAPE)
		ui->filter[0] = '\0';
	else if (key == TERMINAL_BACKSPACE && length)
		ui->filter[length - 1] = '\0';
	else if (key < 0x7f && isprint(key) && length + 1 < sizeof(ui->filter))
		memcpy(ui->filter + length, (char[]){ key, '\0' }, 2);
	return choose_visible(ui);
}

/* Keys that mean something where rows are shown. */
static int rows_key(struct ports_ui *ui, int key)
{
	if (key >= '1' && key < '1' + PORTS_BY_COUNT)
		return regroup(ui, key - '1');
	switch (key) {
	case 'b':
		return regroup(ui, ui->model->by + 1);
	case 'B':
		return regroup(ui, (int)ui->model->by - 1);
	case '/':
		ui->typing = true;
		return 0;
	case TERMINAL_ENTER:
	case TERMINAL_RIGHT:
		return drill_down(ui);
	}
	return 0;
}

int ports_ui_key(struct ports_ui *ui, int key)
{
	long step;

	if (key == TERMINAL_RESIZED)
		return 0;
	if (ui->typing)
		return filter_key(ui, key);
	step = movement_of(ui, key);
	if (step) {
		move_selection(ui, step);
		return 0;
	}
	switch (key) {
	case 'q':
	case 'Q':
		ui->quit = ui->mode == PORTS_ROWS;
		return ui->quit ? 0 : back(ui);
	case TERMINAL_ESCAPE:
	case TERMINAL_LEFT:
	case TERMINAL_BACKSPACE:
		return back(ui);
	case 'p':
	case ' ':
		ui->paused = !ui->paused;
		return 0;
	case 'h':
	case '?':
	case TERMINAL_HELP:
		ui->mode = ui->mode == PORTS_HELP ? PORTS_ROWS : PORTS_HELP;
		ui->selected = ui->first = 0;
		return choose_visible(ui);
	}
	return ui->mode == PORTS_ROWS ? rows_key(ui, key) : 0;
}
