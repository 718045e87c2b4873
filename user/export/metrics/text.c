// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Samples as lines. */
#include "export/metrics/text.h"

#define NSEC_PER_SEC 1000000000ULL
#define MSEC 1000000ULL
#define USEC 1000ULL

/* TIME_WAIT ends between 60 and 65 s; what is below was reused or killed. A leaked CLOSE_WAIT is there for hours. */
const struct bounds dwell_bounds[METRICS_BOUNDS] = {
	{ MSEC, "0.001" },	       { 10 * MSEC, "0.01" },	      { 100 * MSEC, "0.1" },	      { NSEC_PER_SEC, "1.0" },
	{ 10 * NSEC_PER_SEC, "10.0" }, { 60 * NSEC_PER_SEC, "60.0" }, { 65 * NSEC_PER_SEC, "65.0" },
	{ 300 * NSEC_PER_SEC, "300.0" }, { 3600 * NSEC_PER_SEC, "3600.0" }, { 86400 * NSEC_PER_SEC, "86400.0" },
};

/* A search takes microseconds while ports are free, and a millisecond for each few thousand that are not. */
const struct bounds search_bounds[METRICS_BOUNDS] = {
	{ 5 * USEC, "5e-06" },	 { 10 * USEC, "1e-05" },  { 25 * USEC, "2.5e-05" }, { 50 * USEC, "5e-05" }, { 100 * USEC, "0.0001" },
	{ 500 * USEC, "0.0005" }, { MSEC, "0.001" }, { 5 * MSEC, "0.005" },   { 25 * MSEC, "0.025" }, { 100 * MSEC, "0.1" },
};

void metrics_text_init(struct metrics_text *text)
{
	memset(text, 0, sizeof(*text));
	buffer_init(&text->buffer);
}

void metrics_text_release(struct metrics_text *text)
{
	buffer_release(&text->buffer);
}

void metrics_text_clear(struct metrics_text *text)
{
	buffer_clear(&text->buffer);
	text->family = NULL;
	text->series = 0;
}

void metrics_family(struct metrics_text *text, const struct family *family)
{
	text->family = family;
	text->opened = false;
}

static const char *const types[] = { [FAMILY_COUNTER] = "counter", [FAMILY_GAUGE] = "gauge", [FAMILY_HISTOGRAM] = "histogram" };

/* Names that every exporter has in common keep them. */
static void append_name(struct metrics_text *text)
{
	if (strncmp(text->family->name, "process_", 8))
		buffer_append_string(&text->buffer, "tcpdwell_");
	buffer_append_string(&text->buffer, text->family->name);
}

static void open_family(struct metrics_text *text)
{
	if (text->opened)
		return;
	text->opened = true;
	buffer_append_string(&text->buffer, "# HELP ");
	append_name(text);
	buffer_printf(&text->buffer, " %s\n# TYPE ", text->family->help);
	append_name(text);
	buffer_printf(&text->buffer, " %s\n", types[text->family->type]);
}

static void append_label(struct buffer *out, bool *any, const char *name, const char *value)
{
	buffer_append_char(out, *any ? ',' : '{');
	buffer_append_string(out, name);
	if (value) {
		buffer_append_string(out, "=\"");
		buffer_append_string(out, value);
		buffer_append_char(out, '"');
	}
	*any = true;
}

/* Up to the value. */
static void begin_sample(struct metrics_text *text, const struct sample *sample, const char *suffix, const char *bound)
{
	struct buffer *out = &text->buffer;
	bool any = false;

	open_family(text);
	append_name(text);
	buffer_append_string(out, suffix);
	if (sample->labels && sample->labels[0])
		append_label(out, &any, sample->labels, NULL);
	if (sample->name)
		append_label(out, &any, sample->name, sample->value);
	if (bound)
		append_label(out, &any, "le", bound);
	buffer_append_string(out, any ? "} " : " ");
	text->series++;
}

static void end_u64(struct metrics_text *text, uint64_t value)
{
	buffer_append_u64(&text->buffer, value);
	buffer_append_char(&text->buffer, '\n');
}

static void end_seconds(struct metrics_text *text, uint64_t ns)
{
	buffer_printf(&text->buffer, "%llu.%09llu\n", (unsigned long long)(ns / NSEC_PER_SEC), (unsigned long long)(ns % NSEC_PER_SEC));
}

void metrics_u64(struct metrics_text *text, const struct sample *sample, uint64_t value)
{
	begin_sample(text, sample, "", NULL);
	end_u64(text, value);
}

void metrics_f64(struct metrics_text *text, const struct sample *sample, double value)
{
	begin_sample(text, sample, "", NULL);
	buffer_printf(&text->buffer, "%.9g\n", value);
}

void metrics_seconds(struct metrics_text *text, const struct sample *sample, uint64_t ns)
{
	begin_sample(text, sample, "", NULL);
	end_seconds(text, ns);
}

void bounded_histogram_add(struct bounded_histogram *histogram, const struct bounds bounds[METRICS_BOUNDS], uint64_t ns)
{
	unsigned int i = 0;

	while (i < METRICS_BOUNDS && ns > bounds[i].ns)
		i++;
	histogram->counts[i]++;
	histogram->sum_ns += ns;
}

void bounded_histogram_merge(struct bounded_histogram *histogram, const struct bounded_histogram *more)
{
	unsigned int i;

	for (i = 0; i <= METRICS_BOUNDS; i++)
		histogram->counts[i] += more->counts[i];
	histogram->sum_ns += more->sum_ns;
}

uint64_t bounded_histogram_count(const struct bounded_histogram *histogram)
{
	uint64_t count = 0;
	unsigned int i;

	for (i = 0; i <= METRICS_BOUNDS; i++)
		count += histogram->counts[i];
	return count;
}

void metrics_histogram(struct metrics_text *text, const struct sample *sample, const struct bounded_histogram *histogram,
		       const struct bounds bounds[METRICS_BOUNDS])
{
	uint64_t cumulative = 0;
	unsigned int i;

	for (i = 0; i < METRICS_BOUNDS; i++) {
		cumulative += histogram->counts[i];
		begin_sample(text, sample, "_bucket", bounds[i].text);
		end_u64(text, cumulative);
	}
	cumulative += histogram->counts[METRICS_BOUNDS];
	begin_sample(text, sample, "_bucket", "+Inf");
	end_u64(text, cumulative);
	begin_sample(text, sample, "_sum", NULL);
	end_seconds(text, histogram->sum_ns);
	begin_sample(text, sample, "_count", NULL);
	end_u64(text, cumulative);
}
