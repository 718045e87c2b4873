// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the keys of the interactive `top` do. */
#include "show/top/remotes.h"
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

static int choose(struct panel *panel)
{
	struct top_ui *ui = of(panel);

	return top_match_make(&ui->match, ui->model->books, ui->model->by, panel->places[PANEL_LIST].filter, ui->model->time_ns);
}

/* In its name, in what it runs, in the addresses and the port at the other end. */
static bool has_text(const struct panel *panel, const struct ranking_row *row, const char *filter)
{
	const struct top_model *model = of(panel)->model;
	char text[TOP_REMOTE_TEXT];
	const char *cmdline;

	if (strcasestr(row->group->label, filter))
		return true;
	top_remote_cell(text, sizeof(text), model->books, row);
	if (strcasestr(text, filter))
		return true;
	top_end_text(text, &row->survey->busiest.endpoint, row->survey->busiest.side);
	if (row->survey->sockets && strcasestr(text, filter))
		return true;
	cmdline = top_model_cmdline(model, row);
	return cmdline && strcasestr(cmdline, filter);
}

static bool row_passes(const struct panel *panel, size_t row, const char *filter)
{
	const struct ranking_row *it = row_at(panel, row);

	return top_row_is_shown(of(panel)->model, it) &&
	       (!filter[0] || top_match_has(&of(panel)->match, of(panel)->model->books, it) || has_text(panel, it, filter));
}

static const char *empty(const struct panel *panel)
{
	(void)panel;
	return "No TCP sockets yet.";
}

static void follow(struct panel *panel, size_t row)
{
	of(panel)->selected_name = row_at(panel, row)->group->name;
}

