/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A program that crashes and is started again each second has a finding each time. Three of them tell what there is to tell. */
#ifndef TCPDWELL_SHOW_DIAGNOSE_ALIKE_H
#define TCPDWELL_SHOW_DIAGNOSE_ALIKE_H

#include <stdbool.h>
#include <stddef.h>

#include "diagnose/diagnosis.h"
#include "util/buffer.h"

/* Findings of one code about processes of one name. */
struct alike_kind {
	unsigned int code, count;
	char comm[COMM_BYTES + 1];
};

/* All zero at first. Kinds beyond ALIKE_KINDS are not folded. */
#define ALIKE_KINDS 64
struct alike {
	size_t n_kinds;
	struct alike_kind kinds[ALIKE_KINDS];
};

/* Is it one more of those that were counted before? It is counted, too. Findings about no process never are. */
bool alike_is_one_more(struct alike *alike, const struct finding *finding);

/* A line for each kind of which some were: how many. */
void alike_text(struct buffer *out, const struct alike *alike);

#endif
