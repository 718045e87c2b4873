/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How people call things in sentences. Each returns the buffer it was given. Pure. */
#ifndef TCPDWELL_DIAGNOSE_WORDS_H
#define TCPDWELL_DIAGNOSE_WORDS_H

#include "diagnose/scene.h"

typedef char words[FINDING_NAME];

/* "orders-api[812]", "python3 webapp.py[99] of shop.service"; "billing (ended)"; "an unknown process". Safe for a terminal. */
const char *words_process(words out, const struct scene *scene, const struct process *process);
const char *words_known(words out, const struct scene *scene, const struct known_process *known);

/* Processes of one program. */
struct many {
	const struct process *process; /* the one that stands for all */
	const struct known_process *known; /* the same; NULL: only that */
	uint32_t processes; /* all of them, as many_add() counts */
	uint32_t asked, ended; /* of those that were asked */
	bool more; /* there are more than these */
};

/* As far as was asked: most of several. */
static inline bool many_end(const struct many *many)
{
	return many->processes > 1 && many->ended * 2 > many->asked;
}

void many_add(struct many *many, const struct scene *scene, const struct process *process);

/* "shop[812]" where it is one; "billing (40 processes, all ended) of shop.service" */
const char *words_many(words out, const struct scene *scene, const struct many *many);

/* Of whom it is not known but likely: "probably shop[812]"; NULL: "an unknown process". */
const char *words_likely(words out, const struct scene *scene, const struct process *process);

/* As words_known(), or "shop (14 processes) of shop.service"; as words_likely() where its process is not known. */
const char *words_service(words out, const struct scene *scene, const struct cause *cause);

/* "10.9.0.9:5432" */
const char *words_remote(words out, const uint8_t addr[16], uint16_t port);
const char *words_address(words out, const uint8_t addr[16]);

/* "23 seconds", "4 minutes", "850 ms", "2.5 hours" */
const char *words_seconds(words out, double seconds);

/* "16.4", "0.25", "1200": a rate or another number of people. */
const char *words_number(words out, double value);

/* "983 in TIME_WAIT and 17 ESTABLISHED" */
const char *words_states(words out, const uint32_t by_state[16]);

/* "" or "s" */
static inline const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

#endif
