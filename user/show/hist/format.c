// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Bars for people, buckets for programs. */
#include "show/hist/format.h"

#include "util/tcp_state.h"
#include "util/text.h"

#define BAR_COLUMNS 40
#define SLOTS_PER_POWER 8
#define POWERS (HISTOGRAM_SLOTS / SLOTS_PER_POWER)

/* Counts by powers of two: text has no room for eight slots in each. */
struct powers {
	uint64_t left[POWERS], open[POWERS];
	unsigned int first, last; /* with something in them */
	uint64_t largest; /* left and open together */
};

static void collect(uint64_t counts[POWERS], const struct histogram *histogram)
{
	uint32_t i;

	for (i = 0; i < histogram->used; i++)
		counts[histogram->bins[i].slot / SLOTS_PER_POWER] += histogram->bins[i].count;
}

static void powers_of(struct powers *powers, const struct account *account)
{
	unsigned int i;

	*powers = (struct powers){ .first = POWERS };
	collect(powers->left, &account->dwell);
	collect(powers->open, &account->open);
	for (i = 0; i < POWERS; i++) {
		uint64_t both = powers->left[i] + powers->open[i];

		if (!both)
			continue;
		if (powers->first == POWERS)
			powers->first = i;
		powers->last = i;
		if (both > powers->largest)
			powers->largest = both;
	}
}

/* Something is never shown as nothing. */
static unsigned int bar_columns(uint64_t count, uint64_t largest)
{
	double columns = (double)count * BAR_COLUMNS / largest;

	return count && columns < 1 ? 1 : columns;
}

static void power_text(struct buffer *out, const struct powers *powers, unsigned int i, bool color)
{
	char bound[TEXT_NUMBER], left[TEXT_NUMBER], open[TEXT_NUMBER];

	text_duration(bound, histogram_upper_bound_of(i * SLOTS_PER_POWER + SLOTS_PER_POWER - 1));
	text_count(left, powers->left[i]);
	text_count(open, powers->open[i]);
	buffer_printf(out, "  <= %7s %7s %7s |", bound, left, open);
	buffer_append_repeated(out, '@', bar_columns(powers->left[i], powers->largest));
	if (color && powers->open[i])
		buffer_append_string(out, "\033[31m");
	buffer_append_repeated(out, '+', bar_columns(powers->open[i], powers->largest));
	buffer_append_string(out, color && powers->open[i] ? "\033[0m\n" : "\n");
}

/* A long run of nothing is one line. */
static unsigned int next_power(struct buffer *out, const struct powers *powers, unsigned int i)
{
	unsigned int next = i + 1;

	while (next < powers->last && !powers->left[next] && !powers->open[next])
		next++;
	if (next < i + 4)
		return i + 1;
	buffer_append_string(out, "         ...\n");
	return next;
}

static void percentile_text(struct buffer *out, const struct histogram *histogram, double percent)
{
	char text[TEXT_NUMBER];

	text_duration(text, histogram_percentile(histogram, percent));
	if (percent == 50)
		buffer_printf(out, ", median %s", text);
	else
		buffer_printf(out, ", p%g %s", percent, text);
}

static void figures_text(struct buffer *out, const struct account *account)
{
	char count[TEXT_NUMBER], oldest[TEXT_NUMBER];

	text_count(count, account->dwell.count);
	buffer_printf(out, "%s ended", count);
	if (account->dwell.count) {
		percentile_text(out, &account->dwell, 50);
		percentile_text(out, &account->dwell, 90);
		percentile_text(out, &account->dwell, 99);
	}
	if (state_totals_now(&account->count) <= 0)
		return;
	text_count(count, state_totals_now(&account->count));
	buffer_printf(out, "; %s there now", count);
	if (!account->open.count)
		return;
	text_duration(oldest, histogram_percentile(&account->open, 100));
	buffer_printf(out, ", the oldest for %s%s", oldest, account->open_at_least ? " or more" : "");
}

void hist_text(struct buffer *out, const struct group *group, const char *what, const struct account *account, bool color)
{
	struct powers powers;
	unsigned int i;

	buffer_printf(out, "%s%s %s%s: ", color ? "\033[1m" : "", what, group->label,
		      color ? "\033[0m" : "");
	figures_text(out, account);
	powers_of(&powers, account);
	buffer_append_string(out, powers.largest ? "\n       DWELL   ENDED     NOW\n" : "\n");
	for (i = powers.first; i <= powers.last && powers.largest; i = next_power(out, &powers, i))
		power_text(out, &powers, i, color);
	buffer_append_char(out, '\n');
}

static void buckets_json(struct json *json, const char *key, const struct histogram *histogram)
{
	struct histogram_cursor cursor = {};

	json_array_begin(json, key);
	while (histogram_next(histogram, &cursor)) {
		json_object_begin(json, NULL);
		json_u64(json, "le_ns", cursor.le_ns);
		json_u64(json, "count", cursor.cumulative);
		json_object_end(json);
	}
	json_array_end(json);
}

static void percentile_json(struct json *json, const char *key, const struct histogram *histogram, double percent)
{
	if (histogram->count)
		json_u64(json, key, histogram_percentile(histogram, percent));
	else
		json_null(json, key);
}

void hist_json(struct json *json, const struct hist_interval *interval, const struct group *group, unsigned int state,
	       const char *of, const struct account *account)
{
	json_object_begin(json, NULL);
	json_string(json, "type", "histogram");
	json_time(json, "time", interval->unix_ns);
	json_f64(json, "seconds", interval->seconds, 3);
	json_string(json, "by", interval->by);
	group_json(json, group);
	json_string(json, "state", tcp_state_name(state));
	if (of)
		json_string(json, "of", of);
	json_u64(json, "count", account->dwell.count);
	json_u64(json, "sum_ns", account->dwell.sum_ns);
	percentile_json(json, "p50_ns", &account->dwell, 50);
	percentile_json(json, "p90_ns", &account->dwell, 90);
	percentile_json(json, "p99_ns", &account->dwell, 99);
	buckets_json(json, "buckets", &account->dwell);
	json_i64(json, "open", state_totals_now(&account->count));
	json_u64(json, "open_at_least", account->open_at_least);
	buckets_json(json, "open_buckets", &account->open);
	json_u64(json, "created", account->count.created);
	json_u64(json, "seeded", account->count.seeded);
	json_u64(json, "left", account->count.left);
	json_u64(json, "moved_in", account->count.moved_in);
	json_u64(json, "moved_out", account->count.moved_out);
	json_object_end(json);
	json_end_line(json);
}
