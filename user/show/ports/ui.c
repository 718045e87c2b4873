// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the keys of the interactive `ports` do. */
#include "show/ports/ui.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "show/ports/sockets.h"
#include "show/ports/table.h"

static struct ports_ui *of(const struct panel *panel)
{
	return (struct ports_ui *)panel;
}

static size_t row_count(const struct panel *panel)
{
	return ports_row_count(of(panel)->model);
}

static bool row_passes(const struct panel *panel, size_t row, const char *filter)
{
	const struct ports_model *model = of(panel)->model;
	struct buffer text;
	bool passes;

	if (!ports_row_is_shown(model, row))
		return false;
	if (!filter[0])
		return true;
	buffer_init(&text);
	ports_row_text(&text, model, row);
	buffer_append_char(&text, '\0');
	passes = text.error || strcasestr(text.data, filter);
	buffer_release(&text);
	return passes;
}

static const char *empty(const struct panel *panel)
{
	(void)panel;
	return "No connections yet.";
}

static const struct destination_key *key_of(const struct panel *panel, size_t row)
{
	const struct ports_model *model = of(panel)->model;

	return model->by == PORTS_BY_DESTINATION ? &model->destinations.sorted[row]->key : NULL;
}

static void follow(struct panel *panel, size_t row)
{
	const struct destination_key *key = key_of(panel, row);

	if (key)
		of(panel)->drilled = *key;
}

static bool is_followed(const struct panel *panel, size_t row)
{
	const struct destination_key *key = key_of(panel, row);

	return key && !memcmp(key, &of(panel)->drilled, sizeof(*key));
}

static bool open_row(struct panel *panel, size_t row)
{
	return key_of(panel, row);
}

static int add_line(struct ports_ui *ui, size_t n, size_t begin)
{
	size_t *grown;

	if (n == ui->lines_capacity) {
		ui->lines_capacity = ui->lines_capacity ? ui->lines_capacity * 2 : 64;
		grown = realloc(ui->lines, ui->lines_capacity * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		ui->lines = grown;
	}
	ui->lines[n] = begin;
	return 0;
}

/* Whole lines of `text`, as far as they contain the filter. */
static int take_lines(struct ports_ui *ui, char *text, const char *filter)
{
	struct panel *panel = &ui->panel;
	int err = add_line(ui, 0, 0);
	char *end;

	for (panel->n_details = 0; !err && (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		if (!strcasestr(text, filter))
			continue;
		buffer_append_string(&ui->details, text);
		buffer_append_char(&ui->details, '\n');
		err = add_line(ui, ++panel->n_details, ui->details.size);
	}
	return err;
}

static int collect(struct panel *panel)
{
	struct ports_ui *ui = of(panel);
	const struct destination *destination;
	struct buffer text;
	int err;

	buffer_init(&text);
	buffer_clear(&ui->details);
	HASH_FIND(hh, ui->model->destinations.by_key, &ui->drilled, sizeof(ui->drilled), destination);
	if (destination)
		ports_details_text(&text, ui->model, destination);
	else
		buffer_append_string(&text, "There are no connections to it any more.\n");
	ports_sockets_text(&text, ui->model, &ui->drilled);
	buffer_append_char(&text, '\0');
	err = text.error ?: take_lines(ui, text.data, panel->places[PANEL_DETAILS].filter);
	buffer_release(&text);
	return err ?: ui->details.error;
}

static int regroup(struct ports_ui *ui, int by)
{
	ui->model->by = (by + PORTS_BY_COUNT) % PORTS_BY_COUNT;
	panel_select_first(&ui->panel);
	return panel_choose(&ui->panel);
}

static int key(struct panel *panel, int key)
{
	struct ports_ui *ui = of(panel);

	if (panel->mode != PANEL_LIST)
		return 0;
	if (key >= '1' && key < '1' + PORTS_BY_COUNT)
		return regroup(ui, key - '1');
	if (key == 'b' || key == 'B')
		return regroup(ui, (int)ui->model->by + (key == 'b' ? 1 : -1));
	return 0;
}

static const struct panel_kind kind = {
	.help = ports_ui_help,
	.keys = {
		[PANEL_LIST] = "h help  Enter details  b table  / filter  p pause  q quit",
		[PANEL_DETAILS] = "Esc back  / filter  p pause  h help",
	},
	.draw_top = ports_ui_draw_top,
	.row_count = row_count,
	.row_passes = row_passes,
	.draw_head = ports_ui_draw_head,
	.draw_row = ports_ui_draw_row,
	.empty = empty,
	.follow = follow,
	.is_followed = is_followed,
	.open = open_row,
	.collect = collect,
	.draw_detail = ports_ui_draw_detail,
	.key = key,
};

void ports_ui_init(struct ports_ui *ui, struct ports_model *model, size_t max_rows)
{
	memset(ui, 0, sizeof(*ui));
	panel_init(&ui->panel, &kind, max_rows);
	ui->model = model;
	buffer_init(&ui->details);
}

void ports_ui_release(struct ports_ui *ui)
{
	panel_release(&ui->panel);
	buffer_release(&ui->details);
	free(ui->lines);
	ui->lines = NULL;
	ui->lines_capacity = 0;
}
