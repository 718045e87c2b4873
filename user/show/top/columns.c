// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of columns, and what is in a cell of each. */
#include "show/top/columns.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "show/top/remotes.h"
#include "util/number.h"
#include "util/tcp_state.h"
#include "util/text.h"

#define NSEC_PER_SEC 1000000000ULL
#define CELL 264 /* a command line */
#define LABEL_MIN 16 /* so much stays of it at least */
#define LABEL_MIN_REMOTE 24
#define LABEL_GOOD 32 /* so much before columns of little weight come */
#define LITTLE_WEIGHT 9
#define LABEL_MAX 48 /* wider ones are cut on a terminal, unless it is the last thing that there is */
#define HEAD_MIN 9 /* "CONTAINER" */
#define WIDE 160 /* a terminal that has room for what is beside the numbers */
#define PROGRAM_MIN 16

enum column_kind { COLUMN_COUNT, COLUMN_RATE, COLUMN_DURATION, COLUMN_OLDEST, COLUMN_WHY, COLUMN_REMOTE, COLUMN_CLOSER,
		   COLUMN_DESCRIPTORS, COLUMN_PROGRAM };

enum column_when {
	WHEN_ROOM,
	WHEN_SEEN, /* when any row has had a number there */
	WHEN_ASKED, /* percentiles: -w */
	WHEN_WIDE, /* -w, or a wide terminal */
};

struct column {
	const char *head; /* NULL: only in JSON */
	const char *field; /* in JSON; NULL: only in text */
	enum measure measure;
	enum column_kind kind;
	unsigned int width;
	enum column_when when;
	unsigned int priority; /* where there is no room for all: the lowest stay */
	uint32_t states; /* bit (1 << state): of these, where states were asked for; 0 = of all */
};

#define TW (1U << STATE_TIME_WAIT)
#define CW (1U << STATE_CLOSE_WAIT)

