/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One run of all rules over a scene. */
#ifndef TCPDWELL_DIAGNOSE_JUDGE_H
#define TCPDWELL_DIAGNOSE_JUDGE_H

#include "diagnose/diagnosis.h"

struct verdicts {
	struct finding *findings;
	size_t count, capacity;
	struct not_examined not_examined[CODES];
	double wait_s[CODES];
	uint32_t more[CODES];
};

struct verdicts *verdicts_new(void);
void verdicts_free(struct verdicts *verdicts);

/* Rules of which nothing is missing are run; of each code the heaviest findings are kept, and of these what filters let pass. */
void judge_all(struct diagnosis *diagnosis, struct verdicts *verdicts);

#endif
