/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What counters did lately: of a run that goes on for days, what grew since it began says little. Pure. */
#ifndef TCPDWELL_DIAGNOSE_TRENDS_H
#define TCPDWELL_DIAGNOSE_TRENDS_H

#include <stdint.h>

#include "util/id_map.h"

#define TREND_WINDOW_NS 10000000000ULL /* it looks back for so long, and at most twice as long */

struct trends {
	struct id_map by_key;
};

enum trend_kind { TREND_LISTENER_DROPS, TREND_NAMESPACE };

/* Names a counter: of a socket's id, or of a namespace's inode with the counter's number. */
static inline uint64_t trend_key(enum trend_kind kind, uint64_t id, unsigned int counter)
{
	return ((id * 0x9e3779b97f4a7c15ULL) ^ ((uint64_t)counter << 8 | kind)) ?: 1;
}

void trends_init(struct trends *trends);
void trends_release(struct trends *trends);

/* The counter has this value now. `grown`: of it since the run began, for a counter that is met first. */
void trends_note(struct trends *trends, uint64_t key, uint64_t value, uint64_t grown, uint64_t now_ns);

/* By how much it grew in the window; 0 where it is not known. */
uint64_t trends_grown(const struct trends *trends, uint64_t key);

/* Those that were not noted for a minute are forgotten. */
void trends_forget(struct trends *trends, uint64_t now_ns);

#endif
