/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A program that crashes and is started again each second has a finding each time. Three of them tell what there is to tell. */
#ifndef TCPDWELL_SHOW_ALIKE_H
#define TCPDWELL_SHOW_ALIKE_H

#include <stddef.h>
#include <stdint.h>

#include "util/buffer.h"

#define ALIKE_TOLD 3

/* Findings of one code about processes of one name. */
struct alike_kind {
	char code[32], name[64];
	unsigned int count;
	uint64_t first_ns, last_ns; /* for the caller: when those were that are not told */
};

/* All zero at first. Kinds beyond ALIKE_KINDS are all told. */
#define ALIKE_KINDS 256
struct alike {
	size_t n_kinds;
	struct alike_kind kinds[ALIKE_KINDS];
};

/* Counts a finding. NULL: it is to be told; without a `name` ("") each is. Else it is one more of the kind that is returned. */
struct alike_kind *alike_one_more(struct alike *alike, const char *code, const char *name);

/* How many of a kind are not told. */
static inline unsigned int alike_untold(const struct alike_kind *kind)
{
	return kind->count > ALIKE_TOLD ? kind->count - ALIKE_TOLD : 0;
}

/* A line for each kind of which some are not told: how many. */
void alike_text(struct buffer *out, const struct alike *alike);

#endif
