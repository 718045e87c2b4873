/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Prometheus' text format, family by family. Pure. */
#ifndef TCPDWELL_EXPORT_METRICS_TEXT_H
#define TCPDWELL_EXPORT_METRICS_TEXT_H

#include "util/buffer.h"

enum family_type { FAMILY_COUNTER, FAMILY_GAUGE, FAMILY_HISTOGRAM };

struct family {
	const char *name; /* without "tcpdwell_" */
	const char *help;
	enum family_type type;
};

/* What is written, and how many series it is. */
struct metrics_text {
	struct buffer buffer;
	const struct family *family; /* the one that samples are of */
	bool opened; /* its lines of help and type are written: a family without samples is left out */
	uint32_t series;
};

void metrics_text_init(struct metrics_text *text);
void metrics_text_release(struct metrics_text *text);
void metrics_text_clear(struct metrics_text *text);

void metrics_family(struct metrics_text *text, const struct family *family);

/* Labels are ready to be written, "" = none; `name` and `value` one label more, NULL = none. */
struct sample {
	const char *labels, *name, *value;
};

void metrics_u64(struct metrics_text *text, const struct sample *sample, uint64_t value);
void metrics_f64(struct metrics_text *text, const struct sample *sample, double value);
void metrics_seconds(struct metrics_text *text, const struct sample *sample, uint64_t ns);

/* Durations counted by upper bounds that are inclusive. */
#define METRICS_BOUNDS 10
struct bounded_histogram {
	uint64_t counts[METRICS_BOUNDS + 1]; /* not cumulative; the last one: above all bounds */
	uint64_t sum_ns;
};

/* Series of a histogram: bounds, +Inf, sum, count. */
#define METRICS_HISTOGRAM_SERIES (METRICS_BOUNDS + 3)

struct bounds {
	uint64_t ns;
	const char *text; /* in seconds, as OpenMetrics wants it ("1.0"), so that both formats give the same series */
};

extern const struct bounds dwell_bounds[METRICS_BOUNDS], search_bounds[METRICS_BOUNDS];

void bounded_histogram_add(struct bounded_histogram *histogram, const struct bounds bounds[METRICS_BOUNDS], uint64_t ns);
void bounded_histogram_merge(struct bounded_histogram *histogram, const struct bounded_histogram *more);
uint64_t bounded_histogram_count(const struct bounded_histogram *histogram);
void metrics_histogram(struct metrics_text *text, const struct sample *sample, const struct bounded_histogram *histogram,
		       const struct bounds bounds[METRICS_BOUNDS]);

#endif
