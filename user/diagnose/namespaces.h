/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What rules read of network namespaces: values, what counters did lately, or why neither is known. Pure. */
#ifndef TCPDWELL_DIAGNOSE_NAMESPACES_H
#define TCPDWELL_DIAGNOSE_NAMESPACES_H

#include "diagnose/scene.h"

/* Of a counter, lately; 0 where it is not known. */
uint64_t namespace_grown(const struct scene *scene, uint32_t netns, enum namespace_counter counter);

/* The first value of a setting, or of a gauge. False where it is not known: *value is as it was then. */
bool namespace_setting(const struct namespace_facts *facts, enum namespace_setting setting, int64_t *value);
bool namespace_gauge(const struct namespace_facts *facts, enum namespace_gauge gauge, uint64_t *value);

/* The namespace that tells of the machine; NULL: none is known. */
const struct namespace_facts *scene_machine(const struct scene *scene, uint32_t *netns);

/* "", or " in network namespace 4026532500" where it is not our own. */
const char *words_netns(char out[48], uint32_t netns, const struct namespace_facts *facts);

/* Where the finding is of another namespace than ours: its commands and settings are to be those of that one. */
void finding_enter(struct finding *finding, const struct scene *scene);

#endif
