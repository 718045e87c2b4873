// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the keys of the interactive `top` do. */
#include "show/top/ui.h"

#include <stdio.h>
#include <string.h>

static struct top_ui *of(const struct panel *panel)
{
	return (struct top_ui *)panel;
}

static const struct ranking_row *row_at(const struct panel *panel, size_t row)
{
	return &of(panel)->model->ranking.rows[row];
}

static size_t row_count(const struct panel *panel)
{
	return of(panel)->model->ranking.count;
}

static bool row_passes(const struct panel *panel, size_t row, const char *filter)
{
	return !ranking_row_is_quiet(row_at(panel, row)) && strcasestr(row_at(panel, row)->group->label, filter);
}

static const char *empty(const struct panel *panel)
{
	(void)panel;
	return "No TIME_WAIT and no CLOSE_WAIT yet.";
}

static void follow(struct panel *panel, size_t row)
{
	of(panel)->selected_name = row_at(panel, row)->group->name;
}

static bool is_followed(const struct panel *panel, size_t row)
{
	const struct group_name *name = &row_at(panel, row)->group->name;

	return !memcmp(name, &of(panel)->selected_name, sizeof(*name));
}

static bool open_row(struct panel *panel, size_t row)
{
	struct top_ui *ui = of(panel);

	snprintf(ui->drilled_label, sizeof(ui->drilled_label), "%s", row_at(panel, row)->group->label);
	return true;
}

static int collect(struct panel *panel)
{
	struct top_ui *ui = of(panel);
	int err = top_sockets_collect(&ui->sockets, ui->model->books, ui->model->by, &ui->selected_name);

	panel->n_details = ui->sockets.count;
	return err;
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
	panel_select_first(&ui->panel);
	ui->panel.stale = true;
	return 0;
}

static int resort(struct top_ui *ui)
{
	top_model_resort(ui->model);
	return panel_choose(&ui->panel);
}

/* Not everything that is measured is a sort key. */
static int next_sort(struct top_ui *ui, int step)
{
	do {
		ui->model->sort = (ui->model->sort + SORT_KEYS + step) % SORT_KEYS;
	} while (!sort_key_name(ui->model->sort));
	return resort(ui);
}

static int key(struct panel *panel, int key)
{
	struct top_ui *ui = of(panel);
	const struct model *books = ui->model->books;

	if (panel->mode != PANEL_LIST)
		return 0;
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
	}
	return 0;
}

static const struct panel_kind kind = {
	.help = top_ui_help,
	.keys = {
		[PANEL_LIST] = "h help  Enter sockets  s sort  r reverse  b group  / filter  p pause  q quit",
		[PANEL_DETAILS] = "Esc back  p pause  h help",
	},
	.draw_top = top_ui_draw_top,
	.row_count = row_count,
	.row_passes = row_passes,
	.draw_head = top_ui_draw_head,
	.draw_row = top_ui_draw_row,
	.empty = empty,
	.follow = follow,
	.is_followed = is_followed,
	.open = open_row,
	.collect = collect,
	.draw_details_top = top_ui_draw_sockets_top,
	.draw_detail = top_ui_draw_socket,
	.key = key,
};

void top_ui_init(struct top_ui *ui, struct top_model *model, size_t max_rows)
{
	memset(ui, 0, sizeof(*ui));
	panel_init(&ui->panel, &kind, max_rows);
	ui->model = model;
}

void top_ui_release(struct top_ui *ui)
{
	panel_release(&ui->panel);
	top_sockets_release(&ui->sockets);
}