static const struct column columns[] = {
	{ "WHY", NULL, MEASURE_TROUBLE, COLUMN_WHY, 12, WHEN_SEEN, 1, 0 },
	{ "TW-NEW", NULL, MEASURE_TIME_WAIT_CAME, COLUMN_COUNT, 6, WHEN_ROOM, 20, TW },
	{ NULL, "time_wait_created", MEASURE_TIME_WAIT_CREATED, COLUMN_COUNT, 0, 0, 0, 0 },
	{ NULL, "time_wait_seeded", MEASURE_TIME_WAIT_SEEDED, COLUMN_COUNT, 0, 0, 0, 0 },
	{ NULL, "time_wait_left", MEASURE_TIME_WAIT_LEFT, COLUMN_COUNT, 0, 0, 0, 0 },
	{ "TW/s", "time_wait_rate", MEASURE_TIME_WAIT_RATE, COLUMN_RATE, 6, WHEN_ROOM, 5, TW },
	{ "TW-NOW", "time_wait_now", MEASURE_TIME_WAIT_NOW, COLUMN_COUNT, 6, WHEN_ROOM, 2, TW },
	{ "TW-P50", "time_wait_p50_ns", MEASURE_TIME_WAIT_P50, COLUMN_DURATION, 6, WHEN_ASKED, 28, TW },
	{ "TW-P99", "time_wait_p99_ns", MEASURE_TIME_WAIT_P99, COLUMN_DURATION, 6, WHEN_ASKED, 29, TW },
	{ "CW-NEW", NULL, MEASURE_CLOSE_WAIT_CAME, COLUMN_COUNT, 6, WHEN_ROOM, 21, CW },
	{ NULL, "close_wait_created", MEASURE_CLOSE_WAIT_CREATED, COLUMN_COUNT, 0, 0, 0, 0 },
	{ NULL, "close_wait_seeded", MEASURE_CLOSE_WAIT_SEEDED, COLUMN_COUNT, 0, 0, 0, 0 },
	{ NULL, "close_wait_left", MEASURE_CLOSE_WAIT_LEFT, COLUMN_COUNT, 0, 0, 0, 0 },
	{ NULL, "close_wait_moved_in", MEASURE_CLOSE_WAIT_MOVED_IN, COLUMN_COUNT, 0, 0, 0, 0 },
	{ NULL, "close_wait_moved_out", MEASURE_CLOSE_WAIT_MOVED_OUT, COLUMN_COUNT, 0, 0, 0, 0 },
	{ "CW/s", "close_wait_rate", MEASURE_CLOSE_WAIT_RATE, COLUMN_RATE, 6, WHEN_ROOM, 22, CW },
	{ "CW-NOW", "close_wait_now", MEASURE_CLOSE_WAIT_NOW, COLUMN_COUNT, 6, WHEN_ROOM, 3, CW },
	{ "OLDEST", "close_wait_oldest_s", MEASURE_CLOSE_WAIT_OLDEST, COLUMN_OLDEST, 7, WHEN_ROOM, 4, CW },
	{ "CW-P50", "close_wait_p50_ns", MEASURE_CLOSE_WAIT_P50, COLUMN_DURATION, 6, WHEN_ASKED, 26, CW },
	{ "CW-P99", "close_wait_p99_ns", MEASURE_CLOSE_WAIT_P99, COLUMN_DURATION, 6, WHEN_ASKED, 27, CW },
	{ "SYN", NULL, MEASURE_SYN_SENT_NOW, COLUMN_COUNT, 5, WHEN_SEEN, 6, 1U << STATE_SYN_SENT },
	{ "ESTAB", NULL, MEASURE_ESTABLISHED_NOW, COLUMN_COUNT, 5, WHEN_SEEN, 8, 1U << STATE_ESTABLISHED },
	{ "FIN2", NULL, MEASURE_FIN_WAIT2_NOW, COLUMN_COUNT, 5, WHEN_SEEN, 10, 1U << STATE_FIN_WAIT2 },
	{ "CLOSNG", NULL, MEASURE_CLOSING_NOW, COLUMN_COUNT, 6, WHEN_SEEN, 11,
	  1U << STATE_FIN_WAIT1 | 1U << STATE_LAST_ACK | 1U << STATE_CLOSING },
	{ "SYNRCV", NULL, MEASURE_SYN_RECV_NOW, COLUMN_COUNT, 6, WHEN_SEEN, 12, 1U << STATE_SYN_RECV },
	{ "QUEUE", NULL, MEASURE_ACCEPT_QUEUE_NOW, COLUMN_COUNT, 5, WHEN_SEEN, 7, 1U << STATE_ESTABLISHED | CW },
	{ "LISTEN", NULL, MEASURE_LISTEN_NOW, COLUMN_COUNT, 6, WHEN_SEEN, 13, 1U << STATE_LISTEN },
	{ "FAIL/s", NULL, MEASURE_FAILURES, COLUMN_RATE, 6, WHEN_SEEN, 9, 0 },
	{ NULL, "moved_in", MEASURE_MOVED_IN, COLUMN_COUNT, 0, 0, 0, 0 },
	{ NULL, "moved_out", MEASURE_MOVED_OUT, COLUMN_COUNT, 0, 0, 0, 0 },
	{ "ADDRS", "remote_addresses", MEASURE_REMOTES, COLUMN_COUNT, 6, WHEN_SEEN, 14, 0 },
	{ "CLOSER", NULL, MEASURE_SOCKETS, COLUMN_CLOSER, 9, WHEN_WIDE, 24, 0 },
	{ "OTHER END", NULL, MEASURE_SOCKETS, COLUMN_REMOTE, 26, WHEN_WIDE, 15, 0 },
	{ "FDS", NULL, MEASURE_SOCKETS, COLUMN_DESCRIPTORS, 12, WHEN_WIDE, 25, 0 },
	{ "RUNS", NULL, MEASURE_SOCKETS, COLUMN_PROGRAM, PROGRAM_MIN, WHEN_WIDE, 30, 0 },
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

_Static_assert(COLUMNS <= 64, "a bit each");

void top_rate_text(char *out, double rate)
{
	if (rate < 100 && rate > 0)
		snprintf(out, TEXT_NUMBER, "%.1f", rate);
	else
		text_count(out, number_u64(rate + 0.5));
}

/* A count that is negative tells of lost records; it is shown as it is. */
void top_count_text(char *out, double count)
{
	out[0] = '-';
	text_count(out + (count < 0), number_u64(fabs(count)));
}

static void number_cell(char out[CELL], const struct column *column, const struct ranking_row *row)
{
	double value = row->value[column->measure];

	if (isnan(value)) {
		strcpy(out, "-");
		return;
	}
	switch (column->kind) {
	case COLUMN_RATE:
		top_rate_text(out, value);
		break;
	case COLUMN_OLDEST:
		text_duration(out, number_u64(value));
		if (row->group->oldest_at_least)
			strcat(out, "+");
		break;
	case COLUMN_DURATION:
		text_duration(out, number_u64(value));
		break;
	default:
		top_count_text(out, value);
	}
}

/* The mark says it without colour. */
static void why_cell(char out[CELL], const struct ranking_row *row)
{
	out[0] = '\0';
	if (row->trouble.kind)
		snprintf(out, CELL, "%c %s", trouble_mark(row->trouble.level), trouble_name(row->trouble.kind));
}

/* Used, and allowed. */
static void descriptors_cell(char out[CELL], const struct top_model *model, const struct ranking_row *row)
{
	char used[TEXT_NUMBER], allowed[TEXT_NUMBER] = "any";
	uint64_t open, limit;

	strcpy(out, "-");
	if (!top_model_descriptors(model, row, &open, &limit))
		return;
	text_count(used, open);
	if (limit != UINT64_MAX)
		text_count(allowed, limit);
	snprintf(out, CELL, "%s/%s%s", used, allowed, top_descriptors_run_out(open, limit) ? "!" : "");
}

/* A command line is wanted for its arguments: where its program lies is in the details. */
static const char *without_folder(const char *cmdline)
{
	const char *at, *name = cmdline;

	for (at = cmdline; *at && *at != ' '; at++)
		if (*at == '/' && at[1] && at[1] != ' ')
			name = at + 1;
	return name;
}

static bool is_left(const struct column *column)
{
	return column->kind >= COLUMN_WHY;
}

static void put_cell(char out[CELL], const struct column *column, const struct top_model *model,
		     const struct ranking_row *row)
{
	switch (column->kind) {
	case COLUMN_WHY:
		why_cell(out, row);
		break;
	case COLUMN_REMOTE:
		top_remote_cell(out, CELL, model->books, row);
		break;
	case COLUMN_CLOSER:
		top_closer_cell(out, CELL, row);
		break;
	case COLUMN_DESCRIPTORS:
		descriptors_cell(out, model, row);
		break;
	case COLUMN_PROGRAM:
		snprintf(out, CELL, "%s", without_folder(top_model_cmdline(model, row) ?: "-"));
		break;
	default:
		number_cell(out, column, row);
	}
}

bool top_row_is_shown(const struct top_model *model, const struct ranking_row *row)
{
	size_t i;

	if (ranking_row_is_quiet(row))
		return false;
	if (!model->states)
		return true;
	for (i = 0; i < COLUMNS; i++)
		if (columns[i].states & model->states && row->value[columns[i].measure] > 0)
			return true;
	return false;
}

uint64_t top_columns_seen(const struct top_model *model)
{
	uint64_t seen = 0;
	size_t i, row;

	for (i = 0; i < COLUMNS; i++)
		for (row = 0; columns[i].when == WHEN_SEEN && row < model->ranking.count && !(seen & 1ULL << i); row++)
			if (model->ranking.rows[row].value[columns[i].measure] > 0)
				seen |= 1ULL << i;
	return seen;
}

static bool of_ports(const struct top_model *model)
{
	return group_by_key(model->by, 0) == GROUP_PORT;
}

static bool has_processes(const struct top_model *model)
{
	return group_by_key(model->by, 0) == GROUP_PROCESS || group_by_key(model->by, 1) == GROUP_PROCESS;
}

static bool is_wanted(const struct column *column, size_t i, const struct top_model *model, unsigned int width)
{
	if (!column->head || (model->states && column->states && !(column->states & model->states)))
		return false;
	switch (column->when) {
	case WHEN_SEEN:
		return model->seen & 1ULL << i;
	case WHEN_ASKED:
		return model->wide;
	case WHEN_WIDE:
		if (column->kind >= COLUMN_DESCRIPTORS && !(model->programs && has_processes(model)))
			return false;
		if (column->kind == COLUMN_DESCRIPTORS && programs_are_told(model->programs))
			return false;
		return model->wide || width >= WIDE || (column->kind == COLUMN_CLOSER && of_ports(model));
	default:
		return true;
	}
}

static unsigned int priority_of(const struct column *column, const struct top_model *model)
{
	if (model->ranking.n_folds && column->measure == MEASURE_REMOTES)
		return 5;
	if (of_ports(model) && (column->measure == MEASURE_REMOTES || column->kind == COLUMN_CLOSER))
		return 5;
	return column->measure == model->sort && column->kind < COLUMN_WHY ? 0 : column->priority;
}

/* The longest label, in bytes: never less than its columns. */
static unsigned int longest_label(const struct top_model *model, unsigned int width, size_t rows)
{
	size_t i, shown = 0, longest = 0, length;

	for (i = 0; i < model->ranking.count && shown < rows; i++) {
		if (!top_row_is_shown(model, &model->ranking.rows[i]))
			continue;
		length = strlen(model->ranking.rows[i].group->label);
		longest = length > longest ? length : longest;
		shown++;
	}
	return width && longest > LABEL_MAX ? LABEL_MAX : longest;
}

/* The wanted column with the lowest priority of those that are not taken yet; -1: none. */
static int next_column(const struct top_model *model, unsigned int width, uint64_t done)
{
	int best = -1;
	size_t i;

	for (i = 0; i < COLUMNS; i++)
		if (!(done & 1ULL << i) && is_wanted(&columns[i], i, model, width) &&
		    (best < 0 || priority_of(&columns[i], model) < priority_of(&columns[best], model)))
			best = i;
	return best;
}

static unsigned int at_most(unsigned int value, unsigned int limit)
{
	return value < limit ? value : limit;
}

void top_layout_choose(struct top_layout *layout, const struct top_model *model, unsigned int width, size_t rows)
{
	bool remote = group_by_key(model->by, 0) == GROUP_REMOTE;
	unsigned int longest = longest_label(model, width, rows), label, good, used;
	uint64_t done = 0, taken = 0;
	int column;
	size_t i;

	longest = longest < HEAD_MIN ? HEAD_MIN : longest;
	used = label = at_most(longest, remote ? LABEL_MIN_REMOTE : LABEL_MIN);
	good = at_most(longest, LABEL_GOOD) - label;
	while ((column = next_column(model, width, done)) >= 0) {
		unsigned int kept = priority_of(&columns[column], model) >= LITTLE_WEIGHT ? good : 0;

		done |= 1ULL << column;
		if (width && used + kept + 1 + columns[column].width > width)
			continue;
		used += 1 + columns[column].width;
		taken |= 1ULL << column;
	}
	layout->width = width;
	layout->label = !width ? longest : at_most(longest, label + (width > used ? width - used : 0));
	for (i = layout->n_columns = 0; i < COLUMNS; i++)
		if (taken & 1ULL << i)
			layout->columns[layout->n_columns++] = i;
}

unsigned int top_sort_beside(const struct top_layout *layout, unsigned int sort, int step)
{
	unsigned int keys[TOP_COLUMNS + 2], count = 0, i, at = 0;

	keys[count++] = SORT_BY_LABEL;
	for (i = 0; i < layout->n_columns; i++)
		if (sort_key_name(columns[layout->columns[i]].measure) && columns[layout->columns[i]].kind <= COLUMN_WHY)
			keys[count++] = columns[layout->columns[i]].measure;
	for (i = 0; i < count; i++)
		if (keys[i] == sort)
			at = i;
	return keys[(at + count + step) % count];
}

static void put_label_head(char *out, size_t size, unsigned int by)
{
	char text[GROUP_BY_TEXT], *name;

	group_by_name(text, by);
	for (name = text; *name; name++)
		*name = toupper((unsigned char)*name);
	snprintf(out, size, "%s", text);
}

/* Padded to the width of a column; the last one that is left aligned is not. */
static void append_cell(struct buffer *out, const struct column *column, const char *text, bool last)
{
	buffer_append_char(out, ' ');
	if (is_left(column))
		buffer_printf(out, "%-*s", last ? 0 : column->width, text);
	else
		buffer_printf(out, "%*s", column->width, text);
}

/* The pid at the end of "name[pid]", which tells apart what the name does not; NULL: it does not end so. */
static const char *pid_of_label(const char *text)
{
	const char *pid = strrchr(text, '[');
	size_t digits = pid ? strspn(pid + 1, "0123456789") : 0;

	return digits && !strcmp(pid + 1 + digits, "]") ? pid : NULL;
}

/* A text in so many columns: padded, and cut where there is no room for more: the name, not the pid behind it. */
static void append_label(struct buffer *out, const char *text, unsigned int width, bool cuts)
{
	const char *pid = cuts ? pid_of_label(text) : NULL;
	size_t most = cuts ? width : GROUP_LABEL, columns = 0;
	char cell[GROUP_LABEL * 2];

	if (pid && strlen(text) > width && strlen(pid) + 4 <= width) {
		columns = text_sanitise(cell, sizeof(cell), text, pid - text, width - strlen(pid));
		buffer_append_string(out, cell);
		text = pid;
		most = width - columns;
	}
	columns += text_sanitise(cell, sizeof(cell), text, strlen(text), most);
	buffer_append_string(out, cell);
	for (; columns < width; columns++)
		buffer_append_char(out, ' ');
}

void top_head_text(struct buffer *out, const struct top_model *model, const struct top_layout *layout)
{
	char label[GROUP_BY_TEXT];
	unsigned int i;

	put_label_head(label, sizeof(label), model->by);
	append_label(out, label, layout->label, layout->width);
	for (i = 0; i < layout->n_columns; i++)
		append_cell(out, &columns[layout->columns[i]], columns[layout->columns[i]].head, i + 1 == layout->n_columns);
}

/* Where there is no room for all of it, "from " goes before the port does. */
static const char *label_in(const struct ranking_row *row, size_t columns)
{
	const char *label = row->group->label;

	if (row->group->name.parts[0].by == GROUP_REMOTE && strlen(label) > columns && !strncmp(label, "from ", 5))
		return label + 5;
	return label;
}

void top_row_text(struct buffer *out, const struct top_model *model, const struct top_layout *layout,
		  const struct ranking_row *row)
{
	char cell[CELL];
	unsigned int i;

	append_label(out, label_in(row, layout->width ? layout->label : SIZE_MAX), layout->label, layout->width);
	for (i = 0; i < layout->n_columns; i++) {
		put_cell(cell, &columns[layout->columns[i]], model, row);
		append_cell(out, &columns[layout->columns[i]], cell, i + 1 == layout->n_columns);
	}
}

/* Where a column begins, and the one behind it. */
static unsigned int begin_of(const struct top_layout *layout, unsigned int n)
{
	unsigned int i, at = layout->label + 1;

	for (i = 0; i < n; i++)
		at += columns[layout->columns[i]].width + 1;
	return at;
}

void top_head_draw(struct frame *frame, const struct top_model *model, const struct top_layout *layout)
{
	unsigned int i, at;

	top_head_text(&frame->line, model, layout);
	if (model->sort == SORT_BY_LABEL)
		frame_mark(frame, 0, layout->label, FRAME_SORTED);
	for (i = 0; i < layout->n_columns; i++) {
		const struct column *column = &columns[layout->columns[i]];

		if (column->measure != model->sort || column->kind > COLUMN_WHY)
			continue;
		at = begin_of(layout, i);
		frame_mark(frame, at - 1, at + column->width, FRAME_SORTED);
		if (at - 1 < frame->line.size)
			frame->line.data[at - 1] = model->reverse ? '^' : 'v';
	}
}

static const enum frame_style level_styles[] = {
	[LEVEL_NONE] = FRAME_PLAIN,
	[LEVEL_NOTE] = FRAME_WARNING,
	[LEVEL_WARNING] = FRAME_WARNING,
	[LEVEL_ALERT] = FRAME_ALERT,
};

bool top_descriptors_run_out(uint64_t open, uint64_t limit)
{
	return limit != UINT64_MAX && open >= limit - limit / 10;
}

/* CLOSE_WAIT is red from a minute on. */
static enum frame_style style_of(const struct column *column, const struct top_model *model, const struct ranking_row *row)
{
	uint64_t open, limit;

	if (column->kind == COLUMN_DESCRIPTORS)
		return top_model_descriptors(model, row, &open, &limit) && top_descriptors_run_out(open, limit) ? FRAME_ALERT :
														  FRAME_PLAIN;
	if (column->kind == COLUMN_WHY)
		return level_styles[row->trouble.level];
	if (column->measure == MEASURE_CLOSE_WAIT_OLDEST || column->measure == MEASURE_CLOSE_WAIT_NOW)
		return row->value[MEASURE_CLOSE_WAIT_OLDEST] >= TROUBLE_OLD_NS ? FRAME_ALERT : FRAME_PLAIN;
	if (column->measure == MEASURE_SYN_SENT_NOW)
		return row->trouble.also & 1U << TROUBLE_NO_ANSWER ? FRAME_ALERT : FRAME_PLAIN;
	if (column->measure == MEASURE_ACCEPT_QUEUE_NOW)
		return row->trouble.also & 1U << TROUBLE_QUEUE_FULL ? FRAME_ALERT : FRAME_PLAIN;
	return FRAME_PLAIN;
}

void top_row_draw(struct frame *frame, const struct top_model *model, const struct top_layout *layout,
		  const struct ranking_row *row)
{
	unsigned int i, at;

	top_row_text(&frame->line, model, layout, row);
	for (i = 0; i < layout->n_columns; i++) {
		const struct column *column = &columns[layout->columns[i]];
		enum frame_style style = style_of(column, model, row);

		at = begin_of(layout, i);
		if (style != FRAME_PLAIN)
			frame_mark(frame, at, at + column->width, style);
	}
}

static void cell_json(struct json *json, const struct column *column, double value)
{
	if (isnan(value))
		json_null(json, column->field);
	else if (column->kind == COLUMN_RATE)
		json_f64(json, column->field, value, 3);
	else if (column->kind == COLUMN_OLDEST)
		json_f64(json, column->field, value / NSEC_PER_SEC, 3);
	else
		json_i64(json, column->field, number_i64(value));
}

void top_columns_json(struct json *json, const struct ranking_row *row)
{
	size_t i;

	for (i = 0; i < COLUMNS; i++)
		if (columns[i].field)
			cell_json(json, &columns[i], row->value[columns[i].measure]);
}
