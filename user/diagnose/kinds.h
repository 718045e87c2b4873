/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processes of one program in one cgroup, whatever sockets each has: the workers of a server. What each has a little of is judged of all
 * of them together. Causes that are shared are in services.h, flows in crowds.h. Pure.
 */
#ifndef TCPDWELL_DIAGNOSE_KINDS_H
#define TCPDWELL_DIAGNOSE_KINDS_H

#include "diagnose/words.h"

struct kind_member {
	const struct known_process *known;
	const char *program; /* "": not known */
	uint32_t process; /* its number */
};

struct kinds {
	struct kind_member *members; /* those of a kind are side by side; what a rule counts of each is in an array beside this one */
	size_t n_members;
	struct kind {
		size_t first, end; /* of its members */
	} *list;
	size_t count;
	struct kind_place {
		uint32_t process;
		uint32_t member;
	} *places; /* by process */
};

/* Of all processes that have sockets, or listen. None without memory. */
void kinds_find(struct kinds *kinds, const struct scene *scene);
void kinds_release(struct kinds *kinds);

/* Which member a process is; n_members: none. */
size_t kinds_member(const struct kinds *kinds, uint32_t process);

/* The subject: the process alone where it is one of one, else its program. */
void many_subject(struct finding *finding, const struct scene *scene, const struct many *many);

#endif
