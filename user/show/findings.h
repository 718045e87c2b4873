/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Findings as text and as JSON. Pure. */
#ifndef TCPDWELL_SHOW_FINDINGS_H
#define TCPDWELL_SHOW_FINDINGS_H

#include "diagnose/diagnosis.h"
#include "util/json.h"

#define REPORT_COLUMNS 110

/* What a finding's times are told with. */
struct report_clock {
	uint64_t now_ns, unix_ns; /* the same moment by both clocks */
};

#define USELESS_SAID_MAX 64

/* The settings of which it was said why they are of no use, so that it is said once. */
struct useless_said {
	unsigned int hashes[USELESS_SAID_MAX], count;
};

struct report_style {
	bool color, cmdline;
	struct useless_said *said; /* NULL: a finding is told for itself */
	unsigned int columns; /* lines of text are no longer; 0: REPORT_COLUMNS. Evidence is one line each, however long */
};

/* A whole finding: several lines. */
void finding_text(struct buffer *out, const struct told_finding *told, const struct report_clock *clock, struct report_style style);
/* "NOW  TD101 title": one line for lists, cut nowhere. */
void finding_headline(struct buffer *out, const struct told_finding *told, struct report_style style);
/* "fails at 03:12:40 (in 36 seconds)": a line below it; nothing where that is not foreseen. */
void finding_forecast(struct buffer *out, const struct told_finding *told, const struct report_clock *clock);

void finding_json(struct json *json, const struct told_finding *told, const struct report_clock *clock, struct report_style style);

/* What was not examined and why, grouped by reason; nothing where all was. `ended`: what still waits was not examined. */
void not_examined_text(struct buffer *out, const struct diagnosis *diagnosis);
void not_examined_json(struct json *json, const struct diagnosis *diagnosis);
const char *not_examined_reason(const struct diagnosis *diagnosis, unsigned int code, char *room, size_t size);

/* The line of a clean machine, or of what was looked at. */
void figures_text(struct buffer *out, const struct diagnosis *diagnosis);

/*
 * "TD103 ports run out (8s), TD132 clients gave up (2s)": what needs more watching, and is known within left_s; into `beyond` the codes
 * that are not: "TD121 leak, TD122 idle pool".
 * "" = none. Returns how much longer the last of these takes.
 */
double waits_text(struct buffer *within, struct buffer *beyond, const struct diagnosis *diagnosis, double left_s);

/* Lines of at most `columns`, the second and further ones behind `indent` spaces; the first begins at column `used`. */
void wrap_text(struct buffer *out, const char *text, unsigned int columns, unsigned int indent, unsigned int used);

#endif
