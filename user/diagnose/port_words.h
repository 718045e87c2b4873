/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the findings about local ports have in common: holders, evidence, what would help, what would not. Pure. */
#ifndef TCPDWELL_DIAGNOSE_PORT_WORDS_H
#define TCPDWELL_DIAGNOSE_PORT_WORDS_H

#include "diagnose/crowds.h"

/* The subject is whom holder_words() names first: the largest that is known, else the largest. Processes of one program are one. */
void holder_subject(struct finding *finding, const struct scene *scene, const struct destination *destination);

/* "983 by nightly-batch[812] in TIME_WAIT", "290 by billing (40 processes, all ended) in TIME_WAIT", and what is more than that and of no known process. */
const char *holder_words(words out, const struct scene *scene, const struct destination *destination);

/* Who opens the most connections to it now, of its namespace, in the last ten seconds. */
struct opener {
	struct crowds crowds;
	const struct crowd *most; /* NULL: nobody */
};

void opener_find(struct opener *opener, const struct scene *scene, const struct destination *destination);
void opener_release(struct opener *opener);
const char *words_opener(words out, const struct scene *scene, const struct opener *opener);

#define VICTIM_RECENT_NS 10000000000ULL

bool victim_is_recent(const struct scene *scene, const struct port_victim *victim);

/* The process that failed most often, of those that did within the last ten seconds. NULL: none did. */
const struct port_victim *destination_victim(const struct scene *scene, const struct destination *destination);

/* Destination, namespace and holders as subject and concern. */
void destination_subject(struct finding *finding, const struct scene *scene, const struct destination *destination);

void destination_evidence(struct finding *finding, const struct scene *scene, const struct destination *destination);
void destination_changes(struct finding *finding, const struct scene *scene, const struct destination *destination);
void ports_useless(struct finding *finding, const struct scene *scene, const struct destination *destination);

#endif
