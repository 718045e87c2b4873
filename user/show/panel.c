// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the keys of interactive views have in common. */
#include "show/panel.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "show/terminal.h"

void panel_init(struct panel *panel, const struct panel_kind *kind, size_t max_rows)
{
	memset(panel, 0, sizeof(*panel));
	panel->kind = kind;
	panel->max_rows = max_rows ?: SIZE_MAX;
	panel->page = 1;
}

void panel_release(struct panel *panel)
{
	free(panel->visible);
	panel->visible = NULL;
	panel->n_visible = panel->visible_capacity = 0;
}

bool panel_selected_row(const struct panel *panel, size_t *row)
{
	if (!panel->n_visible)
		return false;
	*row = panel->visible[panel->places[PANEL_LIST].selected];
	return true;
}

static size_t list_length(const struct panel *panel)
{
	return panel->mode == PANEL_DETAILS ? panel->n_details : panel->n_visible;
}

static void clamp(struct panel_place *place, size_t length)
{
	if (place->selected >= length)
		place->selected = length ? length - 1 : 0;
}

static void find_followed(struct panel *panel)
{
	size_t i;

	for (i = 0; panel->follows && i < panel->n_visible; i++) {
		if (!panel->kind->is_followed(panel, panel->visible[i]))
			continue;
		panel->places[PANEL_LIST].selected = i;
		return;
	}
}

static int reserve(struct panel *panel, size_t count)
{
	size_t *grown;

	if (count <= panel->visible_capacity)
		return 0;
	grown = realloc(panel->visible, count * 2 * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	panel->visible = grown;
	panel->visible_capacity = count * 2;
	return 0;
}

int panel_choose(struct panel *panel)
{
	const char *filter = panel->places[PANEL_LIST].filter;
	size_t i, count = panel->kind->row_count(panel);
	int err = panel->kind->choose ? panel->kind->choose(panel) : 0;

	err = err ?: reserve(panel, count);
	if (err)
		return err;
	panel->n_visible = 0;
	for (i = 0; i < count && panel->n_visible < panel->max_rows; i++)
		if (panel->kind->row_passes(panel, i, filter))
			panel->visible[panel->n_visible++] = i;
	find_followed(panel);
	clamp(&panel->places[PANEL_LIST], panel->n_visible);
	return 0;
}

int panel_refresh(struct panel *panel)
{
	int err = panel_choose(panel);

	panel->stale = false;
	if (!err && panel->mode == PANEL_DETAILS)
		err = panel->kind->collect(panel);
	clamp(&panel->places[PANEL_DETAILS], panel->n_details);
	return err;
}

void panel_select_first(struct panel *panel)
{
	panel->places[PANEL_LIST].selected = panel->places[PANEL_LIST].first = 0;
	panel->follows = false;
}

/* What is shown is chosen anew. */
static int choose_shown(struct panel *panel)
{
	return panel->mode == PANEL_DETAILS ? panel_refresh(panel) : panel_choose(panel);
}

static int open_details(struct panel *panel)
{
	size_t row;

	if (panel->mode != PANEL_LIST || !panel_selected_row(panel, &row) || !panel->kind->open(panel, row))
		return 0;
	panel->kind->follow(panel, row);
	panel->follows = true;
	panel->mode = PANEL_DETAILS;
	memset(&panel->places[PANEL_DETAILS], 0, sizeof(panel->places[PANEL_DETAILS]));
	return panel_refresh(panel);
}

/* One step: out of help, then without filter, then out of the details. */
static int back(struct panel *panel)
{
	if (panel->help)
		panel->help = false;
	else if (panel_place(panel)->filter[0])
		panel_place(panel)->filter[0] = '\0';
	else
		panel->mode = PANEL_LIST;
	return choose_shown(panel);
}

static void move_help(struct panel *panel, long step)
{
	long to = (long)panel->help_first + step, last = panel->help_last;

	panel->help_first = to < 0 ? 0 : to > last ? last : to;
}

static void move_selection(struct panel *panel, long step)
{
	struct panel_place *place = panel_place(panel);
	long length = list_length(panel), to = (long)place->selected + step;
	size_t row;

	if (panel->help) {
		move_help(panel, step);
		return;
	}
	if (!length)
		return;
	place->selected = to < 0 ? 0 : to >= length ? length - 1 : to;
	if (panel->mode != PANEL_LIST || !panel_selected_row(panel, &row))
		return;
	panel->kind->follow(panel, row);
	panel->follows = true;
}

/* How far a key moves; 0: it does not. */
static long movement_of(const struct panel *panel, int key)
{
	long far = list_length(panel) + 1000;

	switch (key) {
	case TERMINAL_UP:
	case 'k':
		return -1;
	case TERMINAL_DOWN:
	case 'j':
		return 1;
	case TERMINAL_PAGE_UP:
		return -(long)panel->page;
	case TERMINAL_PAGE_DOWN:
		return panel->page;
	case TERMINAL_HOME:
	case 'g':
		return -far;
	case TERMINAL_END:
	case 'G':
		return far;
	}
	return 0;
}

static void edit(char *text, size_t size, int key)
{
	size_t length = strlen(text);

	if (key == TERMINAL_ESCAPE)
		text[0] = '\0';
	else if (key == TERMINAL_BACKSPACE && length)
		text[length - 1] = '\0';
	else if (key < 0x7f && isprint(key) && length + 1 < size)
		memcpy(text + length, (char[]){ key, '\0' }, 2);
}

/* Typing the filter: it works letter by letter. */
static int filter_key(struct panel *panel, int key)
{
	if (key == TERMINAL_ENTER || key == TERMINAL_ESCAPE)
		panel->typing = false;
	edit(panel_place(panel)->filter, PANEL_FILTER_BYTES, key);
	return choose_shown(panel);
}

void panel_ask(struct panel *panel, const char *question)
{
	panel->question = question;
	panel->answer[0] = '\0';
	panel->answered = false;
}

static int answer_key(struct panel *panel, int key)
{
	panel->answered = key == TERMINAL_ENTER;
	if (key == TERMINAL_ESCAPE)
		panel->question = NULL;
	edit(panel->answer, PANEL_ANSWER_BYTES, key);
	return 0;
}

/* Where it leads back from, q does that: only in the list it ends the program. */
static int leave(struct panel *panel)
{
	if (panel->mode == PANEL_LIST && !panel->help) {
		panel->quit = true;
		return 0;
	}
	if (panel->help)
		panel->help = false;
	else
		panel->mode = PANEL_LIST;
	return choose_shown(panel);
}

int panel_key(struct panel *panel, int key)
{
	long step;

	if (key == TERMINAL_RESIZED)
		return 0;
	if (panel->question)
		return answer_key(panel, key);
	if (panel->typing)
		return filter_key(panel, key);
	step = movement_of(panel, key);
	if (step) {
		move_selection(panel, step);
		return 0;
	}
	switch (key) {
	case 'q':
	case 'Q':
		return leave(panel);
	case TERMINAL_ESCAPE:
	case TERMINAL_LEFT:
	case TERMINAL_BACKSPACE:
		return back(panel);
	case 'p':
	case ' ':
		panel->paused = !panel->paused;
		return 0;
	case 'h':
	case '?':
	case TERMINAL_HELP:
		panel->help = !panel->help;
		panel->help_first = 0;
		return 0;
	}
	if (panel->help)
		return 0;
	switch (key) {
	case '/':
		panel->typing = true;
		return 0;
	case TERMINAL_ENTER:
	case TERMINAL_RIGHT:
		return open_details(panel);
	}
	return panel->kind->key(panel, key);
}
