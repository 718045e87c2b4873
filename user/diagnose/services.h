/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Causes that differ by the process alone, of processes of one program in one cgroup: a server that forks has in each of its children
 * a few sockets of what it has many of. What is shared so is judged as one. Pure.
 */
#ifndef TCPDWELL_DIAGNOSE_SERVICES_H
#define TCPDWELL_DIAGNOSE_SERVICES_H

#include "diagnose/scene.h"

struct services {
	struct cause *list; /* the most sockets first. Each as a cause of its largest process, with what all of them have */
	size_t count;
	const struct cause **parts; /* where struct cause has its own */
};

/* Of the causes that are wanted. None without memory. */
void services_find(struct services *services, const struct scene *scene, bool (*wanted)(const struct cause *cause));
void services_release(struct services *services);

/* The causes of its processes: itself where it is of one. */
static inline const struct cause *cause_part(const struct cause *cause, size_t i)
{
	return cause->n_parts ? cause->parts[i] : cause;
}

static inline size_t cause_processes(const struct cause *cause)
{
	return cause->n_parts ?: 1;
}

#endif