static bool is_same(const struct group_name *a, const struct group_name *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* An address and the row that has it among others follow each other. */
static bool is_followed(const struct panel *panel, size_t row)
{
	const struct group_name *name = &row_at(panel, row)->group->name, *selected = &of(panel)->selected_name;
	struct group_name network;

	return is_same(name, selected) || (ranking_network_of(&network, name) && is_same(&network, selected)) ||
	       (ranking_network_of(&network, selected) && is_same(&network, name));
}

/* Where there are too many, the first that was opened is folded again. */
static void open_network(struct top_ui *ui, const struct group_name *name)
{
	struct ranking_open *open = &ui->model->open;

	if (open->count == RANKING_KEPT_OPEN)
		memmove(&open->names[0], &open->names[1], --open->count * sizeof(open->names[0]));
	open->names[open->count++] = *name;
	ui->selected_name = *name;
	ui->panel.follows = true;
	ui->panel.stale = true;
}

/* All networks are one row each again; or none is. */
static int fold_all(struct top_ui *ui)
{
	ui->model->folds = ui->model->open.count || !ui->model->folds;
	ui->model->open.count = 0;
	ui->panel.stale = true;
	return 0;
}

static bool open_row(struct panel *panel, size_t row)
{
	struct top_ui *ui = of(panel);

	if (row_at(panel, row)->folded) {
		open_network(ui, &row_at(panel, row)->group->name);
		return false;
	}
	snprintf(ui->drilled_label, sizeof(ui->drilled_label), "%s", row_at(panel, row)->group->label);
	return true;
}

static int collect(struct panel *panel)
{
	struct top_ui *ui = of(panel);
	int err;

	ui->sockets.programs = ui->model->programs;
	err = top_sockets_collect(&ui->sockets, ui->model->books, ui->model->by, &ui->selected_name,
				  panel->places[PANEL_DETAILS].filter, ui->model->states, ui->model->time_ns);

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

/* A second time: the other way round. */
static int sort_by(struct top_ui *ui, unsigned int measure)
{
	ui->model->reverse = ui->model->sort == measure && !ui->model->reverse;
	ui->model->sort = measure;
	panel_select_first(&ui->panel);
	return resort(ui);
}

static int next_sort(struct top_ui *ui, int step)
{
	ui->model->sort = top_sort_beside(&ui->layout, ui->model->sort, step);
	return resort(ui);
}

static const struct sort_letter {
	char key;
	unsigned int measure;
} sort_letters[] = {
	{ 'd', MEASURE_TROUBLE },      { 't', MEASURE_TIME_WAIT_NOW },	   { 'T', MEASURE_TIME_WAIT_RATE },
	{ 'c', MEASURE_CLOSE_WAIT_NOW }, { 'C', MEASURE_CLOSE_WAIT_RATE }, { 'o', MEASURE_CLOSE_WAIT_OLDEST },
	{ 'y', MEASURE_SYN_SENT_NOW }, { 'e', MEASURE_ESTABLISHED_NOW },   { 'f', MEASURE_FIN_WAIT2_NOW },
	{ 'l', MEASURE_CLOSING_NOW },  { 'a', MEASURE_ACCEPT_QUEUE_NOW },  { 'i', MEASURE_LISTEN_NOW },
	{ 'F', MEASURE_FAILURES },     { 'm', MEASURE_REMOTES },	   { 'u', MEASURE_SOCKETS },
	{ 'n', SORT_BY_LABEL },
};

/* -1: it is none of these. */
static int sort_of(int key)
{
	size_t i;

	for (i = 0; i < sizeof(sort_letters) / sizeof(sort_letters[0]); i++)
		if (sort_letters[i].key == key)
			return sort_letters[i].measure;
	return -1;
}

static int sort_sockets(struct top_ui *ui, enum top_socket_sort sort)
{
	ui->sockets.reverse = ui->sockets.sort == sort && !ui->sockets.reverse;
	ui->sockets.sort = sort;
	return panel_refresh(&ui->panel);
}

/* The letters of the list, as far as they mean something here. */
static int sockets_key(struct top_ui *ui, int key)
{
	static const char letters[SOCKETS_SORTS] = {
		[SOCKETS_BY_AGE] = 'o',	   [SOCKETS_BY_STATE] = 'c',  [SOCKETS_BY_REMOTE] = 'n',
		[SOCKETS_BY_LOCAL] = 'l',  [SOCKETS_BY_RECEIVED] = 'a', [SOCKETS_BY_SENT] = 'e',
		[SOCKETS_BY_UNSENT] = 'u', [SOCKETS_BY_TIMER] = 't',  [SOCKETS_BY_FD] = 'f',
	};
	const char *found = key > 0 && key < 0x7f ? memchr(letters, key, sizeof(letters)) : NULL;

	if (found)
		return sort_sockets(ui, found - letters);
	if (key == 's' || key == 'S' || key == '<' || key == '>')
		return sort_sockets(ui, (ui->sockets.sort + (key == 's' || key == '>' ? 1 : SOCKETS_SORTS - 1)) % SOCKETS_SORTS);
	return key == 'r' ? sort_sockets(ui, ui->sockets.sort) : 0;
}

static int key(struct panel *panel, int key)
{
	struct top_ui *ui = of(panel);
	const struct model *books = ui->model->books;

	if (panel->mode != PANEL_LIST)
		return sockets_key(ui, key);
	if (key >= '1' && key < '1' + (int)books->n_groupings)
		return regroup(ui, key - '1');
	if (sort_of(key) >= 0)
		return sort_by(ui, sort_of(key));
	switch (key) {
	case 'D':
		top_findings_open_next(ui);
		return 0;
	case 'x':
		return fold_all(ui);
	case 'w':
		ui->model->wide = !ui->model->wide;
		return 0;
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

#define KIND \
	.draw_top = top_ui_draw_top, \
	.choose = choose, \
	.row_count = row_count, \
	.row_passes = row_passes, \
	.draw_head = top_ui_draw_head, \
	.draw_row = top_ui_draw_row, \
	.empty = empty, \
	.follow = follow, \
	.is_followed = is_followed, \
	.open = open_row, \
	.collect = collect, \
	.draw_details_top = top_ui_draw_sockets_top, \
	.draw_detail = top_ui_draw_socket, \
	.foot_lines = TOP_SOCKET_DETAILS, \
	.draw_foot = top_ui_draw_socket_foot, \
	.key = key

static const struct panel_kind kind = {
	.help = top_ui_help,
	.keys = {
		[PANEL_LIST] = "h help  q quit  Enter sockets  b group  s sort  r reverse  / filter  w wide  p pause",
		[PANEL_DETAILS] = "Esc back  h help  s sort  r reverse  / filter  o age  c state  n remote  a recv-q",
	},
	KIND,
};

/* Of a recording. */
static const struct panel_kind kind_in_time = {
	.help = top_ui_time_help,
	.keys = {
		[PANEL_LIST] = "h help  q quit  [ ] { } ( ) time  N P finding  J go to  ^ $ begin, end  Enter sockets  b group  s sort",
		[PANEL_DETAILS] = "Esc back  h help  [ ] { } ( ) time  N P finding  J go to  s sort  r reverse  / filter",
	},
	KIND,
};

void top_ui_init(struct top_ui *ui, struct top_model *model, size_t max_rows)
{
	memset(ui, 0, sizeof(*ui));
	panel_init(&ui->panel, &kind, max_rows);
	ui->model = model;
}

void top_ui_set_timeline(struct top_ui *ui, const struct timeline *timeline)
{
	ui->timeline = timeline;
	ui->panel.kind = &kind_in_time;
}

void top_ui_release(struct top_ui *ui)
{
	panel_release(&ui->panel);
	top_sockets_release(&ui->sockets);
	top_match_release(&ui->match);
}
