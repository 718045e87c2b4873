/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Flows to one address and port that differ by the process alone, of processes of one program in one cgroup: workers that connect a few
 * times each, or a program that is started again and again. What they do together is judged as one. Pure.
 */
#ifndef TCPDWELL_DIAGNOSE_CROWDS_H
#define TCPDWELL_DIAGNOSE_CROWDS_H

#include "diagnose/words.h"

struct crowd {
	struct flow flow; /* what all of them did; its process is the last that did something. Its histograms are not there */
	const struct flow *const *parts; /* of each process, the last that did something first */
	size_t n_parts;
};

struct crowds {
	struct crowd *list; /* in no order */
	size_t count;
	const struct flow **parts;
};

/* Did it do anything within its window? It is remembered for longer. */
bool flow_is_busy(const struct flow *flow);

/* Of the flows of active sides that are wanted. None without memory. */
void crowds_find(struct crowds *crowds, const struct scene *scene, bool (*wanted)(const struct flow *flow, const void *context),
		 const void *context);
void crowds_release(struct crowds *crowds);

/* "shop[812]", "billing (40 processes, all ended)" */
const char *words_crowd(words out, const struct scene *scene, const struct crowd *crowd);

/* Is it of processes that mostly have ended by now, and others came in their place? */
bool crowd_ends(const struct scene *scene, const struct crowd *crowd);

/* The subject: its process where it is of one, else its program; its destination. */
void crowd_subject(struct finding *finding, const struct scene *scene, const struct crowd *crowd);

#endif
