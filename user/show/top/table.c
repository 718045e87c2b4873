// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The lines of `top` as text: title, totals, heads, rows. Which columns there are is columns.c's. */
#include "show/top/table.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "event/summary.h"
#include "show/top/columns.h"
#include "show/top/sentences.h"
#include "util/tcp_state.h"
#include "util/text.h"

#define NSEC_PER_SEC 1000000000ULL
#define HEALTH_TEXT 1024

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
		count += top_row_is_shown(model, &model->ranking.rows[i]);
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
	top_count_text(now, state_totals_now(totals));
	text_count(new, totals->created);
	if (model->intervals)
		top_rate_text(per_second, rate);
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

bool top_states_text(struct buffer *out, const struct top_model *model)
{
	static const uint8_t states[] = { STATE_SYN_SENT,  STATE_SYN_RECV, STATE_ESTABLISHED, STATE_FIN_WAIT1,
					  STATE_FIN_WAIT2, STATE_CLOSING,  STATE_LAST_ACK,    STATE_LISTEN };
	const char *before = "";
	char count[TEXT_NUMBER + 1];
	size_t i, begin = out->size;

	if (model->books->present_counts.accept_queue) {
		top_count_text(count, model->books->present_counts.accept_queue);
		buffer_printf(out, "not accepted %s", count);
		before = "; ";
	}
	for (i = 0; i < sizeof(states) && model_present_told(model->books); i++) {
		int64_t now = model_state_now(model->books, NULL, states[i]);

		if (!now)
			continue;
		top_count_text(count, now);
		buffer_printf(out, "%s%s %s", before, tcp_state_name(states[i]), count);
		before = ", ";
	}
	return out->size > begin;
}

bool top_missing_text(struct buffer *out, const struct top_model *model)
{
	if (!model->recorded || model_present_told(model->books))
		return false;
	buffer_printf(out, "not recorded: who was in other states; so no SYN, ESTAB, FIN2, QUEUE%s", model_listeners_told(model->books) ? "" : ", LISTEN");
	return true;
}

void top_table_text(struct buffer *out, const struct top_model *model, size_t rows)
{
	size_t i, shown = 0, count = count_rows(model);
	struct top_sentences sentences;
	struct top_layout layout;
	char health[HEALTH_TEXT];

	top_layout_choose(&layout, model, 0, rows);
	top_title_text(out, model);
	buffer_append_char(out, '\n');
	top_totals_text(out, model);
	buffer_append_char(out, '\n');
	if (top_states_text(out, model))
		buffer_append_char(out, '\n');
	top_sentences_make(&sentences, model);
	for (i = 0; i < sentences.count; i++)
		buffer_printf(out, "%s\n", sentences.text[i]);
	if (health_text(health, sizeof(health), &model->health))
		buffer_printf(out, "%s\n", health);
	top_head_text(out, model, &layout);
	buffer_append_char(out, '\n');
	for (i = 0; i < model->ranking.count && shown < rows; i++) {
		if (!top_row_is_shown(model, &model->ranking.rows[i]))
			continue;
		top_row_text(out, model, &layout, &model->ranking.rows[i]);
		buffer_append_char(out, '\n');
		shown++;
	}
	if (shown < count)
		buffer_printf(out, "... and %zu more rows (-r shows more)\n", count - shown);
	buffer_append_char(out, '\n');
}
