/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From when on something is a finding: one table with the reason of each, changed by --set CODE.NAME=VALUE. */
#ifndef TCPDWELL_DIAGNOSE_THRESHOLDS_H
#define TCPDWELL_DIAGNOSE_THRESHOLDS_H

#include <stddef.h>

enum threshold {
	TD101_FAILURES,
	TD102_SEARCH_US,
	TD103_WITHIN_S,
	TD104_SHARE,
	TD111_OPENED,
	TD111_LIFE_S,
	TD112_COUNT,
	TD121_COUNT,
	TD121_AGE_S,
	TD121_WATCH_S,
	TD122_COUNT,
	TD122_AGE_S,
	TD123_COUNT,
	TD124_SHARE,
	TD131_SHARE,
	TD131_WAIT_S,
	TD131_COUNT,
	TD132_COUNT,
	TD132_AGE_S,
	TD141_COUNT,
	TD141_AGE_S,
	TD142_COUNT,
	TD142_AGE_S,
	TD143_SHARE,
	TD151_COUNT,
	TD151_AGE_S,
	TD152_COUNT,
	TD153_COUNT,
	TD161_SHARE,
	TD161_COUNT,
	TD162_SHARE,
	TD162_COUNT,
	TD171_IDLE_S,
	TD171_COUNT,
	TD172_COUNT,
	TD172_SHARE,
	TD181_SHARE,
	THRESHOLDS,
};

struct thresholds {
	double values[THRESHOLDS];
};

struct threshold_row {
	const char *name; /* "TD131.share" */
	double value; /* default */
	double min, max;
	const char *unit; /* "" = a share, 0 to 1 */
	const char *reason;
};

extern const struct threshold_row threshold_rows[THRESHOLDS];

void thresholds_init(struct thresholds *thresholds);

/* "TD131.share=0.9", several with commas. 0, or -EINVAL with a sentence in `error`. */
int thresholds_parse(struct thresholds *thresholds, const char *text, char *error, size_t error_size);

#endif
