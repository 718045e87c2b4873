// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The columns of `top`. */
#include "show/top/table.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "event/summary.h"
#include "util/tcp_state.h"
#include "util/text.h"

#define NSEC_PER_SEC 1000000000ULL
#define HEALTH_TEXT 1024

enum column_kind { COLUMN_COUNT, COLUMN_RATE, COLUMN_DURATION, COLUMN_OLDEST };

struct column {
	const char *head; /* NULL: only in JSON */
	const char *field; /* in JSON; NULL: only in text */
	enum measure measure;
	enum column_kind kind;
	unsigned int width;
	unsigned int from_width; /* shown on terminals at least so wide */
};

static const struct column columns[] = {
	{ "TW-NEW", NULL, MEASURE_TIME_WAIT_CAME, COLUMN_COUNT, 6, 0 },
	{ NULL, "time_wait_created", MEASURE_TIME_WAIT_CREATED, COLUMN_COUNT, 0, 0 },
	{ NULL, "time_wait_seeded", MEASURE_TIME_WAIT_SEEDED, COLUMN_COUNT, 0, 0 },
	{ NULL, "time_wait_left", MEASURE_TIME_WAIT_LEFT, COLUMN_COUNT, 0, 0 },
	{ "TW/s", "time_wait_rate", MEASURE_TIME_WAIT_RATE, COLUMN_RATE, 6, 0 },
	{ "TW-NOW", "time_wait_now", MEASURE_TIME_WAIT_NOW, COLUMN_COUNT, 6, 0 },
	{ "TW-P50", "time_wait_p50_ns", MEASURE_TIME_WAIT_P50, COLUMN_DURATION, 6, 120 },
	{ "TW-P99", "time_wait_p99_ns", MEASURE_TIME_WAIT_P99, COLUMN_DURATION, 6, 120 },
	{ "CW-NEW", NULL, MEASURE_CLOSE_WAIT_CAME, COLUMN_COUNT, 6, 0 },
	{ NULL, "close_wait_created", MEASURE_CLOSE_WAIT_CREATED, COLUMN_COUNT, 0, 0 },
	{ NULL, "close_wait_seeded", MEASURE_CLOSE_WAIT_SEEDED, COLUMN_COUNT, 0, 0 },
	{ NULL, "close_wait_left", MEASURE_CLOSE_WAIT_LEFT, COLUMN_COUNT, 0, 0 },
	{ NULL, "close_wait_moved_in", MEASURE_CLOSE_WAIT_MOVED_IN, COLUMN_COUNT, 0, 0 },
	{ NULL, "close_wait_moved_out", MEASURE_CLOSE_WAIT_MOVED_OUT, COLUMN_COUNT, 0, 0 },
	{ "CW/s", "close_wait_rate", MEASURE_CLOSE_WAIT_RATE, COLUMN_RATE, 6, 100 },
	{ "CW-NOW", "close_wait_now", MEASURE_CLOSE_WAIT_NOW, COLUMN_COUNT, 6, 0 },
	{ "OLDEST", "close_wait_oldest_s", MEASURE_CLOSE_WAIT_OLDEST, COLUMN_OLDEST, 7, 0 },
	{ "CW-P50", "close_wait_p50_ns", MEASURE_CLOSE_WAIT_P50, COLUMN_DURATION, 6, 0 },
	{ "CW-P99", "close_wait_p99_ns", MEASURE_CLOSE_WAIT_P99, COLUMN_DURATION, 6, 0 },
	{ NULL, "moved_in", MEASURE_MOVED_IN, COLUMN_COUNT, 0, 0 },
	{ NULL, "moved_out", MEASURE_MOVED_OUT, COLUMN_COUNT, 0, 0 },
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static bool is_shown(const struct column *column, unsigned int width)
{
	return column->head && column->from_width <= width;
}

static void put_rate(char *out, double rate)
{
	if (rate < 100 && rate > 0)
		snprintf(out, TEXT_NUMBER, "%.1f", rate);
	else
		text_count(out, rate + 0.5);
}

/* A count that is negative tells of lost records; it is shown as it is. */
static void put_count(char *out, double count)
{
	out[0] = '-';
	text_count(out + (count < 0), fabs(count) > 1e18 ? 1e18 : (uint64_t)fabs(count));
}

static void put_cell(char *out, const struct column *column, const struct ranking_row *row)
{
	double value = row->value[column->measure];

	if (isnan(value)) {
		strcpy(out, "-");
		return;
	}
	switch (column->kind) {
	case COLUMN_COUNT:
		put_count(out, value);
		break;
	case COLUMN_RATE:
		put_rate(out, value);
		break;
	case COLUMN_OLDEST:
		text_duration(out, value);
		if (row->group->oldest_at_least)
			strcat(out, "+");
		break;
	case COLUMN_DURATION:
		text_duration(out, value);
		break;
	}
}

static void put_time(struct buffer *out, uint64_t unix_ns)
{
	time_t second = unix_ns / NSEC_PER_SEC;
	struct tm local;

	localtime_r(&second, &local);
	buffer_printf(out, "%02d:%02d:%02d", local.tm_hour, local.tm_min, local.tm_sec);
}

/* Those that have something to tell. */
static size_t count_rows(const struct top_model *model)
{
	size_t i, count = 0;

	for (i = 0; i < model->ranking.count; i++)
		count += !ranking_row_is_quiet(&model->ranking.rows[i]);
	return count;
}

void top_title_text(struct buffer *out, const struct top_model *model)
{
	size_t rows = count_rows(model);
	char by[GROUP_BY_TEXT];

	group_by_name(by, model->by);
	put_time(out, model->unix_ns);
	buffer_printf(out, "  %sby %s, %zu %s, sorted by %s%s", model->polled ? "polled, " : "", by, rows,
		      rows == 1 ? "row" : "rows", sort_key_name(model->sort),
		      model->reverse ? " (reversed)" : "");
}

/* Of a state that is not watched there is nothing to say. Returns whether there was. */
static bool state_totals_text(struct buffer *out, const struct top_model *model, const char *name, unsigned int state,
			      double rate)
{
	const struct state_totals *totals = &model->totals.states[state];
	char now[TEXT_NUMBER + 1], new[TEXT_NUMBER], per_second[TEXT_NUMBER] = "-";

	if (!(model->totals.told & 1U << state))
		return false;

	put_count(now, state_totals_now(totals));
	text_count(new, totals->created);
	if (model->intervals)
		put_rate(per_second, rate);
	buffer_printf(out, "%s %s now, %s new, %s/s", name, now, new, per_second);
	return true;
}

void top_totals_text(struct buffer *out, const struct top_model *model)
{
	char count[TEXT_NUMBER];

	if (state_totals_text(out, model, "TIME_WAIT", STATE_TIME_WAIT, model->rates[0]) &&
	    model->totals.told & 1U << STATE_CLOSE_WAIT)
		buffer_append_string(out, "; ");
	state_totals_text(out, model, "CLOSE_WAIT", STATE_CLOSE_WAIT, model->rates[1]);
	if (model->totals.connect_failed) {
		text_count(count, model->totals.connect_failed);
		buffer_printf(out, "; no port %s", count);
	}
	if (model->totals.time_wait_overflows) {
		text_count(count, model->totals.time_wait_overflows);
		buffer_printf(out, "; over tcp_max_tw_buckets %s", count);
	}
}

static void put_label_head(struct buffer *out, unsigned int by)
{
	char text[GROUP_BY_TEXT], *name;

	group_by_name(text, by);
	for (name = text; *name; name++)
		buffer_append_char(out, toupper((unsigned char)*name));
}

void top_head_text(struct buffer *out, const struct top_model *model, unsigned int width)
{
	size_t i;

	for (i = 0; i < COLUMNS; i++)
		if (is_shown(&columns[i], width))
			buffer_printf(out, "%*s ", columns[i].width, columns[i].head);
	put_label_head(out, model->by);
}

/* Where there is no room for all of it, "from " goes before the port does. */
static const char *label_in(const struct ranking_row *row, size_t columns)
{
	const char *label = row->group->label;

	if (row->group->name.parts[0].by == GROUP_REMOTE && strlen(label) > columns && !strncmp(label, "from ", 5))
		return label + 5;
	return label;
}

#define PROGRAM_WIDTH 160 /* of a terminal that has room for it unasked */

/* Where it says more than the name of the row. */
static void put_program(struct buffer *out, const struct top_model *model, const struct ranking_row *row, unsigned int width)
{
	const char *program = model->wide || width >= PROGRAM_WIDTH ? top_model_program(model, row) : NULL;
	size_t size = program ? strlen(program) : 0;

	if (program && (strncmp(row->group->label, program, size) || row->group->label[size] != '['))
		buffer_printf(out, " (%s)", program);
}

void top_row_text(struct buffer *out, const struct top_model *model, const struct ranking_row *row, unsigned int width)
{
	size_t begin = out->size, used;
	char cell[TEXT_NUMBER + 2];
	size_t i;

	for (i = 0; i < COLUMNS; i++) {
		if (!is_shown(&columns[i], width))
			continue;
		put_cell(cell, &columns[i], row);
		buffer_printf(out, "%*s ", columns[i].width, cell);
	}
	used = out->size - begin;
	buffer_append_string(out, label_in(row, !width ? SIZE_MAX : width > used ? width - used : 0));
	put_program(out, model, row, width);
}

static size_t rows_shown(const struct top_model *model, size_t rows)
{
	return rows < model->ranking.count ? rows : model->ranking.count;
}

void top_table_text(struct buffer *out, const struct top_model *model, size_t rows)
{
	size_t i, shown = 0, count = count_rows(model);
	char health[HEALTH_TEXT];

	top_title_text(out, model);
	buffer_append_char(out, '\n');
	top_totals_text(out, model);
	buffer_append_char(out, '\n');
	if (health_text(health, sizeof(health), &model->health))
		buffer_printf(out, "%s\n", health);
	top_head_text(out, model, 0);
	buffer_append_char(out, '\n');
	for (i = 0; i < model->ranking.count && shown < rows; i++) {
		if (ranking_row_is_quiet(&model->ranking.rows[i]))
			continue;
		top_row_text(out, model, &model->ranking.rows[i], 0);
		buffer_append_char(out, '\n');
		shown++;
	}
	if (shown < count)
		buffer_printf(out, "... and %zu more rows (-r shows more)\n", count - shown);
	buffer_append_char(out, '\n');
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
		json_i64(json, column->field, value);
}

static void row_json(struct json *json, const struct top_model *model, const struct ranking_row *row)
{
	struct process process;
	size_t i;

	json_object_begin(json, NULL);
	group_json(json, row->group);
	if (group_process(row->group, 0, &process) || group_process(row->group, 1, &process))
		json_string(json, "program", top_model_program(model, row));
	for (i = 0; i < COLUMNS; i++)
		if (columns[i].field)
			cell_json(json, &columns[i], row->value[columns[i].measure]);
	json_bool(json, "close_wait_oldest_at_least", row->group->oldest_at_least);
	group_happened_json(json, row->group, model->totals.unseen_failures);
	json_object_end(json);
}

void top_interval_json(struct json *json, const struct top_model *model, size_t rows)
{
	size_t i, shown = rows_shown(model, rows);
	char by[GROUP_BY_TEXT];

	group_by_name(by, model->by);
	json_object_begin(json, NULL);
	json_string(json, "type", "interval");
	json_time(json, "time", model->unix_ns);
	json_f64(json, "seconds", model->seconds, 3);
	json_string(json, "by", by);
	connect_failures_json(json, model->totals.connect_failures, model->totals.unseen_failures);
	health_json(json, &model->health);
	totals_json(json, &model->totals);
	json_array_begin(json, "rows");
	for (i = 0; i < shown; i++)
		row_json(json, model, &model->ranking.rows[i]);
	json_array_end(json);
	json_object_end(json);
	json_end_line(json);
}
