/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What stands out, in words: the one place where the lines above the table come from. The worst first, each about one row:
 * "orders-api[812]: no free port to 10.9.0.2:5432, 2.0/s". Pure.
 */
#ifndef TCPDWELL_SHOW_TOP_SENTENCES_H
#define TCPDWELL_SHOW_TOP_SENTENCES_H

#include "show/top/model.h"

#define TOP_SENTENCES 6
#define TOP_SENTENCE 256

struct top_sentences {
	size_t count;
	char text[TOP_SENTENCES][TOP_SENTENCE];
	uint8_t level[TOP_SENTENCES]; /* enum trouble_level */
	uint8_t kind[TOP_SENTENCES]; /* enum trouble_kind */
	const struct group *group[TOP_SENTENCES]; /* whose it is */
};

void top_sentences_make(struct top_sentences *sentences, const struct top_model *model);

#endif
