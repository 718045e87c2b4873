// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Intervals of `top` as JSON. */
#include "event/summary.h"
#include "show/top/columns.h"
#include "show/top/table.h"
#include "util/tcp_state.h"

/* Null where no look was told of: a recording without them. */
static void present_json(struct json *json, const struct top_model *model, const struct group *group)
{
	uint32_t waiting = 1U << STATE_TIME_WAIT | 1U << STATE_CLOSE_WAIT;

	if (model_present_told(model->books))
		present_counts_json(json, &group->present, waiting);
}

static void row_json(struct json *json, const struct top_model *model, const struct ranking_row *row)
{
	struct process process;

	json_object_begin(json, NULL);
	group_json(json, row->group);
	if (group_process(row->group, 0, &process) || group_process(row->group, 1, &process))
		json_string(json, "program", top_model_program(model, row));
	top_columns_json(json, row);
	present_json(json, model, row->group);
	if (row->trouble.kind)
		json_string(json, "trouble", trouble_name(row->trouble.kind));
	json_bool(json, "close_wait_oldest_at_least", row->group->oldest_at_least);
	group_happened_json(json, row->group, model->totals.unseen_failures);
	json_object_end(json);
}

static size_t rows_shown(const struct top_model *model, size_t rows)
{
	return rows < model->ranking.count ? rows : model->ranking.count;
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
