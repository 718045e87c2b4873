// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the keys of the interactive `top` do. */
#include "show/top/ui.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "show/terminal.h"

void top_ui_init(struct top_ui *ui, struct top_model *model, size_t max_rows)
{
	memset(ui, 0, sizeof(*ui));
	ui->model = model;
	ui->max_rows = max_rows ?: SIZE_MAX;
	ui->page = 1;
}

void top_ui_release(struct top_ui *ui)
{
	free(ui->visible);
	top_sockets_release(&ui->sockets);
	memset(ui, 0, sizeof(*ui));
}

static size_t list_length(const struct top_ui *ui)
{
	return ui->mode == TOP_SOCKETS ? ui->sockets.count : ui->n_visible;
}

static const struct ranking_row *visible_row(const struct top_ui *ui, size_t i)
{
	return &ui->model->ranking.rows[ui->visible[i]];
}

static bool passes_filter(const struct top_ui *ui, const struct ranking_row *row)
{
	return !ranking_row_is_quiet(row) && strcasestr(row->group->label, ui->filter);
}

static void clamp_selection(struct top_ui *ui)
{
	size_t length = list_length(ui);

	if (ui->selected >= length)
		ui->selected = length ? length - 1 : 0;
}

static void find_followed(struct top_ui *ui)
{
	size_t i;

	for (i = 0; ui->follows && i < ui->n_visible; i++)
		if (!memcmp(&visible_row(ui, i)->group->name, &ui->selected_name, sizeof(ui->selected_name)))
			ui->selected = i;
}

static int choose_visible(struct top_ui *ui)
{
	size_t i, count = ui->model->ranking.count;
	size_t *grown;

	if (count > ui->visible_capacity) {
		grown = realloc(ui->visible, count * 2 * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		ui->visible = grown;
		ui->visible_capacity = count * 2;
	}
	ui->n_visible = 0;
	for (i = 0; i < count && ui->n_visible < ui->max_rows; i++)
		if (passes_filter(ui, &ui->model->ranking.rows[i]))
			ui->visible[ui->n_visible++] = i;
	if (ui->mode == TOP_ROWS) {
		find_followed(ui);
		clamp_selection(ui);
	}
	return 0;
}

int top_ui_refresh(struct top_ui *ui)
{
	int err = choose_visible(ui);

	ui->stale = false;
	if (!err && ui->mode == TOP_SOCKETS)
		err = top_sockets_collect(&ui->sockets, ui->model->books, ui->model->by, &ui->drilled);
	clamp_selection(ui);
	return err;
}

static void select_first(struct top_ui *ui)
{
	ui->selected = ui->first = 0;
	ui->follows = false;
}

/* Its number among those of the model. */
static unsigned int grouping_now(const struct top_ui *ui)
{
	const struct model *books = ui->model->books;
	unsigned int i = 0;

	while (i + 1 < books->n_groupings && books->groupings[i].groups.by != ui->model->by)
		i++;
	return i;
}

static int regroup(struct top_ui *ui, unsigned int grouping)
{
	ui->model->by = ui->model->books->groupings[grouping].groups.by;
	select_first(ui);
	ui->stale = true;
	return 0;
}

static int resort(struct top_ui *ui)
{
	top_model_resort(ui->model);
	return choose_visible(ui);
}

/* Not everything that is measured is a sort key. */
static int next_sort(struct top_ui *ui, int step)
{
	do {
		ui->model->sort = (ui->model->sort + SORT_KEYS + step) % SORT_KEYS;
	} while (!sort_key_name(ui->model->sort));
	return resort(ui);
}

static int drill_down(struct top_ui *ui)
{
	const struct group *group;

	if (ui->mode != TOP_ROWS || !ui->n_visible)
		return 0;
	group = visible_row(ui, ui->selected)->group;
	ui->drilled = ui->selected_name = group->name;
	ui->follows = true;
	snprintf(ui->drilled_label, sizeof(ui->drilled_label), "%s", group->label);
	ui->mode = TOP_SOCKETS;
	ui->selected = ui->first = 0;
	return top_ui_refresh(ui);
}

static int back(struct top_ui *ui)
{
	if (ui->mode == TOP_ROWS) {
		ui->filter[0] = '\0';
		return choose_visible(ui);
	}
	ui->mode = TOP_ROWS;
	ui->selected = ui->first = 0;
	return choose_visible(ui);
}

static void move_selection(struct top_ui *ui, long step)
{
	long length = list_length(ui), to = (long)ui->selected + step;

	if (!length || ui->mode == TOP_HELP)
		return;
	ui->selected = to < 0 ? 0 : to >= length ? length - 1 : to;
	if (ui->mode == TOP_ROWS) {
		ui->follows = true;
		ui->selected_name = visible_row(ui, ui->selected)->group->name;
	}
}

/* 1 when it was a key that moves. */
static int movement_key(struct top_ui *ui, int key)
{
	switch (key) {
	case TERMINAL_UP:
	case 'k':
		move_selection(ui, -1);
		return 1;
	case TERMINAL_DOWN:
	case 'j':
		move_selection(ui, 1);
		return 1;
	case TERMINAL_PAGE_UP:
		move_selection(ui, -(long)ui->page);
		return 1;
	case TERMINAL_PAGE_DOWN:
		move_selection(ui, ui->page);
		return 1;
	case TERMINAL_HOME:
	case 'g':
		move_selection(ui, -(long)list_length(ui));
		return 1;
	case TERMINAL_END:
	case 'G':
		move_selection(ui, list_length(ui));
		return 1;
	}
	return 0;
}

/* Typing the filter: it works letter by letter. */
static int filter_key(struct top_ui *ui, int key)
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
static int rows_key(struct top_ui *ui, int key)
{
	const struct model *books = ui->model->books;

	if (key >= '1' && key < '1' + (int)books->n_groupings)
		return regroup(ui, key - '1');
	switch (key) {
	case 'b':
		return regroup(ui, (grouping_now(ui) + 1) % books->n_groupings);
	case 'B':
		return regroup(ui, (grouping_now(ui) + books->n_groupings - 1) % books->n_groupings);
	case 's':
	case '>':
		return next_sort(ui, 1);
	case 'S':
	case '<':
		return next_sort(ui, -1);
	case 'r':
		ui->model->reverse = !ui->model->reverse;
		return resort(ui);
	case '/':
		ui->typing = true;
		return 0;
	case TERMINAL_ENTER:
	case TERMINAL_RIGHT:
		return drill_down(ui);
	}
	return 0;
}

int top_ui_key(struct top_ui *ui, int key)
{
	if (key == TERMINAL_RESIZED)
		return 0;
	if (ui->typing)
		return filter_key(ui, key);
	if (movement_key(ui, key))
		return 0;
	switch (key) {
	case 'q':
	case 'Q':
		ui->quit = ui->mode == TOP_ROWS;
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
		ui->mode = ui->mode == TOP_HELP ? TOP_ROWS : TOP_HELP;
		ui->selected = ui->first = 0;
		return choose_visible(ui);
	}
	return ui->mode == TOP_ROWS ? rows_key(ui, key) : 0;
}
